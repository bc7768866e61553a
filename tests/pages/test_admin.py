"""The admin in a real browser: everything can be seen, read and heard, on a wide screen and on a narrow one."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from .conftest import Site

pytestmark = pytest.mark.slow

ADMIN = "/admin/modulestore_imports/"
COURSE, LIBRARY = "course-v1:Acme+Tides+2026", "lib:Acme:Tides"


@pytest.fixture
def addresses(site: Site) -> list[str]:
    """Every page, on an import that is completed and one that is staged."""
    site.manage("import_from_modulestore", "run", COURSE, LIBRARY, "--create", "--branch", "published")
    site.manage("import_from_modulestore", "stage", COURSE, LIBRARY, "--branch", "draft")
    site.manage("import_from_modulestore", "leave-out", "last", "unit/review")
    pages = ["import/", "import/1/change/", "import/2/change/", "import/add/", "import/do/undo/?ids=1"]
    pages += ["import/do/complete/?ids=2", "import/2/blocks/", "importrecord/", "importrecord/5/change/", "reversal/"]
    return ["/admin/", ADMIN, *(ADMIN + page for page in pages)]


def test_has_nothing_that_axe_finds_fault_with(site: Site, addresses):
    found = []
    for scheme in ("light", "dark"):
        site.page.emulate_media(color_scheme=scheme)
        for address in addresses:
            site.go(address)
            faults = Axe().run(site.page).response["violations"]
            found += [f"{address} {scheme}: {each['id']} {each['nodes'][0]['target']}" for each in faults]
    assert found == []


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


def test_tells_how_deep_a_block_stands(site: Site, addresses):
    site.go(f"{ADMIN}import/2/blocks/")
    rows = site.page.locator("#result_list").get_by_role("rowheader")
    assert rows.nth(0).inner_text().startswith("Level 1:")
    assert rows.nth(2).inner_text().startswith("Level 3:")


def test_begins_with_what_it_is(site: Site):
    for address in ("/admin/", ADMIN):
        site.go(address)
        assert "Brings Open edX courses and legacy libraries into content libraries." in site.page.inner_text("main")
        assert site.page.get_by_role("link", name="pages of their own").get_attribute("href") == "/"
