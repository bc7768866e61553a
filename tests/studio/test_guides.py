"""The examples of the documentation that call Studio's command line, run in Studio."""

from __future__ import annotations

import pytest

from tests.guides import ROOT, pages_with, run_examples

PAGES = pages_with("./manage.py cms import_from_modulestore")


@pytest.mark.at_gate
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_examples_do_what_they_say(page, ada, site, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    site.load(ROOT / "courses" / "sample-course")
    assert run_examples(page, tmp_path) > 2
