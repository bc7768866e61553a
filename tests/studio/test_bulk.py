"""Undos and redos that change more than a library: links of a course, what is forwarded. Both writers do the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import override_settings

from import_from_modulestore import api
from import_from_modulestore.data import Forward
from tests.authoring import Author
from tests.builders import LIBRARY_KEY, TARGET, problem, section, subsection, text, unit, usage_key
from tests.library_state import library_state
from tests.traces import traced

from .site import usage

T1, T2 = "xblock.v1:html:t1", "xblock.v1:html:t2"


@pytest.fixture
def back_and_forth(ada) -> Callable[..., list[Any]]:
    """What an undo and a redo by a writer leave, each time: what is told, the library, and what ``look`` finds."""

    def go(import_id: str, writer: str, look: Callable[[], object]) -> list[Any]:
        left = []
        with override_settings(IMPORT_FROM_MODULESTORE_WRITER=writer):
            for act in (api.undo_import, api.redo_import):
                with traced() as traces:
                    act(user=ada, import_id=import_id)
                done = api.get_reversals(user=ada, import_id=import_id)[-1]
                left.append((traces.all()["told"], library_state(TARGET), look(), done.kind, done.counts))
        return left

    return go


def test_links_are_taken_off_and_made_again(ada, site, load, library, run_import, back_and_forth):
    load(section("s", subsection("b", unit("u", text("t1"), problem("p1")), unit("u2", text("t2")))))
    import_id = run_import()[0].id
    api.link_back(user=ada, import_id=import_id)
    author = Author(library.package_id, ada.pk)
    author.edit(T1)
    author.delete(T2)
    keys = [usage_key(*of) for of in (("chapter", "s"), ("vertical", "u"), ("html", "t1"), ("problem", "p1"))]

    def links() -> list[Any]:
        return [(site.link_of(key), site.row_of(key)) for key in keys]

    linked = links()
    by_reference = back_and_forth(import_id, "reference", links)
    assert by_reference[0][2] != linked
    assert back_and_forth(import_id, "bulk", links) == by_reference


def test_what_is_forwarded_is_withdrawn_and_forwarded_again(ada, legacy, library, stage, back_and_forth):
    migrator = pytest.importorskip("cms.djangoapps.modulestore_migrator.api", reason="this platform has no migrator")
    legacy()
    import_id = api.complete_import(user=ada, import_id=stage(LIBRARY_KEY, forward=Forward.YES).id).id
    keys = [usage(usage_key(tag, name, LIBRARY_KEY)) for tag, name in (("problem", "p1"), ("html", "t1"))]

    def forwarded() -> list[Any]:
        found = migrator.get_forwarding_for_blocks(keys)
        return sorted((str(key), str(to.target_key), to.target_version_num) for key, to in found.items())

    assert len(forwarded()) == 2
    by_reference = back_and_forth(import_id, "reference", forwarded)
    assert [left[2] for left in by_reference] == [[], [*by_reference[1][2]]]
    assert len(by_reference[1][2]) == 2
    assert back_and_forth(import_id, "bulk", forwarded) == by_reference
