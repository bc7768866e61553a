"""Several sources of Studio at once: a course and a legacy library, one after another, in one task of the user's."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rest_framework.test import APIClient
from user_tasks import user_task_stopped
from user_tasks.models import UserTaskStatus

from import_from_modulestore import api
from import_from_modulestore.data import Action, ImportOptions, SourceReference
from import_from_modulestore.models import Batch
from tests.admin.conftest import text_of
from tests.builders import KEY, LIBRARY_KEY, TARGET, problem, section, subsection, text, unit, write_library


@pytest.fixture
def sources(load, site, tmp_path) -> list[SourceReference]:
    load(section("s", subsection("b", unit("u", text("t1")))))
    site.load(write_library(tmp_path / "l1", problem("p1"), title="Bank"))
    return [SourceReference(KEY), SourceReference(LIBRARY_KEY)]


@pytest.fixture
def do(django_capture_on_commit_callbacks):
    """Have workers do something with a batch, and tell how it is then."""

    def do(user, batch_id: str, action: Action):
        with django_capture_on_commit_callbacks(execute=True):
            api.start_batch_step(user=user, batch_id=batch_id, action=action)
        return api.get_batch(user=user, batch_id=batch_id)

    return do


def test_a_course_and_a_legacy_library_go_into_one_library_and_back(ada, library, sources, do):
    made = api.create_batch(user=ada, sources=sources, library_key=TARGET)
    for action, state in (
        (Action.STAGE, "staged"),
        (Action.COMPLETE, "imported"),
        (Action.UNDO, "undone"),
        (Action.REDO, "imported"),
    ):
        made = do(ada, made.id, action)
        assert [run.state.value for run in made.imports] == [state, state], made
    base = f"https://apps.example.com/authoring/library/{TARGET}"
    assert made.library_url == base
    assert [run.collection_url for run in made.imports] == [
        f"{base}/collection/{run.options.collection.code}" for run in made.imports
    ]


def test_it_is_one_task_of_the_user_of_whose_end_the_platform_hears_once(ada, library, sources, do):
    heard = []

    def hear(status, **_more) -> None:
        if status.parent is None:  # What the platform writes an e-mail about.
            heard.append((status.name, status.state))

    user_task_stopped.connect(hear)
    try:
        made = api.create_batch(user=ada, sources=sources, library_key=TARGET)
        do(ada, made.id, Action.STAGE)
    finally:
        user_task_stopped.disconnect(hear)
    assert heard == [(f"Stage 2 sources for {library.title}", "Succeeded")]
    assert UserTaskStatus.objects.filter(parent__isnull=False).count() == 2


def test_who_may_not_publish_makes_drafts_and_completes_those(ada, site, library, sources, do):
    contributor = site.person("carl")
    for source in sources:
        site.let_read(contributor, source.key)
    site.let_contribute(contributor, TARGET)
    with pytest.raises(api.NotPermitted, match="but not publish in it"):
        api.create_batch(user=contributor, sources=sources, library_key=TARGET)
    options = ImportOptions(publish=False)
    made = api.create_batch(user=contributor, sources=sources, library_key=TARGET, options=options)
    do(contributor, made.id, Action.STAGE)
    assert do(contributor, made.id, Action.COMPLETE).states == {"imported": 2}
    published = api.create_batch(user=ada, sources=sources, library_key=TARGET)
    do(ada, published.id, Action.STAGE)
    permitted = api.get_batch(user=contributor, batch_id=published.id).permitted
    assert Action.COMPLETE not in permitted
    assert len(permitted[Action.CANCEL]) == 2


def test_a_source_that_one_may_not_read_is_not_there(site, library, sources):
    author = site.person("bob")
    site.let_read(author, KEY)
    site.let_edit(author, TARGET)
    with pytest.raises(api.NotFound, match=r"library-v1:.* is not there, or you may not read it"):
        api.create_batch(user=author, sources=sources, library_key=TARGET)


def test_where_importing_is_not_switched_on_nothing_is_begun(ada, site, library, sources):
    site.switch(on=False)
    with pytest.raises(api.NotPermitted, match="Importing is not switched on"):
        api.create_batch(user=ada, sources=sources, library_key=TARGET)


class TestWhatAnUndoDoesOutsideOfTheLibrary:
    """A preview tells it import by import, as that of an import by itself does."""

    LINKS = "4 blocks of the course follow such items, and are unlinked."
    FORWARDING = f"References of courses to {LIBRARY_KEY} are not forwarded to what this import has brought any more."

    @pytest.fixture
    def batch(self, ada, library, sources, do) -> str:
        """A course, of which all blocks follow their items, and a legacy library, which is forwarded."""
        pytest.importorskip("cms.djangoapps.modulestore_migrator.api", reason="this platform has no migrator")
        made = api.create_batch(user=ada, sources=sources, library_key=TARGET)
        do(ada, made.id, Action.STAGE)
        course, _legacy = do(ada, made.id, Action.COMPLETE).imports
        api.link_back(user=ada, import_id=course.id)
        return made.id

    @pytest.fixture
    def client(self, ada, settings) -> Client:
        settings.ROOT_URLCONF = "tests.studio.cms_urls"
        client = Client()
        client.force_login(ada)
        return client

    def test_rest(self, ada, batch):
        client = APIClient()
        client.force_authenticate(ada)
        legacy, course = client.get(reverse("modulestore_imports_api:v1:batch-undo", args=[batch])).json()["results"]
        assert (course["links"], course["forwarding"]) == (4, "")
        assert (legacy["links"], legacy["forwarding"]) == (0, self.FORWARDING)

    def test_pages(self, client, batch):
        said = text_of(client.get(reverse("modulestore_imports:batch_reversal", args=[batch, "undo"])))
        assert said.index(self.FORWARDING) < said.index(self.LINKS)

    def test_admin(self, client, batch):
        pk = Batch.objects.get(uuid=batch).pk
        said = text_of(client.get(reverse("admin:modulestore_imports_batch_action", args=[pk, "undo"])))
        assert said.index(self.FORWARDING) < said.index(self.LINKS)

    def test_command_line(self, batch):
        out = StringIO()
        call_command("import_from_modulestore", "batch", batch, "--undo", "--preview", "--user", "ada", stdout=out)
        said = " ".join(out.getvalue().split())
        links = "Blocks of the course that follow these items, and are unlinked: 4"
        assert said.index(self.FORWARDING) < said.index(links)


@pytest.mark.at_gate
def test_a_batch_asks_once_for_the_links_of_all_its_imports(ada, library, load, do):
    def statements(size: int) -> list[int]:
        sources = [
            SourceReference(load(section(f"s{name}", text(f"t{name}")), run=name))
            for name in (f"R{size}x{n}" for n in range(size))
        ]
        made = api.create_batch(user=ada, sources=sources, library_key=TARGET)
        found = []
        for action in (Action.STAGE, Action.COMPLETE, Action.UNDO):
            do(ada, made.id, action)
            with CaptureQueriesContext(connection) as queries:
                api.get_batch(user=ada, batch_id=made.id)
            found.append(len(queries))
        return found

    assert statements(2) == statements(5)
