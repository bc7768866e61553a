/* Pages of a step that runs load themselves again; one box ticks all others; cells of lists know their columns. */
"use strict";
document.addEventListener("DOMContentLoaded", () => {
    const running = document.querySelector("[data-msi-refresh]");
    if (running) {
        setTimeout(() => location.reload(), Number(running.dataset.msiRefresh) * 1000);
    } else if (document.querySelector("#changelist progress")) {
        setTimeout(() => {
            if (!document.querySelector("input.action-select:checked") && document.activeElement.tagName !== "INPUT") {
                location.reload();
            }
        }, 5000);
    }
    for (const table of document.querySelectorAll("#result_list")) {
        const names = [...table.querySelectorAll("thead th")].map(
            (head) => (head.querySelector(".text") || head).textContent.trim());
        // A row that is laid out as a card is still one of a table to those who hear it.
        table.setAttribute("role", "table");
        for (const body of table.tBodies) { body.setAttribute("role", "rowgroup"); }
        for (const row of table.querySelectorAll("tbody tr")) {
            row.setAttribute("role", "row");
            [...row.cells].forEach((cell, at) => {
                cell.setAttribute("role", cell.tagName === "TH" ? "rowheader" : "cell");
                cell.dataset.msiLabel = cell.colSpan === 1 && cell.tagName !== "TH" ? names[at] || "" : "";
            });
        }
        table.classList.add("msi-labelled");
    }
    const search = document.querySelector("#searchbar");
    if (search) {  // Django names it by a picture.
        search.setAttribute("aria-label", search.form.querySelector("[type=submit]").value);
    }
    for (const all of document.querySelectorAll("[data-msi-all]")) {
        all.addEventListener("change", () => {
            for (const box of document.querySelectorAll(`input[name="${all.dataset.msiAll}"]`)) {
                box.checked = all.checked;
            }
        });
    }
});
