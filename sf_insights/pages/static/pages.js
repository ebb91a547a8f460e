// Shows progress live. Every page works without scripts.
"use strict";

// Replaces what changed inside a place, so that opened details stay open.
const show = (place, text) => {
  const parts = document.createElement("template");
  parts.innerHTML = text;
  const open = [...place.querySelectorAll("details[open] > summary")].map((one) => one.dataset.key);
  for (const summary of parts.content.querySelectorAll("summary[data-key]")) {
    summary.parentElement.open ||= open.includes(summary.dataset.key);
  }
  const [before, after] = [[...place.children], [...parts.content.children]];
  if (before.length !== after.length) {
    place.replaceChildren(...after);
    return;
  }
  before.forEach((element, i) => {
    if (element.outerHTML !== after[i].outerHTML) element.replaceWith(after[i]);
  });
};

// Asks for a part of the page until it has ended. A place that is watched on a form's page stays without a reload.
const watch = (place, {address, stays, ended}) => {
  const announcer = document.querySelector(`[data-announces="${place.id}"]`);
  const look = async () => {
    try {
      const answer = await fetch(address);
      if (!answer.ok) {
        if (stays) ended(`The pages do not answer as expected. Sign in again in another tab, then try again.`);
        else location.reload();
        return;
      }
      show(place, await answer.text());
      const headline = place.querySelector("[data-headline]")?.textContent ?? "";
      if (announcer && announcer.textContent !== headline) announcer.textContent = headline;
      if (place.querySelector("[data-ended]")) {
        if (stays) ended();
        else location.reload();
        return;
      }
    } catch {
      // the server may be stopping; try again
    }
    setTimeout(look, 1000);
  };
  setTimeout(look, stays ? 200 : 1000);
};

const progress = document.querySelector("[data-progress]");
const starter = document.querySelector("form[data-starts]");

if (progress && !starter) watch(progress, {address: progress.dataset.progress});

// A test that starts and ends without leaving the page, which would lose unsaved inputs.
if (starter) {
  const place = document.getElementById(starter.dataset.starts);
  const button = starter.querySelector("button");
  const ended = (trouble) => {
    delete place.dataset.progress;
    button.disabled = false;
    if (trouble) place.textContent = trouble;
  };
  const follow = () => {
    button.disabled = true;
    place.dataset.progress = place.dataset.address;
    watch(place, {address: place.dataset.address, stays: true, ended});
  };
  starter.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    try {
      // The answer leads to the page itself, which is open already.
      const answer = await fetch(starter.action, {
        method: "POST", body: new URLSearchParams(new FormData(starter)), redirect: "manual",
      });
      if (answer.type !== "opaqueredirect") throw new Error("refused");
      place.replaceChildren();
      follow();
    } catch {
      ended("The test could not be started. Sign in again in another tab, then try again.");
    }
  });
  if (progress) follow();
}

const publication = document.querySelector("[data-publication]");

if (publication) {
  // Say how it ended without reloading the page, which would lose unsaved inputs.
  const ask = async () => {
    try {
      const answer = await fetch(publication.dataset.publication);
      const text = answer.ok ? await answer.text() : "Sign in again in another tab to see how the publication ended.";
      if (text) {
        publication.textContent = text;
        document.querySelector(".running")?.remove();
        return;
      }
    } catch {
      // the server may be stopping; try again
    }
    setTimeout(ask, 1000);
  };
  setTimeout(ask, 1000);
}

// On a narrow screen the row of pages scrolls: begin at the present one.
const row = document.querySelector(".top nav"), here = row?.querySelector("[aria-current]");
if (here) row.scrollLeft = here.offsetLeft - row.offsetLeft - 40;
