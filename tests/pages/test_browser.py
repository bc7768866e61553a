"""The way through in a real browser."""

from __future__ import annotations

import pytest

from .conftest import Site

pytestmark = pytest.mark.slow


def test_the_first_page_is_for_everybody(site: Site):
    assert site.page.get_by_role("heading", level=1).is_visible()
    assert site.violations() == []
