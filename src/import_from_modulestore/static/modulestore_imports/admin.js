/* Pages of a step that runs load themselves again; one box ticks all others. */
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
    for (const all of document.querySelectorAll("[data-msi-all]")) {
        all.addEventListener("change", () => {
            for (const box of document.querySelectorAll(`input[name="${all.dataset.msiAll}"]`)) {
                box.checked = all.checked;
            }
        });
    }
});
