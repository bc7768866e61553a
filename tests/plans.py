"""Whether plans are made while what is written is locked: on SQLite, everybody else waits meanwhile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext


@contextmanager
def plans_made() -> Iterator[list[int]]:
    """For each plan that is made meanwhile, how many transactions were open: ``with plans_made() as plans: …``."""
    plans: list[int] = []
    with CaptureQueriesContext(connection) as made:
        yield plans
    is_open = 0
    for sql in (query["sql"] for query in made):
        is_open += sql.startswith("SAVEPOINT")
        is_open -= sql.startswith("RELEASE SAVEPOINT")
        if re.search(r"CAST\(.*reading_warnings", sql):
            plans.append(is_open)
