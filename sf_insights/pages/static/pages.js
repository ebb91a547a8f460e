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
