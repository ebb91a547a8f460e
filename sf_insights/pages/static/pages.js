// Filters without reloading, counts changes and shows progress live. Every page works without scripts.
"use strict";

const filter = document.querySelector("form.filter");
const selection = document.querySelector("form[data-selection]");

if (filter && selection) {
  const rows = [...selection.querySelectorAll("tbody tr[data-text]")];
  const shows = (row, text, type, selected) => {
    const box = row.querySelector("input[type=checkbox]");
    return row.dataset.text.includes(text) && (!type || row.dataset.type === type) && (
      !selected || (selected === "yes" && box?.checked) || (selected === "no" && box && !box.checked) ||
      (selected === "cannot" && row.dataset.can === "no"));
  };
  const narrow = () => {
    const text = filter.q.value.trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      row.hidden = !shows(row, text, filter.type.value, filter.selected.value);
      shown += row.hidden ? 0 : 1;
    }
    filter.querySelector("[data-count]").textContent = `${shown} of ${rows.length} fields`;
  };
  const isWhole = !location.search || location.search === "?saved";
  if (isWhole) {
    filter.addEventListener("input", narrow);
    filter.addEventListener("submit", (event) => { event.preventDefault(); narrow(); });
    filter.querySelector("[data-without-script]").hidden = true;
    narrow(); // on going back, the browser restores the typed text
  }

  const count = () => {
    const boxes = [...selection.querySelectorAll("input[type=checkbox]")];
    let changes = 0;
    for (const box of boxes) {
      const row = box.closest("tr");
      const choice = row.querySelector("select");
      row.classList.toggle("chosen", box.checked);
      const moved = box.checked && choice && choice.dataset.was && choice.dataset.was !== choice.value;
      const changed = box.checked !== box.hasAttribute("data-was") || moved;
      row.classList.toggle("changed", Boolean(changed));
      changes += changed ? 1 : 0;
    }
    const chosen = boxes.filter((box) => box.checked).length;
    selection.querySelector("[data-changes]").textContent =
      `${isWhole ? `${chosen} selected, ${changes || "no"}` : changes || "No"} change${changes === 1 ? "" : "s"} to save.`;
  };
  selection.addEventListener("change", count);
  selection.addEventListener("change", (event) => {
    // Choosing what a field becomes also selects it.
    if (event.target.matches("select")) {
      event.target.closest("tr").querySelector("input[type=checkbox]").checked = true;
      count();
    }
  });
  count();
}

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
