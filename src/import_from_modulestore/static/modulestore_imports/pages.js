/*
 * What pages do beyond what HTML and htmx do by themselves. Everything works without it, but folding and live progress.
 */
"use strict";

function tell(text) {
    document.getElementById("messages").textContent = text || "";
}

document.addEventListener("htmx:sendError", () => tell(document.documentElement.dataset.noAnswer));

/* A refusal of ours says where it goes. Any other error is a whole page, of Django or a proxy: it is put nowhere. */
document.addEventListener("htmx:beforeSwap", (event) => {
    const { isError, xhr } = event.detail;
    if (!isError || xhr.getResponseHeader("HX-Retarget")) return;
    event.detail.shouldSwap = false;
    tell(document.documentElement.dataset.otherAnswer);
});

document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
});

/* What is brought up to date again and again takes away neither a click that has begun nor the focus. */
const FOCUSABLE = "a[href], button, input, select, summary, textarea, [tabindex]";
let isPressed = false;
let focused = null;

document.addEventListener("pointerdown", () => { isPressed = true; }, true);
document.addEventListener("pointermove", (event) => { if (!event.buttons) isPressed = false; }, true);
for (const name of ["pointerup", "pointercancel"]) {
    document.addEventListener(name, () => setTimeout(() => { isPressed = false; }), true);  // After the click.
}

document.addEventListener("htmx:beforeSwap", (event) => {
    const { requestConfig, target } = event.detail;
    if (!requestConfig.elt.matches("[hx-trigger^=every]")) return;
    if (isPressed) event.detail.shouldSwap = false;  // The next one comes soon.
    const at = [...target.querySelectorAll(FOCUSABLE)].indexOf(document.activeElement);
    focused = at >= 0 && target.id ? { id: target.id, at, text: document.activeElement.textContent } : null;
});

document.addEventListener("htmx:afterSwap", () => {
    const found = focused && document.getElementById(focused.id)?.querySelectorAll(FOCUSABLE)[focused.at];
    if (found && found.textContent === focused.text) found.focus({ preventScroll: true });
    focused = null;
});

/* What has been unfolded over the page is folded again by a click beside it, and by Escape. */
const overlays = () => document.querySelectorAll("details:is(.menu, .keys)[open]");

document.addEventListener("click", (event) => {
    for (const overlay of overlays()) if (!overlay.contains(event.target)) overlay.open = false;
});

document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const overlay of overlays()) {
        const hadFocus = overlay.contains(document.activeElement);
        overlay.open = false;
        if (hadFocus) overlay.querySelector("summary").focus();
    }
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

/* Uploads: a file can be dropped on the form, is not sent where it is too large, and shows how much of it has come. */

document.addEventListener("dragover", (event) => {
    const form = event.target.closest("[data-upload]");
    if (!form || !event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    form.classList.add("over");
});

document.addEventListener("dragleave", (event) => {
    const form = event.target.closest("[data-upload]");
    if (form && !form.contains(event.relatedTarget)) form.classList.remove("over");
});

document.addEventListener("drop", (event) => {
    const form = event.target.closest("[data-upload]");
    if (!form || !event.dataTransfer.files.length) return;
    event.preventDefault();
    form.classList.remove("over");
    const input = form.querySelector("[type=file]");
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
    form.requestSubmit();
});

document.addEventListener("change", (event) => {
    const form = event.target.closest("[data-upload]");
    if (!form || event.target.type !== "file") return;
    const file = event.target.files[0];
    const isTooLarge = file && file.size > Number(form.dataset.limit);
    event.target.setCustomValidity(isTooLarge ? form.dataset.tooLarge : "");
});

document.addEventListener("htmx:beforeRequest", (event) => {
    const { told } = uploadOf(event);
    if (told) told.textContent = "";
});

document.addEventListener("htmx:xhr:progress", (event) => {
    const { form, bar, told } = uploadOf(event);
    if (!form || !event.detail.lengthComputable || event.detail.total < bar.max) return;
    bar.hidden = false;
    bar.max = event.detail.total;
    bar.value = event.detail.loaded;
    if (event.detail.loaded >= event.detail.total) told.textContent = form.dataset.checking;
});

document.addEventListener("htmx:afterRequest", (event) => {
    const { form, bar } = uploadOf(event);
    if (!form) return;
    bar.hidden = true;
    bar.max = 1;
});

function uploadOf(event) {
    const form = event.target.closest("[data-upload]");
    return form ? { form, bar: form.querySelector("progress"), told: form.querySelector("[role=status]") } : {};
}
