"""docs/how-to/admin.md and the style sheet speak of what there is on the pages."""

import html
import re
from pathlib import Path

import pytest
from django.contrib.admin import site
from django.contrib.staticfiles import finders
from django.urls import reverse

from import_from_modulestore.models import Import, ImportRecord

from ..builders import usage_key
from .conftest import url

GUIDE = (Path(__file__).parents[2] / "docs" / "how-to" / "admin.md").read_text()


@pytest.mark.at_gate
def test_the_guide_names_pages_and_buttons_as_they_are(pages, start):
    seen = []

    def look(address: str) -> None:
        seen.append(html.unescape(pages.get(address).content.decode()))

    run = start()
    block = url("import", "block", run.pk, usage_key("vertical", "u1"))
    pages.post(block, do="edit", title="Hello")
    for address in (
        reverse("admin:index"),
        url("batch"),
        url("batch", "add"),
        url("import"),
        url("import", "blocks", run.pk),
        block,
    ):
        look(address)
    look(url("import", "change", run.pk))
    look(url("import", "gone", run.pk))
    pages.do("complete", run)
    look(url("import", "change", run.pk))
    look(url("importrecord", "change", ImportRecord.objects.get(usage_key=usage_key("html", "t1")).pk))
    look(url("importrecord"))
    pages.do("undo", run)
    look(url("import", "change", run.pk))
    for state in ("undoing", "redoing", "import_failed"):
        Import.objects.update(state=state)
        look(url("import", "change", run.pk))

    named = {" ".join(name.split()) for name in re.findall(r"\*\*(.*?)\*\*", GUIDE, re.DOTALL)}
    assert len(named) > 20
    assert {name for name in named if not any(name in page for page in seen)} == set()


def test_the_style_sheet_names_columns_that_lists_have():
    named = set(re.findall(r"\.field-(\w+)", Path(finders.find("modulestore_imports/admin.css")).read_text()))
    columns = {column for _model, page in site._registry.items() for column in page.list_display}
    assert named
    assert named <= columns
