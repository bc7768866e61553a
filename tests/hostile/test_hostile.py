"""
Whatever is on the shelf, the app raises its own errors only, in time, with bounded memory, and can be told to go on.

``make fuzz EXAMPLES=5000`` tries many more.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import transaction
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from openedx_content.models_api import Container

from import_from_modulestore.data import BlockIds, Branch, CompositionLevel, Contents, Decision, ImportOptions

from ..examples import examples
from .archives import Made, archives
from .exports import Files, Harm, bank, course, harms, read, write
from .journey import travel

pytestmark = pytest.mark.slow

EXAMPLES = int(os.environ.get("HOSTILE_EXAMPLES") or 0)

tried = settings(
    max_examples=EXAMPLES or examples(5),  # Each takes half a second or more.
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
options = st.builds(
    ImportOptions,
    level=st.sampled_from(CompositionLevel),
    on_conflict=st.sampled_from(Decision),
    contents=st.sampled_from(Contents),
    block_ids=st.sampled_from(BlockIds),
    branch=st.sampled_from(Branch),
)


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> list[Files]:
    """A course and a legacy library."""
    folder = tmp_path_factory.mktemp("good")
    return [read(course(folder / "course")), read(bank(folder / "bank"))]


@pytest.fixture
def shelf(courses, settings, library) -> Callable:
    """An empty shelf, and a library of which nothing stays: ``with shelf() as folder:``."""

    @contextmanager
    def empty() -> Iterator[Path]:
        for folder in (courses, Path(settings.EXPORTS_CACHE_DIR)):
            shutil.rmtree(folder, ignore_errors=True)
        courses.mkdir()
        try:
            with transaction.atomic():
                yield courses
                transaction.set_rollback(True)
        finally:
            Container.reset_cache()

    return empty


def told(outcomes: list[str]) -> list[str]:
    """The outcomes, with what they begin with in Hypothesis' statistics."""
    for outcome in outcomes:
        event(re.sub(r"[0-9]+|'.*?'", "…", outcome)[:70])
    return outcomes


def harmed(good: list[Files], which: int, done: list[Harm]) -> Files:
    files = dict(good[which])
    for harm in done:
        harm(files)
    return files


@tried
@given(which=st.sampled_from([0, 0, 0, 1]), done=st.lists(harms(), min_size=1, max_size=6), how=options)
def test_an_export(shelf, user, good, which, done, how):
    with shelf() as folder:
        write(harmed(good, which, done), folder / "c")
        write(good[0] if which else good[1], folder / "good")
        assert "good: imported" in told(travel(user, how))


@tried
@given(done=st.lists(harms(), max_size=2), made=archives(), how=options)
def test_an_archive(shelf, user, good, done, made: tuple[str, Made], how):
    name, pack = made
    with shelf() as folder:
        (folder / f"c{name}").write_bytes(pack(harmed(good, 0, done)))
        write(good[1], folder / "good")
        assert "good: imported" in told(travel(user, how))


@tried
@given(first=st.lists(harms(), max_size=3), second=st.lists(harms(), min_size=1, max_size=3), how=options)
def test_an_export_over_an_earlier_one(shelf, user, good, first, second, how):
    with shelf() as folder:
        write(harmed(good, 0, first), folder / "c")
        travel(user, how, undo=False)
        shutil.rmtree(folder / "c", ignore_errors=True)
        write(harmed(good, 0, second), folder / "c")
        travel(user, how)
