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

/* Numbers beside the lines of what is edited; the one at fault is marked. */
function numberLines(frame) {
    const text = frame.querySelector("textarea");
    let numbers = frame.querySelector(".numbers");
    if (!numbers) {
        numbers = document.createElement("div");
        numbers.className = "numbers";
        numbers.setAttribute("aria-hidden", "true");
        frame.prepend(numbers);
        text.addEventListener("input", () => numberLines(frame));
        text.addEventListener("scroll", () => { numbers.scrollTop = text.scrollTop; });
        new ResizeObserver(() => { numbers.style.height = `${text.offsetHeight}px`; }).observe(text);
    }
    const fault = Number(frame.dataset.fault);
    numbers.replaceChildren();
    text.value.split("\n").forEach((_line, index) => {
        const number = document.createElement("span");
        number.textContent = index + 1;
        if (index + 1 === fault) number.className = "at-fault";
        numbers.append(number, "\n");
    });
    numbers.scrollTop = text.scrollTop;
}

function prepare(root) {
    root.querySelectorAll("[data-lines]").forEach(numberLines);
    const checked = root.matches?.("#block-olx-check") ? root : root.querySelector?.("#block-olx-check");
    const frame = document.querySelector("[data-lines]");
    if (checked && frame) {
        frame.dataset.fault = checked.dataset.line || "";
        frame.querySelector("textarea").setAttribute("aria-invalid", String(checked.classList.contains("errors")));
        numberLines(frame);
    }
}

document.addEventListener("DOMContentLoaded", () => prepare(document));
document.addEventListener("htmx:load", (event) => prepare(event.detail.elt));
