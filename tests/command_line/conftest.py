"""Every test of the command line has the small course on its shelf."""

from __future__ import annotations

import pytest

from ..builders import small_course, write_course


@pytest.fixture(autouse=True)
def _course(courses, db):
    write_course(courses / "c1", *small_course(), title="Tides")
