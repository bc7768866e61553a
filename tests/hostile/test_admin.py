"""
Whatever is asked of the admin, it answers: with a page, a message, 400, 403, 404 or 405, and never with much or late.

``make fuzz EXAMPLES=5000`` asks many more.
"""

from __future__ import annotations

import shutil
from urllib.parse import urlencode

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import event, given
from hypothesis import strategies as st

from import_from_modulestore import api
from import_from_modulestore.models import Import
from import_from_modulestore_standalone.grants import Role

from ..builders import KEY, TARGET, small_course, write_course
from .journey import bounds, nothing_unforeseen
from .requests import requests
from .test_hostile import tried

MEGABYTE = 1_000_000


@pytest.fixture
def people(user, person) -> dict[str, Client]:
    """A superuser, staff who see the library, staff who do not, somebody who is no staff, and nobody."""
    user.is_staff = True
    user.save()
    known = {
        "ada": user,
        "vera": person("vera", Role.VIEWER, Role.READER, is_staff=True),
        "eve": person("eve", is_staff=True),
        "bob": person("bob", Role.EDITOR),
    }
    clients = {name: Client() for name in (*known, "nobody")}
    for name, who in known.items():
        clients[name].force_login(who)
    return clients


@pytest.fixture
def imports(courses, library, user) -> list[int]:
    """Imports in several states: made, staged, imported, undone."""
    write_course(courses / "c1", *small_course())
    steps = (api.stage_import, api.complete_import, api.undo_import)
    for count in range(len(steps) + 1):
        run = api.create_import(user=user, source_key=KEY, library_key=TARGET)
        for step in steps[:count]:
            step(user=user, import_id=run.id)
    return list(Import.objects.values_list("pk", flat=True))


@tried
@given(data=st.data(), with_courses=st.booleans())
def test_the_admin(people, imports, courses, data, with_courses):
    asked = data.draw(requests(["ada", "ada", "vera", *people], imports))
    if not with_courses:
        shutil.rmtree(courses, ignore_errors=True)
    elif not courses.exists():
        write_course(courses / "c1", *small_course())
    query = urlencode(asked.query, errors="replace")
    with bounds(), nothing_unforeseen(), transaction.atomic():
        answer = people[asked.who].generic(
            asked.method,
            f"/admin/{asked.path}" + (f"?{query}" if query else ""),
            urlencode(asked.form, doseq=True, errors="replace") if asked.method == "POST" else "",
            content_type="application/x-www-form-urlencoded",
        )
        transaction.set_rollback(True)
    event(f"{answer.status_code}")
    assert answer.status_code in (200, 302, 400, 403, 404, 405)
    assert len(answer.content) < MEGABYTE
