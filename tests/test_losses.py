"""What was staged, stored or exported is lost, or is not what it was: it heals, or the message says what to do."""

import shutil
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openedx_content import api as content_api
from openedx_content.models_api import Media

from import_from_modulestore import api
from import_from_modulestore.data import Action, Decision, ImportState
from import_from_modulestore.exports.export import Export
from import_from_modulestore.models import StagedBlock
from import_from_modulestore_standalone.content_staging.models import StagedContent, StagedContentFile

from .builders import KEY, TARGET, pack, problem, section, subsection, text, unit, usage_key, write_course
from .command_line.calls import command, in_one_line, refused
from .library_state import drafts, library_state

PICTURE = '<img src="/static/a.png"/>'
ANEW = "Stage the import anew: what the review has chosen and edited is kept."


def the_course(*more) -> tuple:
    components = (text("t1", PICTURE), text("t2"), problem("p1"), *more)
    return (section("s", subsection("b", unit("u", *components))), section("s2", subsection("b2", unit("u2"))))


@pytest.fixture
def write(courses):
    return lambda *sections, **more: write_course(
        courses / "c1", *(sections or the_course()), **{"static": {"a.png": b"PNG"}, **more}
    )


@pytest.fixture
def begin(write, stage):
    write()
    return stage


@pytest.fixture
def staged(begin) -> str:
    return begin()


@pytest.fixture
def step(user):
    """Do a step of an import: ``step(api.complete_import, staged)``."""
    return lambda do, import_id, **more: do(user=user, import_id=import_id, **more)


def of_block(block_id: str, tag: str = "html") -> dict[str, str]:
    return {"usage_key": usage_key(tag, block_id)}


def staged_file() -> Path:
    return Path(StagedContentFile.objects.get(filename="a.png").data_file.path)


def stored_file() -> Path:
    return Path(Media.objects.get(has_file=True).os_path())


def put_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


FILE_LOSSES = {
    "the file is gone": lambda: staged_file().unlink(),
    "all files are gone": lambda: shutil.rmtree(staged_file().parent),
    "it holds something else": lambda: staged_file().write_bytes(b"GIF"),
    "it is cut": lambda: staged_file().write_bytes(b"P"),
    "it is a folder": lambda: put_folder(staged_file()),
    "its row is gone": lambda: StagedContentFile.objects.all().delete(),
}
CONTENT_LOSSES = {
    "the rows are gone": lambda: StagedContent.objects.all().delete(),
    "what they hold is no OLX": lambda: StagedContent.objects.update(olx="gone"),
    "they hold something else": lambda: StagedContent.objects.update(olx="<chapter url_name='x'/>"),
}


def losses(*tables):
    found = [pytest.param(lose, id=name) for table in tables for name, lose in table.items()]
    return pytest.mark.parametrize("lose", found)


class TestStagedContent:
    @pytest.mark.few
    @losses(FILE_LOSSES, CONTENT_LOSSES)
    def test_completing_says_what_is_gone_and_what_to_do_and_heals_by_staging_anew(
        self, staged, step, user, state, settings, lose
    ):
        before = state()
        lose()
        with pytest.raises(api.StagedContentGone) as error:
            step(api.complete_import, staged)
        told = str(error.value)
        assert ANEW in told
        assert str(settings.MEDIA_ROOT) not in told
        failed = api.get_import(user=user, import_id=staged)
        assert (failed.state, failed.error, state() == before) == (ImportState.IMPORT_FAILED, told, True)
        assert Action.STAGE in failed.actions

        step(api.stage_import, staged)
        step(api.complete_import, staged)
        assert drafts(state())["xblock.v1:html:t1"]["files"]["static/a.png"] == b"PNG"

    @pytest.mark.few
    @losses(FILE_LOSSES, CONTENT_LOSSES)
    def test_an_edit_says_so_too_and_changes_nothing(self, staged, step, lose):
        lose()
        for changes in ({"title": "Mine"}, {"olx": f"<html>Mine. {PICTURE}</html>"}):
            with pytest.raises(api.StagedContentGone, match=ANEW):
                step(api.edit_block, staged, **of_block("t1"), **changes)
        assert not StagedBlock.objects.exclude(edited_olx="").exists()
        step(api.stage_import, staged)
        assert step(api.edit_block, staged, **of_block("t1"), title="Mine").block.title == "Mine"

    @pytest.mark.few
    @losses(FILE_LOSSES, CONTENT_LOSSES)
    def test_so_does_taking_an_edit_back(self, staged, step, lose):
        step(api.edit_block, staged, **of_block("t1"), title="Mine")
        lose()
        with pytest.raises(api.StagedContentGone, match=ANEW):
            step(api.revert_block, staged, **of_block("t1"))
        assert StagedBlock.objects.get(block_id="t1").edited_olx

    @losses(CONTENT_LOSSES)
    def test_so_does_looking_at_a_block_while_the_list_is_there(self, staged, step, lose):
        lose()
        assert step(api.list_blocks, staged).total == 9
        assert step(api.plan_import, staged).writes == 9
        with pytest.raises(api.StagedContentGone, match=ANEW):
            step(api.get_block, staged, **of_block("t1"))

    def test_the_account_that_staged_it_takes_it_along(self, staged, step, user, django_user_model):
        other = django_user_model.objects.create(username="other")
        StagedContent.objects.update(user=other)
        other.delete()
        with pytest.raises(api.StagedContentGone, match=ANEW):
            step(api.complete_import, staged)
        assert step(api.stage_import, staged).state is ImportState.STAGED

    def test_every_door_says_what_to_do(self, staged, user, client):
        StagedContent.objects.all().delete()
        told, code = refused("complete", staged)
        assert (ANEW in told, told.splitlines()[-1], code) == (
            True,
            f"The library is as it was. Go on from here with: import_from_modulestore stage {staged[:8]}",
            1,
        )
        client.force_login(user)
        answer = client.get(f"/api/modulestore_imports/v1/imports/{staged}/blocks/{usage_key('html', 't1')}/")
        assert (answer.status_code, answer.json()["code"]) == (409, "staged_content_gone")
        assert ANEW in answer.json()["detail"]
        assert command("stage", staged)
        assert command("complete", staged)


class TestStagingAnew:
    @pytest.fixture
    def review(self, step):
        """Make some choices in the review of an import."""

        def made(import_id: str) -> None:
            step(api.select_blocks, import_id, usage_keys=[usage_key("problem", "p1")], selected=False)
            step(api.select_blocks, import_id, usage_keys=[usage_key("chapter", "s2")], selected=False)
            step(api.edit_block, import_id, **of_block("t1"), olx=f"<html>Mine. {PICTURE}</html>", title="Mine")
            step(api.edit_block, import_id, **of_block("u", "vertical"), title="My unit")
            step(
                api.decide_blocks,
                import_id,
                usage_keys=[usage_key("chapter", "s")],
                decision=Decision.FORK,
                below=True,
            )

        return made

    @pytest.fixture
    def met(self, begin, step) -> str:
        """An import that meets conflicts: ``t2`` was changed since the last one."""
        step(api.complete_import, begin())
        return None

    def rows(self) -> list:
        return list(
            StagedBlock.objects.order_by("import_run", "num").values(
                "num", "usage_key", "title", "selected", "decision", "edited_title", "edited_olx", "digest"
            )
        )

    def test_keeps_all_that_the_review_has_made_of_it(self, met, begin, step, write, review):
        changed = section("s", subsection("b", unit("u", text("t1", PICTURE), text("t2", "<p>New</p>"), problem("p1"))))
        write(changed, the_course()[1])
        import_id = begin()
        review(import_id)
        before = self.rows()
        assert step(api.stage_import, import_id).state is ImportState.STAGED
        assert self.rows() == before

    def test_also_where_it_fails_at_first(self, begin, step, courses, review, write):
        import_id = begin()
        step(api.select_blocks, import_id, usage_keys=[usage_key("html", "t2")], selected=False)
        step(api.edit_block, import_id, **of_block("t1"), title="Mine")
        before = self.rows()
        for _again in range(2):
            shutil.move(courses / "c1", courses.parent / "away")
            with pytest.raises(api.ImportFromModulestoreError):
                step(api.stage_import, import_id)
            shutil.move(courses.parent / "away", courses / "c1")
        assert self.rows() == before
        assert step(api.stage_import, import_id).state is ImportState.STAGED
        assert self.rows() == before
        step(api.revert_block, import_id, **of_block("t1"))
        step(api.select_blocks, import_id, usage_keys=[usage_key("html", "t2")], selected=True)
        before = self.rows()
        step(api.stage_import, import_id)
        assert self.rows() == before

    def test_brings_what_the_source_has_gained_selected_as_what_holds_it(self, begin, step, write):
        import_id = begin()
        step(api.select_blocks, import_id, usage_keys=[usage_key("chapter", "s2")], selected=False)
        write(*the_course(text("t9")), files={"vertical/u2.xml": '<vertical><html url_name="t8">x</html></vertical>'})
        step(api.stage_import, import_id)
        selected = dict(StagedBlock.objects.values_list("block_id", "selected"))
        assert (selected["t9"], selected["u2"], selected["t8"]) == (True, False, False)

    def test_of_a_selection_keeps_the_selection(self, begin, step):
        import_id = begin(selection=(usage_key("html", "t1"),))
        step(api.select_blocks, import_id, usage_keys=[usage_key("html", "t2")], selected=True)
        before = self.rows()
        step(api.stage_import, import_id)
        assert self.rows() == before

    def test_says_which_part_of_a_selection_is_not_there_any_more_and_goes_on(self, begin, step, write):
        import_id = begin(selection=(usage_key("html", "t1"), usage_key("chapter", "s2")))
        step(api.edit_block, import_id, **of_block("t1"), title="Mine")
        write(the_course()[0])
        anew = step(api.stage_import, import_id)
        # Before it, that the export is another now: where it was written in another second.
        assert anew.warnings[-1] == "1 block that was to be imported is not in the source any more."
        selected = StagedBlock.objects.filter(selected=True).values_list("block_id", "title")
        assert list(selected) == [("t1", "Mine")]

    def test_says_where_an_edit_has_no_block_any_more_or_another(self, begin, step, write):
        import_id = begin()
        for block_id in ("t1", "t2"):
            step(api.edit_block, import_id, **of_block(block_id), title="Mine")
        write(section("s", subsection("b", unit("u", text("t1", "<p>Other</p>")))))
        anew = step(api.stage_import, import_id)
        assert "1 block that was edited in the review is not in the source any more" in " ".join(anew.warnings)
        block = step(api.get_block, import_id, **of_block("t1")).block
        assert (block.title, block.edited) == ("Mine", True)
        assert "The source has changed since this block was edited in the review" in " ".join(block.warnings)

    def test_keeps_what_is_to_be_removed(self, begin, step, write, state):
        step(api.complete_import, begin())
        write(the_course()[0])
        import_id = begin()
        assert step(api.remove_gone, import_id) == 3
        step(api.stage_import, import_id)
        assert step(api.list_gone, import_id).removed == 3

    def test_costs_as_many_statements_however_large_the_course(self, user, library, courses, step):
        def cost(folder: str, size: int) -> int:
            write_course(courses / folder, section("s", *(subsection(f"b{n}", unit(f"u{n}")) for n in range(size))))
            run = api.create_import(user=user, source_key=KEY, library_key=TARGET)
            step(api.stage_import, run.id)
            step(api.select_blocks, run.id, usage_keys=[usage_key("chapter", "s")], selected=False)
            with CaptureQueriesContext(connection) as queries:
                step(api.stage_import, run.id)
            shutil.rmtree(courses / folder)
            return len(queries)

        assert cost("small", 2) == cost("large", 12)


class TestFilesOfTheLibrary:
    LOSSES = {
        "it is gone": lambda: stored_file().unlink(),
        "it is cut": lambda: stored_file().write_bytes(b"P"),
        "it is empty": lambda: stored_file().write_bytes(b""),
        "it is a folder": lambda: put_folder(stored_file()),
        "all are gone": lambda: shutil.rmtree(stored_file().parent),
    }

    @pytest.mark.few
    @pytest.mark.parametrize("lose", [pytest.param(lose, id=name) for name, lose in LOSSES.items()])
    @pytest.mark.parametrize("changed", [False, True], ids=["unchanged", "changed"])
    def test_an_import_that_brings_one_again_writes_it_again(self, begin, step, write, state, lose, changed):
        step(api.complete_import, begin())
        before = library_state(TARGET)
        lose()
        if changed:
            write(section("s", subsection("b", unit("u", text("t1", f"{PICTURE} more"), text("t2"), problem("p1")))))
        done = step(api.complete_import, begin(on_conflict=Decision.OVERWRITE))
        assert stored_file().read_bytes() == b"PNG"
        assert done.warnings == ("1 file of the library was gone from its storage, and was written again.",)
        assert changed or state() == before

    def test_where_the_staged_copy_is_gone_too_it_says_so(self, begin, step):
        step(api.complete_import, begin())
        import_id = begin()
        stored_file().unlink()
        Path(StagedContentFile.objects.order_by("pk").last().data_file.path).unlink()
        with pytest.raises(api.StagedContentGone, match=ANEW):
            step(api.complete_import, import_id)
        step(api.stage_import, import_id)
        step(api.complete_import, import_id)
        assert stored_file().read_bytes() == b"PNG"

    def test_what_a_write_that_was_broken_off_has_left_is_written_over(self, begin, step, library):
        package = content_api.get_learning_package_by_ref(TARGET)
        import_id = begin()
        digest = StagedBlock.objects.get(block_id="t1").files[0]["digest"]
        path = Path(Media(learning_package=package, hash_digest=digest, has_file=True).os_path())
        path.parent.mkdir(parents=True)
        path.write_bytes(b"PN")
        step(api.complete_import, import_id)
        assert stored_file().read_bytes() == b"PNG"

    def test_undo_and_redo_do_not_need_them(self, begin, step, state):
        import_id = begin()
        step(api.complete_import, import_id)
        shutil.rmtree(stored_file().parent)
        assert step(api.undo_import, import_id).state is ImportState.UNDONE
        assert step(api.redo_import, import_id).state is ImportState.IMPORTED

    @pytest.mark.parametrize("lose", [*LOSSES.values(), lambda: stored_file().write_bytes(b"GIF")])
    def test_a_backup_names_them_and_is_not_written(self, begin, step, user, tmp_path, lose, settings):
        step(api.complete_import, begin())
        lose()
        with pytest.raises(api.StepFailed) as error:
            api.backup_library(user=user, library_key=TARGET, file=tmp_path / "b.zip")
        told = str(error.value)
        assert "a.png of lb:Acme:Target:html:t1" in told
        assert "No backup was written. Import its source again" in told
        assert str(tmp_path) not in told
        assert not [*tmp_path.glob("*.zip"), *tmp_path.glob(".*partial")]

    def test_a_backup_does_not_need_what_only_former_versions_hold(self, begin, step, user, tmp_path, write):
        step(api.complete_import, begin())
        write(section("s", subsection("b", unit("u", text("t1"), text("t2"), problem("p1")))))
        step(api.complete_import, begin(on_conflict=Decision.OVERWRITE))
        stored_file().unlink()
        assert api.backup_library(user=user, library_key=TARGET, file=tmp_path / "b.zip")


class TestExports:
    """The source itself, or its unpacked copy, while it is read and after."""

    @pytest.fixture
    def archive(self, write, courses, tmp_path) -> Path:
        write()
        shutil.move(courses / "c1", tmp_path / "c1")
        return pack(tmp_path / "c1", courses / "c1.tar.gz")

    @pytest.fixture
    def amid(self, monkeypatch):
        """Do something when the first section of an export has been read: ``amid(lambda: …)``."""

        def do(disturb) -> None:
            def read(export, branch):
                for order, root in enumerate(whole(export, branch)):
                    if order == 0:
                        disturb()
                    yield root

            whole = Export.read
            monkeypatch.setattr(Export, "read", read)

        return do

    @pytest.mark.parametrize("lost", ["", "*/*/content", "*/*/content/*/static", "*/*/content/*/html/t2.xml"])
    def test_an_unpacked_copy_that_vanishes_amid_fails_the_staging_which_can_be_retried(
        self, archive, user, library, settings, step, amid, monkeypatch, lost
    ):
        def disturb():
            for path in settings.EXPORTS_CACHE_DIR.glob(lost) if lost else [settings.EXPORTS_CACHE_DIR]:
                shutil.rmtree(path) if path.is_dir() else path.unlink()

        run = api.create_import(user=user, source_key=KEY, library_key=TARGET)
        amid(disturb)
        with pytest.raises(api.SourceError, match="c1.tar.gz was changed, or taken away, while it was read"):
            step(api.stage_import, run.id)
        monkeypatch.undo()
        assert step(api.retry_import, run.id).state is ImportState.STAGED
        assert [block.reason for block in step(api.list_blocks, run.id).items if block.reason] == []

    def test_so_does_a_folder_that_somebody_changes_amid(self, write, user, library, step, amid):
        write()
        run = api.create_import(user=user, source_key=KEY, library_key=TARGET)
        amid(lambda: write(files={"html/t2.html": "<p>Other.</p>"}))
        with pytest.raises(api.SourceError, match="c1 was changed, or taken away, while it was read. Stage it again"):
            step(api.stage_import, run.id)

    def test_a_review_and_its_completion_do_not_need_it(self, archive, user, library, step):
        run = api.create_import(user=user, source_key=KEY, library_key=TARGET)
        step(api.stage_import, run.id)
        archive.unlink()
        step(api.edit_block, run.id, **of_block("t1"), title="Mine")
        step(api.complete_import, run.id)
        step(api.undo_import, run.id)
        assert step(api.redo_import, run.id).state is ImportState.IMPORTED

    @pytest.fixture
    def edited(self, archive, user, library, step) -> str:
        """An import that is staged, and a block of it edited."""
        run = api.create_import(user=user, source_key=KEY, library_key=TARGET)
        step(api.stage_import, run.id)
        step(api.edit_block, run.id, **of_block("t1"), title="Mine")
        return run.id

    def test_to_stage_it_anew_does_and_says_so_and_leaves_what_was_staged(self, archive, edited, step, tmp_path):
        archive.rename(tmp_path / "away.tar.gz")
        told = "There is no export c1.tar.gz in the folder of courses. Put it back"
        with pytest.raises(api.NotFound, match=told):
            step(api.stage_import, edited)
        left = step(api.get_import, edited)
        assert left.state is ImportState.STAGED
        assert Action.COMPLETE in left.actions
        assert told in left.error
        assert left.error.endswith("What was staged before is as it was.")
        assert step(api.get_block, edited, **of_block("t1")).block.title == "Mine"
        with pytest.raises(api.WrongState, match="To stage it anew failed, which left it as it was"):
            step(api.retry_import, edited)

        (tmp_path / "away.tar.gz").rename(archive)
        again = step(api.stage_import, edited)
        assert (again.state, again.error) == (ImportState.STAGED, "")
        assert step(api.get_block, edited, **of_block("t1")).block.title == "Mine"
        archive.unlink()
        with pytest.raises(api.NotFound):
            step(api.stage_import, edited)
        assert step(api.complete_import, edited).state is ImportState.IMPORTED

    def test_that_is_told_by_the_command_line(self, archive, edited):
        archive.write_bytes(b"no archive")
        message, _code = refused("stage", edited)
        assert "The library is as it was, and so is what was staged before. Go on from here with:" in message
        assert message.endswith(f"import_from_modulestore stage {edited[:8]}")
        assert "What was staged before is as it was." in in_one_line(command("show", edited))

    def test_what_fails_amid_it_has_to_be_staged_again_and_keeps_the_review(self, edited, step, amid):
        failures = iter([OSError("the disk is gone")])

        def disturb() -> None:
            for failure in failures:
                raise failure

        amid(disturb)
        with pytest.raises(api.StepFailed):
            step(api.stage_import, edited)
        assert step(api.get_import, edited).state is ImportState.STAGING_FAILED
        assert step(api.retry_import, edited).state is ImportState.STAGED
        assert step(api.get_block, edited, **of_block("t1")).block.title == "Mine"


class TestABlockThatCannotBeReadAnyMore:
    def test_stays_in_the_library_where_it_is_and_is_back_once_it_can(self, write, run_import, state):
        write()
        run_import(on_conflict=Decision.OVERWRITE)
        before = state()["items"]
        write(files={"html/t1.xml": "<html"})
        done, records = run_import(on_conflict=Decision.OVERWRITE)
        assert (done.counts["failed"], done.counts.get("updated", 0), state()["items"]) == (1, 0, before)
        [failed] = [record for record in records if record.outcome == "failed"]
        assert failed.item_key == "lb:Acme:Target:html:t1"
        write(section("s", subsection("b", unit("u", text("t1", "<p>Anew.</p>"), text("t2")))))
        done, records = run_import(on_conflict=Decision.OVERWRITE)
        states = {record.usage_key.rpartition("@")[2]: record.state for record in records}
        assert (states["t1"], states["t2"]) == ("source_changed", "unchanged")
