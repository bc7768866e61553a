"""The page about one staged block."""

from __future__ import annotations

from ..builders import usage_key
from .conftest import dom, page_url, text_of


def test_a_block_is_a_page_and_a_part_beside_the_tree(author, course, stage):
    url = page_url("block", stage(), usage_key("html", "t1"))
    page = author.get(url)
    assert dom(page).xpath("string(//h1)") == "Text t1"
    assert "Create" in text_of(page)
    part = author.get(url, htmx=True)
    assert b"<main" not in part.content
    assert "Text t1" in text_of(part)


def test_a_block_that_is_not_staged_is_not_there(author, course, stage):
    assert author.get(page_url("block", stage(), usage_key("html", "odd"))).status_code == 404
