"use strict";
// Each column head of a sortable table becomes a button: click or press it to sort the body rows.
// Numbers sort by their data-sort, text by its letters; rows without a number stay last.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  if (body.rows.length < 2) continue;
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const direction = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      const numeric = [...body.rows].some((row) => row.cells[column].dataset.sort !== undefined);
      const key = (row) => {
        const cell = row.cells[column];
        if (!numeric) return cell.textContent.trim();
        return cell.dataset.sort === undefined ? null : Number(cell.dataset.sort);
      };
      const order = (a, b) => {
        const [left, right] = [key(a), key(b)];
        if (left === null || right === null) return (left === null) - (right === null);
        return direction * (numeric ? left - right : left.localeCompare(right));
      };
      body.append(...[...body.rows].sort(order));
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", direction === 1 ? "ascending" : "descending");
      document.getElementById("status").textContent =
        `Sorted by ${button.textContent}, ${head.getAttribute("aria-sort")}`;
    });
  });
}
