// Shows progress live. Every page works without scripts.
"use strict";

const progress = document.querySelector("[data-progress]");

if (progress) {
  const look = async () => {
    try {
      const answer = await fetch(progress.dataset.progress);
      const text = await answer.text();
      if (text !== progress.dataset.last) {
        progress.innerHTML = text;
        progress.dataset.last = text;
      }
      if (progress.querySelector("[data-ended]")) {
        location.reload();
        return;
      }
    } catch {
      // the server may be stopping; try again
    }
    setTimeout(look, 1000);
  };
  setTimeout(look, 1000);
}

const publication = document.querySelector("[data-publication]");

if (publication) {
  // Say how it ended without reloading the page, which would lose unsaved inputs.
  const ask = async () => {
    try {
      const text = await (await fetch(publication.dataset.publication)).text();
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
