/*
 * What pages do beyond what HTML and htmx do by themselves. Everything works without it, but folding and live progress.
 */
"use strict";

document.addEventListener("htmx:sendError", () => {
    const place = document.getElementById("messages");
    place.textContent = document.documentElement.dataset.noAnswer || "";
});

document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
});
