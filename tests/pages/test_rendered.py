"""Blocks as learners see them, in a real browser: in a frame of no origin that runs nothing and asks nobody else."""

from __future__ import annotations

from html import escape
from urllib.parse import quote

import pytest
from playwright.sync_api import FrameLocator

from ..rendering.test_hostile import ATTACKS
from .browsers import COMMAND, LIBRARY, SOURCE
from .conftest import Site

pytestmark = pytest.mark.slow

PREFIX = "block-v1:Acme+Tides+2026+type@"
SHOW = """source => new Promise(done => {
    const frame = document.createElement('iframe');
    frame.setAttribute('sandbox', '');
    frame.title = 'Rendered';
    frame.width = 800;
    frame.height = 900;
    frame.onload = done;
    frame.src = source;
    document.querySelector('main').replaceChildren(frame);
})"""


def show(site: Site, import_id: str, block: str, side: str = "block") -> FrameLocator:
    """The frame with a block, on a page of ours."""
    site.page.evaluate(SHOW, f"/imports/{import_id}/blocks/{quote(PREFIX + block)}/rendered/?side={side}")
    return site.page.frame_locator("iframe")


def test_images_are_seen_and_attacks_ask_for_nothing(site: Site, tmp_path):
    answers: dict[str, str] = {}
    site.page.on("response", lambda answer: answers.update({answer.url: answer.headers.get("content-type", "")}))
    site.manage(COMMAND, "stage", SOURCE, LIBRARY, "--create")
    olx = tmp_path / "attack.xml"
    # Those last that take what follows them for their own.
    greedy = ("<math", "<xmp", "<!--", "<template", "<noscript", "<video")
    attacks = "".join(sorted(ATTACKS, key=lambda attack: any(tag in attack for tag in greedy)))
    attacks = attacks.replace("a.png", "two_bulges.svg")
    olx.write_text(f'<html url_name="welcome" display_name="Attack">{escape(attacks, quote=False)}</html>')
    assert site.manage(COMMAND, "edit", "last", "welcome", "--olx", str(olx))
    site.go("/imports/")
    run = (site.page.locator("main a[href^='/imports/']").first.get_attribute("href") or "").split("/")[2]

    show(site, run, "html+block@two_bulges").get_by_role("img").wait_for()
    files = f"{site.address}/files/"
    assert [kind for url, kind in answers.items() if url.startswith(files)] == ["image/svg+xml"]
    show(site, run, "problem+block@when_are_springs").get_by_text("Right answer").first.wait_for()

    for side in ("block", "comparison"):
        show(site, run, "html+block@welcome", side).get_by_text("loose").first.wait_for()
    site.page.wait_for_load_state("networkidle")
    assert [url for url in answers if not url.startswith(site.address)] == []
    assert site.page.url == f"{site.address}/imports/"
