// The field picker: filters and sorts without reloading, selects all that is shown, and keeps unsaved choices.
"use strict";

const [ofOrg] = location.pathname.match(/^\/orgs\/[^/]+/) ?? [""];
const KEPT = `sf-insights unsaved selection${ofOrg}`;
const form = document.querySelector("form[data-selection]");

// The review page: discarding forgets the choices.
document.querySelector("[data-forget]")?.addEventListener("click", () => sessionStorage.removeItem(KEPT));

if (form) {
  const part = (name) => document.querySelector(`[data-${name}]`);
  const body = form.querySelector("tbody");
  const rows = [...body.rows];
  const boxOf = (row) => row.querySelector("input[type=checkbox]");
  const choiceOf = (row) => row.querySelector("select");
  const [search, type, show, sort] = ["q", "type", "selected", "sort"].map((id) => document.getElementById(id));
  const every = part("every");

  for (const element of document.querySelectorAll("[data-without-script]")) element.hidden = true;
  for (const element of document.querySelectorAll("[data-with-script]")) element.hidden = false;

  // What each row was when the page was made, to find the unsaved choices.
  const wasChecked = (row) => boxOf(row).hasAttribute("data-was");
  const changeOf = (row) => {
    const box = boxOf(row), choice = choiceOf(row);
    if (!box) return null;
    const moved = box.checked && choice?.dataset.was && choice.dataset.was !== choice.value;
    return box.checked !== wasChecked(row) || moved ? {checked: box.checked, as: choice?.value} : null;
  };
  const changes = () => Object.fromEntries(
    rows.map((row) => [row.dataset.name, changeOf(row)]).filter(([, change]) => change));

  const matches = (row) => {
    const text = search.value.trim().toLowerCase(), box = boxOf(row);
    return row.dataset.text.includes(text) && (!type.value || row.dataset.type === type.value) && (
      !show.value || (show.value === "yes" && box?.checked) || (show.value === "no" && box && !box.checked) ||
      (show.value === "cannot" && row.dataset.can === "no"));
  };
  const narrow = () => {
    let shown = 0;
    for (const row of rows) {
      row.hidden = !matches(row);
      shown += row.hidden ? 0 : 1;
    }
    part("count").textContent = `${shown} of ${rows.length} ${rows.length === 1 ? "field" : "fields"}`;
    part("empty").hidden = shown > 0;
    form.querySelector("table").hidden = shown === 0;
    tally();
  };

  const selectable = () => rows.filter((row) => !row.hidden && row.dataset.can === "yes" && boxOf(row));
  const tally = () => {
    const changed = changes(), count = Object.keys(changed).length;
    for (const row of rows) {
      row.classList.toggle("chosen", Boolean(boxOf(row)?.checked));
      row.classList.toggle("changed", row.dataset.name in changed);
    }
    const chosen = rows.filter((row) => boxOf(row)?.checked).length;
    if (part("changes")) {
      part("changes").textContent = `${chosen} selected, ${count || "no"} change${count === 1 ? "" : "s"} to save.`;
    }
    const discard = form.querySelector("[data-if-changed]");
    if (discard) discard.hidden = count === 0;
    if (every) {
      const open = selectable(), ticked = open.filter((row) => boxOf(row).checked).length;
      every.checked = open.length > 0 && ticked === open.length;
      every.indeterminate = ticked > 0 && ticked < open.length;
      every.disabled = open.length === 0;
      part("every-text").textContent = every.checked ? `Deselect all ${open.length} that are shown` :
        `Select all ${open.length} that are shown`;
    }
    return changed;
  };
  const keep = () => {
    const changed = tally();
    if (Object.keys(changed).length) sessionStorage.setItem(KEPT, JSON.stringify(changed));
    else sessionStorage.removeItem(KEPT);
  };

  const restore = () => {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) || "{}");
    const before = changes();
    let back = 0;
    for (const row of rows) {
      const change = kept[row.dataset.name], box = boxOf(row);
      if (!change || !box || box.disabled) continue;
      box.checked = change.checked;
      if (change.as && choiceOf(row)) choiceOf(row).value = change.as;
      back += changeOf(row) && !(row.dataset.name in before) ? 1 : 0;
    }
    if (back) {
      part("restored").hidden = false;
      part("restored").querySelector("span").textContent =
        `${back} ${back === 1 ? "field was" : "fields were"} changed and not saved yet.`;
    }
  };
  const discard = () => {
    for (const row of rows) {
      const box = boxOf(row), choice = choiceOf(row);
      if (!box) continue;
      box.checked = wasChecked(row);
      if (choice) choice.value = choice.dataset.was || "attribute";
    }
    part("restored").hidden = true;
    keep();
  };

  const COLUMNS = ["selected", "field", "type", "filled", "values", "becomes", "status"];
  const keyOf = (row, column) => {
    const cell = row.cells[Math.min(COLUMNS.indexOf(column), row.cells.length - 1)];
    // A field that cannot be synced has one cell for the last two columns.
    if (column === "status" && "status" in cell.dataset) return cell.dataset.status;
    return ["selected", "filled"].includes(column) ? Number(cell.dataset.key) : cell.dataset.key;
  };
  const order = (wanted) => {
    const column = wanted.replace(/-down$/, ""), sign = wanted.endsWith("-down") ? -1 : 1;
    const compare = (a, b, name) => {
      const [x, y] = [keyOf(a, name), keyOf(b, name)];
      return x < y ? -1 : x > y ? 1 : 0;
    };
    rows.sort((a, b) => sign * compare(a, b, column) || compare(a, b, "field"));
    body.append(...rows);
    for (const button of form.querySelectorAll("button.sort")) {
      const heading = button.closest("th"), isIt = button.dataset.column === column;
      if (isIt) heading.setAttribute("aria-sort", sign < 0 ? "descending" : "ascending");
      else heading.removeAttribute("aria-sort");
      button.value = isIt && sign > 0 ? `${column}-down` : button.dataset.column;
    }
    if ([...sort.options].some((option) => option.value === wanted)) sort.value = wanted;
  };

  let isLeaving = false;
  form.addEventListener("submit", (event) => {
    const by = event.submitter;
    if (by?.matches("button.sort")) {
      event.preventDefault();
      order(by.value);
    } else if (by?.matches("[data-without-script]")) {
      event.preventDefault(); // Enter in the search field
      narrow();
    }
  });
  for (const control of [search, type, show]) control.addEventListener("input", narrow);
  sort.addEventListener("input", () => order(sort.value));
  part("clear")?.addEventListener("click", (event) => {
    event.preventDefault();
    [search.value, type.value, show.value] = ["", "", ""];
    narrow();
    search.focus();
  });
  every?.addEventListener("change", () => {
    for (const row of selectable()) boxOf(row).checked = every.checked;
    keep();
  });
  form.addEventListener("change", (event) => {
    // Choosing what a field becomes also selects it.
    if (event.target.matches("tbody select")) boxOf(event.target.closest("tr")).checked = true;
    keep();
  });
  for (const button of document.querySelectorAll("[data-discard]")) button.addEventListener("click", discard);

  // Links and buttons of these pages lose nothing: the choices come back. Closing the tab would lose them.
  document.addEventListener("click", (event) => {
    if (event.target.closest("a[href]")) isLeaving = true;
  });
  document.addEventListener("submit", (event) => { isLeaving ||= !event.defaultPrevented; });
  window.addEventListener("beforeunload", (event) => {
    if (!isLeaving && Object.keys(changes()).length) event.preventDefault();
  });
  window.addEventListener("pageshow", () => { isLeaving = false; });

  if (part("saved")) sessionStorage.removeItem(KEPT);
  restore();
  keep();
  narrow();
}
