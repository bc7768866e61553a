/*
 * The tree of the review by mouse and keyboard, after the tree pattern of the ARIA Authoring Practices Guide
 * (https://www.w3.org/WAI/ARIA/apg/patterns/treeview/): one row of it is in the order of tabs, and arrows lead to the
 * others. Without this, folding marks and menus are links, and everything else is a form.
 */
"use strict";

(() => {
    const WIDE = "(min-width: 64rem)";
    const AT_ONCE = 150;
    const PAUSE = 700;
    const review = document.querySelector(".review");
    const address = review.dataset.import;
    const menu = document.getElementById("menu");
    let typed = "";
    let typing = 0;
    let asking = 0;
    let waiting = 0;

    const tree = () => document.getElementById("tree");
    const items = () => [...tree().querySelectorAll("[role=treeitem]")].filter((item) => item.offsetParent !== null);
    const groupOf = (item) => document.getElementById(item.getAttribute("aria-owns") || "");
    const parentOf = (item) => item.closest("[role=group]")?.parentElement.querySelector("[role=treeitem]");
    const isOpen = (item) => item.getAttribute("aria-expanded") === "true";
    const isFolded = (item) => item.getAttribute("aria-expanded") === "false";
    const current = () => tree()?.querySelector("[role=treeitem][tabindex='0']");
    const level = (item) => Number(item.getAttribute("aria-level") || 1);

    function ready(within) {
        for (const inner of within.querySelectorAll("[role=treeitem] :is(a, button)")) inner.tabIndex = -1;
        for (const inner of within.querySelectorAll("[role=treeitem] :is(.fold, .check, .decide)")) {
            inner.setAttribute("aria-hidden", "true");
        }
        if (tree() && !current()) {
            const first = tree().querySelector("[role=treeitem]");
            if (first) first.tabIndex = 0;
        }
    }

    function stand(item, { focus = true } = {}) {
        for (const other of tree().querySelectorAll("[role=treeitem][tabindex='0']")) other.tabIndex = -1;
        item.tabIndex = 0;
        if (focus) {
            item.focus({ preventScroll: true });
            item.scrollIntoView({ block: "nearest" });
        }
    }

    // Requests

    /*
     * Of those of one element, htmx keeps but the last while one is under way, and says at once that it is done. So
     * each asks on behalf of what it is to change; and where all count, one follows another.
     */
    const ask = (verb, url, source, more) => htmx.ajax(verb, url, { source, target: source, swap: "innerHTML", ...more });

    function oneByOne() {
        let before = Promise.resolve();
        return (request) => {
            waiting += 1;
            review.dataset.waiting = waiting;
            before = before.then(request).catch(() => {}).finally(() => {
                waiting -= 1;
                if (waiting) review.dataset.waiting = waiting;
                else delete review.dataset.waiting;
            });
        };
    }

    // Folding

    const unfolding = new WeakMap();

    function unfold(item, { until } = {}) {
        const group = groupOf(item);
        if (group && !unfolding.has(group)) {
            unfolding.set(group, reveal(item, group, until).finally(() => unfolding.delete(group)));
        }
        return unfolding.get(group);
    }

    async function reveal(item, group, until) {
        const isThere = until === undefined || document.getElementById(`b${until}`);
        if (!group.firstElementChild || !isThere) {
            item.setAttribute("aria-busy", "true");
            const asked = new URLSearchParams({ of: item.dataset.key, level: level(item) + 1 });
            if (until !== undefined) asked.set("until", until);
            try {
                await ask("GET", `${address}under/?${asked}`, group);
            } finally {
                item = document.getElementById(item.id) || item;  // It may have come anew meanwhile.
                item.removeAttribute("aria-busy");
            }
            if (!group.firstElementChild) return;
        }
        group.hidden = false;
        item.setAttribute("aria-expanded", "true");
    }

    function fold(item) {
        groupOf(item).hidden = true;
        item.setAttribute("aria-expanded", "false");
        if (!items().includes(current())) stand(item);
    }

    async function more(item) {
        const place = item.parentElement;
        const before = place.previousElementSibling;
        await ask("GET", item.querySelector("a").href, place, { swap: "outerHTML" });
        const next = before?.nextElementSibling?.querySelector("[role=treeitem]");
        if (next) stand(next);
    }

    async function go(place) {
        for (const num of place.way) {
            const item = document.getElementById(`b${num}`);
            if (!item) break;
            const next = place.way[place.way.indexOf(num) + 1] ?? place.num;
            await unfold(item, { until: next });
        }
        const item = document.getElementById(`b${place.num}`);
        if (!item || tree().dataset.hits) {
            location.assign(`${address}?${new URLSearchParams({ at: place.key })}`);
            return;
        }
        stand(item);
        item.scrollIntoView({ block: "center" });
        if (matchMedia(WIDE).matches) look(item);
    }

    // The block beside the tree

    function look(item) {
        const link = item.querySelector("a.name");
        if (!link) return;
        if (!matchMedia(WIDE).matches || !link.getAttribute("href").startsWith(address.replace("review/", "blocks/"))) {
            location.assign(link.href);
            return;
        }
        for (const other of tree().querySelectorAll("[aria-current]")) other.removeAttribute("aria-current");
        item.setAttribute("aria-current", "true");
        const pane = document.getElementById("block");
        ask("GET", link.href, pane).then(() => pane.scrollTo(0, 0));
    }

    // Selecting and deciding

    const change = oneByOne();

    document.addEventListener("submit", (event) => {
        const form = event.target;
        if (!form.matches("[hx-post][hx-swap=none]")) return;
        event.preventDefault();
        event.stopPropagation();
        const values = new FormData(form, event.submitter);
        const url = form.getAttribute("hx-post");
        change(() => ask("POST", url, "#told", { swap: "none", values }));
        if (form !== menu) return;
        menu.hidePopover();
        current()?.focus({ preventScroll: true });
    }, true);

    function foretell(item) {
        const checked = item.getAttribute("aria-checked") === "true" ? "false" : "true";
        for (const each of [item, ...(groupOf(item)?.querySelectorAll("[role=treeitem][aria-checked]") || [])]) {
            each.setAttribute("aria-checked", checked);
        }
    }

    function toggle(item) {
        item.querySelector(".check, .toggle")?.click();
    }

    function decide(item) {
        const opener = item.querySelector("[data-menu]");
        if (!opener) return;
        menu.elements.key.value = item.dataset.key;
        document.getElementById("menu-name").textContent = item.querySelector(".name").textContent;
        for (const part of menu.querySelectorAll("[data-for=decide], [data-for=contents]")) {
            part.hidden = part.dataset.for !== opener.dataset.menu;
        }
        const holds = item.hasAttribute("aria-expanded") || Boolean(tree().dataset.hits);
        menu.querySelector("[data-for=holds]").hidden = !holds;
        menu.elements.below.checked = item.hasAttribute("aria-expanded");
        menu.showPopover();
        const at = opener.getBoundingClientRect();
        menu.style.top = `${Math.max(8, Math.min(at.bottom, innerHeight - menu.offsetHeight - 8))}px`;
        menu.style.left = `${Math.max(8, Math.min(at.right - menu.offsetWidth, innerWidth - menu.offsetWidth - 8))}px`;
        menu.querySelector("[role=group]:not([hidden]) button").focus();
    }

    menu.addEventListener("keydown", (event) => {
        const choices = [...menu.querySelectorAll("[role=group]:not([hidden]) button")];
        const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (!step) return;
        event.preventDefault();
        choices.at((choices.indexOf(document.activeElement) + step) % choices.length).focus();
    });

    menu.addEventListener("toggle", (event) => {
        if (event.newState === "closed" && (document.activeElement === document.body || menu.contains(document.activeElement))) {
            current()?.focus({ preventScroll: true });
        }
    });

    const step = oneByOne();
    let going = null;

    function next(way) {
        step(async () => {
            const from = current();
            const asked = new URLSearchParams();
            if (from?.dataset.key && from.dataset.key !== "gone") asked.set(way, from.dataset.key);
            await ask("GET", `${address}conflict/?${asked}`, review, { swap: "none" });
            await going;
        });
    }

    // What is there is brought up to date

    const update = oneByOne();

    function refresh() {
        asking += 1;
        const mine = asking;
        update(() => bringUpToDate(mine));
    }

    async function bringUpToDate(mine) {
        if (!tree()) return;
        const seen = (item) => {
            const at = item.getBoundingClientRect();
            return at.bottom > 0 && at.top < innerHeight ? 0 : 1;
        };
        const rows = [...tree().querySelectorAll("[role=treeitem][id^=b][aria-checked]")];
        const nums = rows.sort((one, other) => seen(one) - seen(other)).map((row) => row.id.slice(1));
        const gone = tree().querySelector("[role=treeitem][id^=x]") ? { gone: "1" } : {};
        const hits = tree().dataset.hits ? { paths: "1" } : {};
        for (let first = 0; first === 0 || first < nums.length; first += AT_ONCE) {
            if (asking !== mine) return;
            const values = { num: nums.slice(first, first + AT_ONCE), staged: review.dataset.staged, ...hits, ...gone };
            await ask("POST", `${address}rows/`, "#rows", { values });
        }
    }

    function put(rows) {
        for (const row of rows) {
            const old = document.getElementById(row.id);
            if (!old || !tree().contains(old)) continue;
            for (const { name, value } of old.attributes) {
                if (/^aria-(level|posinset|setsize|expanded|owns|current|busy)$|^tabindex$/.test(name)) row.setAttribute(name, value);
            }
            const hadFocus = old.contains(document.activeElement);
            old.replaceWith(row);
            ready(row.parentElement);
            if (hadFocus) row.focus({ preventScroll: true });
        }
    }

    document.body.addEventListener("plan-changed", refresh);
    document.body.addEventListener("go-to-block", (event) => { going = go(event.detail); });
    document.body.addEventListener("htmx:afterSettle", (event) => {
        const place = document.getElementById("rows");
        const made = place.querySelector("template");
        if (made) {
            put([...made.content.querySelectorAll("[role=treeitem]")]);
            place.textContent = "";
        }
        ready(document);
        arrive();
    });

    // Mouse

    document.addEventListener("click", (event) => {
        const item = event.target.closest("#tree [role=treeitem]");
        const step = event.target.closest("[data-conflict]");
        if (step) {
            event.preventDefault();
            next(step.dataset.conflict);
        }
        if (!item || event.ctrlKey || event.metaKey || event.shiftKey) return;
        stand(item, { focus: !event.target.closest("button, .decide") });
        if (event.target.closest("a.fold")) {
            event.preventDefault();
            if (isOpen(item)) fold(item);
            else unfold(item);
        } else if (event.target.closest("a.more-link")) {
            event.preventDefault();
            more(item);
        } else if (event.target.closest("[data-menu]")) {
            event.preventDefault();
            decide(item);
        } else if (event.target.closest(".check")) {
            foretell(item);
        } else if (event.target.closest("a.name")) {
            event.preventDefault();
            look(item);
        }
    });

    // Keyboard

    async function press(event, item) {
        const all = items();
        const at = all.indexOf(item);
        switch (alongTheLine(event.key)) {
            case "ArrowDown":
                if (all[at + 1]) stand(all[at + 1]);
                break;
            case "ArrowUp":
                if (all[at - 1]) stand(all[at - 1]);
                break;
            case "Home":
                stand(all[0]);
                break;
            case "End":
                stand(all.at(-1));
                break;
            case "ArrowRight":
                if (isFolded(item)) await unfold(item);
                else if (isOpen(item) && all[at + 1] && level(all[at + 1]) > level(item)) stand(all[at + 1]);
                break;
            case "ArrowLeft":
                if (isOpen(item)) fold(item);
                else if (parentOf(item)) stand(parentOf(item));
                break;
            case "Enter":
                if (item.classList.contains("more")) await more(item);
                else look(item);
                break;
            case " ":
                toggle(item);
                break;
            case "*":
                for (const each of all) {
                    if (isFolded(each) && each.parentElement.parentElement === item.parentElement.parentElement) await unfold(each);
                }
                break;
            case "ContextMenu":
                decide(item);
                break;
            case "F10":
                if (!event.shiftKey) return;
                decide(item);
                break;
            default:
                return;
        }
    }

    /* Where one writes from right to left, what a block holds is to its left. */
    function alongTheLine(key) {
        if (document.documentElement.dir !== "rtl") return key;
        return { ArrowRight: "ArrowLeft", ArrowLeft: "ArrowRight" }[key] || key;
    }

    const KEYS = new Set(["ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight", "Home", "End", "Enter", " ", "*", "ContextMenu"]);

    function type(letter, item) {
        clearTimeout(typing);
        typing = setTimeout(() => (typed = ""), PAUSE);
        typed += letter.toLowerCase();
        const all = items();
        const from = all.indexOf(item) + (typed.length === 1 ? 1 : 0);
        const names = [...all.slice(from), ...all.slice(0, from)];
        const found = names.find((each) => each.querySelector(".name")?.textContent.trim().toLowerCase().startsWith(typed));
        if (found) stand(found);
    }

    document.addEventListener("keydown", (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        const item = event.target.closest("#tree [role=treeitem]");
        if (item && event.target === item && (KEYS.has(event.key) || (event.key === "F10" && event.shiftKey))) {
            event.preventDefault();
            typed = "";
            press(event, item);
            return;
        }
        if (event.target.closest("input, select, textarea, [contenteditable], #menu")) return;
        if (!typed && (event.key === "n" || event.key === "p") && event.target.closest(".review, .review-bar, body")) {
            event.preventDefault();
            next(event.key === "n" ? "after" : "before");
        } else if (item && event.target === item && event.key.length === 1) {
            event.preventDefault();
            type(event.key, item);
        }
    });

    function arrive() {
        const at = tree()?.dataset.at;
        if (!at) return;
        delete tree().dataset.at;
        const item = [...tree().querySelectorAll("[role=treeitem]")].find((each) => each.dataset.key === at);
        if (!item) return;
        stand(item);
        item.scrollIntoView({ block: "center" });
        if (matchMedia(WIDE).matches) look(item);
    }

    ready(document);
    arrive();
})();
