"""
The admin in a real browser: everything can be seen, read and heard, on a wide screen and on a narrow one.

All look at one site and change nothing there; how wide the window is, is changed last.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ..processes import Project
from .browsers import COMMAND, LIBRARY, SOURCE
from .conftest import Site, site_of

pytestmark = pytest.mark.slow

ADMIN = "/admin/modulestore_imports/"


@pytest.fixture(scope="module")
def site(tmp_path_factory, _migrated) -> Iterator[Site]:
    """A site with an import that is completed, and one that is staged."""
    with site_of(Project(tmp_path_factory.mktemp("admin")).with_database(_migrated)) as site:
        site.manage(COMMAND, "run", SOURCE, LIBRARY, "--create", "--branch", "published")
        site.manage(COMMAND, "stage", SOURCE, LIBRARY, "--branch", "draft")
        site.manage(COMMAND, "leave-out", "last", "unit/review")
        yield site


@pytest.fixture
def addresses() -> list[str]:
    """Every page, on the import that is completed and the one that is staged."""
    pages = ["import/", "import/1/change/", "import/2/change/", "import/add/", "import/do/undo/?ids=1"]
    pages += ["import/do/complete/?ids=2", "import/2/blocks/", "importrecord/", "importrecord/5/change/", "reversal/"]
    return ["/admin/", ADMIN, *(ADMIN + page for page in pages)]


def test_has_nothing_that_axe_finds_fault_with(site: Site, addresses):
    found = []
    for scheme in ("light", "dark"):
        site.page.emulate_media(color_scheme=scheme)  # Before a page is there: its links change colour slowly.
        for address in addresses:
            site.go(address)
            found += [f"{address} {fault}" for fault in site.violations(scheme)]
    assert found == []


def test_tells_how_deep_a_block_stands(site: Site):
    site.go(f"{ADMIN}import/2/blocks/")
    rows = site.page.locator("#result_list").get_by_role("rowheader")
    assert rows.nth(0).inner_text().startswith("Level 1:")
    assert rows.nth(2).inner_text().startswith("Level 3:")


def test_begins_with_what_it_is(site: Site):
    for address in ("/admin/", ADMIN):
        site.go(address)
        assert "Brings Open edX courses and legacy libraries into content libraries." in site.page.inner_text("main")
        assert site.page.get_by_role("link", name="pages of their own").get_attribute("href") == "/"


@pytest.mark.parametrize("width", [1280, 400])
def test_has_nothing_out_of_sight(site: Site, addresses, width):
    site.page.set_viewport_size({"width": width, "height": 900})
    found = []
    for address in addresses:
        site.go(address)
        page = site.page.evaluate("document.documentElement.scrollWidth")
        lists = site.page.evaluate(
            "Math.max(0, ...[...document.querySelectorAll('.results')].map(e => e.scrollWidth - e.clientWidth))"
        )
        if page > width or lists:
            found.append((address, page, lists))
    assert found == []
