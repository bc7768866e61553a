"""Fixtures: a site, on the platform or on its double, and an import on it in one call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from openedx_content.models_api import Container

from import_from_modulestore import api
from import_from_modulestore.data import ImportData, ImportOptions, RecordData
from tests.builders import KEY, TARGET, problem, small_course, text, write_course, write_library
from tests.keeping import kept

from . import ON_PLATFORM

collect_ignore = ["double", "double_site.py", "platform_site.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what only one of the two grounds can show."""
    here = Path(__file__).parent
    for item in items:
        if here not in item.path.parents:
            continue
        if not ON_PLATFORM and item.get_closest_marker("platform"):
            item.add_marker(pytest.mark.skip("needs a checkout of the platform; see docs/how-to/studio.md"))
        if ON_PLATFORM and item.get_closest_marker("double"):
            item.add_marker(pytest.mark.skip("is about the double of the platform"))


@pytest.fixture
def line() -> str:
    """The line of the platform: tests about what differs give one, others have that of the openedx-core installed."""
    from openedx.core.release import RELEASE_LINE

    return RELEASE_LINE


@pytest.fixture
def site(db, line, settings, monkeypatch) -> Iterator:
    """A site where importing is switched on."""
    monkeypatch.setattr("openedx.core.release.RELEASE_LINE", line)
    Container.reset_cache()  # It remembers rows that the tests before had made.
    settings.IMPORT_FROM_MODULESTORE_HOST = "import_from_modulestore.hosts.cms.StudioHost"
    settings.COURSE_AUTHORING_MICROFRONTEND_URL = "https://apps.example.com/authoring"
    if ON_PLATFORM:
        from .platform_site import platform_site as open_site
    else:
        from .double_site import double_site as open_site
    with open_site(monkeypatch) as opened:
        opened.switch(on=True)
        yield opened


@pytest.fixture
def ada(site):
    """May do everything."""
    return site.person("ada", is_staff=True, is_superuser=True)


@pytest.fixture
@kept
def library(ada):
    """An empty library, :data:`tests.builders.TARGET`."""
    return api.create_library(user=ada, library_key=TARGET, title="Target")


@pytest.fixture
def heard(django_capture_on_commit_callbacks) -> Callable[..., dict[str, list[dict]]]:
    """
    Do something, and tell the events that were sent when it was committed: ``heard(act, signals, "NAME", …)``.

    ``signals`` is the module that has the signals of these names; a signal that was not sent is left out.
    """

    def listen(act: Callable[[], object], signals: ModuleType, *names: str) -> dict[str, list[dict]]:
        found: dict[str, list[dict]] = {}

        def receive(*, signal, **event) -> None:
            found.setdefault(name_of[signal], []).append(event)

        name_of = {getattr(signals, name): name for name in names}
        for signal in name_of:
            signal.connect(receive)
        try:
            with django_capture_on_commit_callbacks(execute=True):
                act()
        finally:
            for signal in name_of:
                signal.disconnect(receive)
        return found

    return listen


@pytest.fixture
def load(site, tmp_path) -> Callable[..., str]:
    """Load a course that is told by builders into the modulestore: ``load(section(…))``; without any, a small one."""

    def load(*blocks, **more) -> str:
        folder = tmp_path / f"export{len(list(tmp_path.iterdir()))}"
        write_course(folder, *(blocks or small_course()), **more)
        return site.load(folder)

    return load


@pytest.fixture
def legacy(site, tmp_path) -> Callable[..., str]:
    """Load a legacy library into the modulestore, with these blocks: ``legacy(problem(…))``; else with three."""

    def load(*blocks) -> str:
        folder = tmp_path / f"library{len(list(tmp_path.iterdir()))}"
        few = problem("p1", title="Why?"), problem("p2", title="How?"), text("t1", title="Read")
        return site.load(write_library(folder, *(blocks or few)))

    return load


@pytest.fixture
def stage(ada, library) -> Callable[..., ImportData]:
    """Stage a course for the library: ``stage(level=…)``."""

    def stage(source: str = KEY, *, target: str = TARGET, user=None, **options) -> ImportData:
        user = user or ada
        made = api.create_import(user=user, source_key=source, library_key=target, options=ImportOptions(**options))
        return api.stage_import(user=user, import_id=made.id)

    return stage


@pytest.fixture
def run_import(ada, stage) -> Callable[..., tuple[ImportData, list[RecordData]]]:
    """Run a whole import: ``run_import(level=…)`` gives its data and its records."""

    def run(source: str = KEY, **options) -> tuple[ImportData, list[RecordData]]:
        done = api.complete_import(user=ada, import_id=stage(source, **options).id)
        return done, api.get_records(user=ada, import_id=done.id)

    return run
