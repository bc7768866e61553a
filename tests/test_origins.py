"""Sources of several origins: each is one by its key and origin, and a further origin is one more class."""

from __future__ import annotations

from typing import Any

import pytest
from opaque_keys.edx.locator import CourseLocator

from import_from_modulestore import api
from import_from_modulestore.data import ImportState, SourceData, SourceKind, StagedRoot
from import_from_modulestore.hosts.sources import AllSources, Sources
from import_from_modulestore_standalone.content_staging.models import StagedContent
from import_from_modulestore_standalone.host import StandaloneHost

from .builders import KEY, TARGET, pack, small_course, write_course
from .command_line.calls import command, data_of, refused

REMOTE_KEY = CourseLocator("Acme", "Far", "R1")
OLX = """
<chapter url_name="s"><sequential url_name="b"><vertical url_name="u"><html url_name="t">Hello</html></vertical>
</sequential></chapter>
"""


class RemoteSite(Sources):
    """A third origin: the courses of another site, of which there is one."""

    name = "remote"
    label = "Another site"
    titles = {str(REMOTE_KEY): "Far away"}

    def list(self, user):
        return [SourceData(key=key, title=title, kind=SourceKind.COURSE) for key, title in self.titles.items()]

    def get(self, key, branch, export="", user=None):
        found = {source.key: source for source in self.list(user)}
        if str(key) not in found:
            raise api.NotFound(f"The other site has no {key}.")
        return found[str(key)]

    def stage(self, key, *, branch, user, purpose, export=""):
        content = StagedContent.objects.create(user=user, purpose=purpose, status="ready", olx=OLX)
        yield StagedRoot(staged_content_id=content.pk, usage_key=str(key.make_usage_key("chapter", "s")))

    def can_read(self, user, key, export=""):
        return user.is_active

    def refusal_of(self, key):
        return "The other site asks for patience." if key.course == "Slow" else ""


class WithRemote(StandaloneHost):
    @property
    def sources(self) -> AllSources:
        return AllSources(*super().sources, RemoteSite())


@pytest.fixture
def remote(settings):
    settings.IMPORT_FROM_MODULESTORE_HOST = f"{__name__}.WithRemote"


@pytest.fixture
def both(courses, library, user, tmp_path) -> dict[str, Any]:
    """One course in the folder and in an upload; by origin."""
    write_course(courses / "c1", *small_course(), title="In the folder")
    mine = pack(write_course(tmp_path / "mine" / "c1", *small_course(), title="Mine"), tmp_path / "mine.tar.gz")
    with mine.open("rb") as file:
        api.upload_export(user=user, file=file, name="mine.tar.gz")
    return {source.origin: source for source in api.list_sources(user=user).items}


def create(user, **named: str):
    return api.create_import(user=user, library_key=TARGET, **{"source_key": KEY, **named})


class TestThird:
    def test_is_listed_imported_and_recorded(self, remote, user, library):
        [source] = api.list_sources(user=user).items
        assert (source.key, source.origin, source.problem) == (str(REMOTE_KEY), "remote", "")
        run = create(user, source_key=source.key)
        assert run.source_origin == "remote"
        api.stage_import(user=user, import_id=run.id)
        done = api.complete_import(user=user, import_id=run.id)
        assert (done.counts, done.source_title) == ({"created": 4}, "Far away")
        assert api.undo_import(user=user, import_id=run.id).state is ImportState.UNDONE

    def test_can_refuse(self, remote, user, library, monkeypatch):
        slow = str(REMOTE_KEY).replace("Far", "Slow")
        monkeypatch.setattr(RemoteSite, "titles", {slow: "Slow"})
        assert api.list_sources(user=user).items[0].problem == "The other site asks for patience."
        with pytest.raises(api.NotPermitted, match="asks for patience"):
            create(user, source_key=slow)

    def test_that_is_there_no_more_leaves_its_imports_as_they_are(self, remote, user, library, settings):
        run = create(user, source_key=str(REMOTE_KEY))
        api.stage_import(user=user, import_id=run.id)
        settings.IMPORT_FROM_MODULESTORE_HOST = "import_from_modulestore_standalone.host.StandaloneHost"
        assert api.get_import(user=user, import_id=run.id).source_origin == "remote"
        with pytest.raises(api.NotPermitted, match="no sources of the origin “remote”. It has: upload, folder"):
            api.list_blocks(user=user, import_id=run.id)
        api.cancel_import(user=user, import_id=run.id)
        assert api.remove_old_staged_content(days=0) == 1
        assert not StagedContent.objects.exists()


class TestTwoOfOneCourse:
    def test_are_two_sources(self, both):
        assert {origin: source.title for origin, source in both.items()} == {
            "folder": "In the folder",
            "upload": "Mine",
        }

    @pytest.mark.parametrize("origin", ["folder", "upload"])
    def test_are_told_apart_by_origin(self, both, user, origin):
        found = api.get_source(user=user, source_key=KEY, origin=origin)
        assert found == both[origin]
        run = create(user, origin=origin)
        assert (run.source_origin, run.source_export, run.source_title) == (origin, found.export, found.title)
        assert api.list_sources(user=user, origin=origin).items == (found,)
        assert api.preview_import(user=user, source_key=KEY, library_key=TARGET, origin=origin)[0] == found

    def test_are_the_same_blocks_to_a_library(self, both, user):
        """Where the blocks came from does not matter: usage key and library say what an item is of."""
        for origin, counts in (("folder", {"created": 12}), ("upload", {"unchanged": 12})):
            run = create(user, origin=origin)
            api.stage_import(user=user, import_id=run.id)
            assert api.complete_import(user=user, import_id=run.id).counts == counts

    def test_an_import_keeps_to_its_own(self, both, user, reviewer):
        run = create(user, origin="upload")
        api.stage_import(user=user, import_id=run.id)
        with pytest.raises(api.NotPermitted, match="You may not read"):
            api.list_blocks(user=reviewer, import_id=run.id)

    def test_an_origin_that_is_not_there_is_named(self, both, user):
        for call in (
            lambda: create(user, origin="modulestore"),
            lambda: api.get_source(user=user, source_key=KEY, origin="modulestore"),
            lambda: api.list_sources(user=user, origin="modulestore"),
        ):
            with pytest.raises(api.NotFound, match="It has: upload, folder") as error:
                call()
            assert error.value.field == "origin"


def test_at_the_command_line(both, user):
    assert "· mine.tar.gz" not in command("sources", "--origin", "folder")
    assert (
        data_of("stage", KEY, TARGET, "--origin", "upload", "--user", user.username)["import"]["source_origin"]
        == "upload"
    )
    assert "upload · " in command("show", "last", "--user", user.username)
    assert "no sources of the origin “elsewhere”" in refused("run", KEY, TARGET, "--origin", "elsewhere")[0]


def test_a_source_that_an_origin_has_without_exports_takes_no_name_of_one(remote, user, library):
    with pytest.raises(api.NotFound, match="no exports to choose from"):
        create(user, source_key=str(REMOTE_KEY), origin="remote", export="c1")
