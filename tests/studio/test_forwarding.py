"""References of courses to a legacy library lead to where its blocks went: as the platform's migrator tells."""

from __future__ import annotations

from collections.abc import Callable
from errno import ENOSPC
from io import BytesIO

import pytest
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from user_tasks.models import UserTaskStatus

from import_from_modulestore import api
from import_from_modulestore.completion import complete
from import_from_modulestore.data import (
    CollectionChoice,
    CompositionLevel,
    Contents,
    Decision,
    Forward,
    ImportData,
    ImportOptions,
    ImportState,
    Outcome,
)
from import_from_modulestore.history import forwarding
from tests.authoring import Author
from tests.builders import KEY, LIBRARY_KEY, TARGET, block, pack, problem, text, usage_key, write_library

from .site import context, usage

migrator = pytest.importorskip("cms.djangoapps.modulestore_migrator.api", reason="this platform has no migrator")
migrator_models = pytest.importorskip("cms.djangoapps.modulestore_migrator.models")

OTHER = "lib:Acme:Other"


def key(tag: str, name: str) -> str:
    return usage_key(tag, name, LIBRARY_KEY)


P1, P2, T1, BANK = key("problem", "p1"), key("problem", "p2"), key("html", "t1"), key("library_content", "bank")
BLOCKS = (problem("p1", title="Why?"), problem("p2", title="How?"), text("t1", title="Read"))


def forwarded(*keys: str) -> dict[str, tuple[str, int | None]]:
    """Where references to these blocks lead: the key of an item, and the number of the version that it had."""
    found = migrator.get_forwarding_for_blocks([usage(each) for each in keys or (P1, P2, T1, BANK)])
    return {str(each): (str(to.target_key), to.target_version_num) for each, to in found.items()}


def library_of() -> str | None:
    """The library to which the legacy library is forwarded."""
    found = migrator.get_forwarding(context(LIBRARY_KEY))
    return str(found.target_key) if found else None


def item(name: str, library: str = TARGET, tag: str = "problem") -> str:
    return f"{library.replace('lib:', 'lb:', 1)}:{tag}:{name}"


ALL = {P1: (item("p1"), 1), P2: (item("p2"), 1), T1: (item("t1", tag="html"), 1)}


@pytest.fixture
def other(ada):
    """Another library."""
    return api.create_library(user=ada, library_key=OTHER, title="Other")


@pytest.fixture
def imported(ada, legacy, stage) -> Callable[..., ImportData]:
    """Import the legacy library: ``imported(forward=Forward.YES)``."""
    legacy()

    def run(**options) -> ImportData:
        return api.complete_import(user=ada, import_id=stage(LIBRARY_KEY, **options).id)

    return run


class TestTheFirstImport:
    def test_is_forwarded_with_all_its_blocks(self, imported):
        assert not migrator.is_forwarded(context(LIBRARY_KEY))
        run = imported()
        assert migrator.is_forwarded(context(LIBRARY_KEY))
        assert (library_of(), forwarded()) == (TARGET, ALL)
        assert run.forwards

    def test_is_a_migration_like_the_platforms_own(self, ada, imported):
        run = imported(
            collection=CollectionChoice(title="Tides"),
            level=CompositionLevel.UNIT,
            on_conflict=Decision.OVERWRITE,
        )
        (found,) = migrator.get_migrations(context(LIBRARY_KEY))
        assert (str(found.target_key), found.target_collection_title, found.is_failed) == (TARGET, "Tides", False)
        row = migrator_models.ModulestoreMigration.objects.get(pk=found.pk)
        assert (row.composition_level, row.repeat_handling_strategy, row.preserve_url_slugs) == ("unit", "update", True)
        assert row.source_version == run.source_version
        assert row.change_log.records.count() == len(ALL)
        task = row.task_status
        assert (task.user, task.state, task.name) == (ada, UserTaskStatus.SUCCEEDED, "Import A Library into Target")

    def test_says_why_a_block_went_nowhere(self, ada, legacy, stage):
        legacy(*BLOCKS, block("library_content", "bank", "", problem("p3"), display_name="Bank"))
        api.complete_import(user=ada, import_id=stage(LIBRARY_KEY).id)
        (found,) = migrator.get_migrations(context(LIBRARY_KEY))
        of_blocks = migrator.get_migration_blocks(found.pk)
        assert {str(each) for each, became in of_blocks.items() if became.is_failed} == {BANK}
        assert "cannot hold a component that contains other blocks" in of_blocks[usage(BANK)].unsupported_reason
        assert forwarded() == ALL

    def test_takes_what_is_inside_a_component_along(self, ada, legacy, stage):
        legacy(block("library_content", "bank", "", problem("p1", title="Why?"), display_name="Bank"))
        api.complete_import(user=ada, import_id=stage(LIBRARY_KEY, contents=Contents.COLLECTION).id)
        assert forwarded() == {P1: (item("p1"), 1)}

    def test_is_told_beforehand_with_what_is_left_behind(self, ada, legacy, stage):
        legacy(*BLOCKS, block("library_content", "bank", "", problem("p3"), display_name="Bank"))
        run = stage(LIBRARY_KEY)
        told = api.plan_import(user=ada, import_id=run.id).forwarding
        assert (told.forwards, told.without_item, told.is_conflict) == (True, 1, False)
        assert told.reason == (
            f"References of courses to {LIBRARY_KEY} are forwarded to this library. 1 component has no item in it: "
            "courses that refer to it keep the copy that they have."
        )
        assert api.get_summary(user=ada, import_id=run.id).forwarding == told
        assert not migrator.is_forwarded(context(LIBRARY_KEY))

    def test_of_which_nothing_comes_is_not_forwarded(self, ada, legacy, stage):
        legacy(block("library_content", "bank", "", problem("p3"), display_name="Bank"))
        run = api.complete_import(user=ada, import_id=stage(LIBRARY_KEY).id)
        assert (run.forwards, library_of()) == (False, None)
        assert any("nothing of it comes into the library" in warning for warning in run.warnings)

    def test_is_not_forwarded_where_that_is_not_wanted(self, ada, imported, stage):
        run = imported(forward=Forward.NO)
        assert (library_of(), forwarded(), run.forwards) == (None, {}, False)
        assert not any("as was chosen" in warning for warning in run.warnings)
        again = stage(LIBRARY_KEY, forward=Forward.NO).id
        told = api.get_forwarding(user=ada, import_id=again)
        assert (told.forwards, told.choices) == (False, (Forward.YES,))
        assert api.choose_forward(user=ada, import_id=again, forward=None).forwards

    def test_of_a_part_is_not_forwarded_unasked(self, ada, imported, stage):
        imported(selection=(P1,))
        assert library_of() is None
        imported(selection=(P1,), forward=Forward.YES)
        assert (library_of(), forwarded()) == (TARGET, {P1: ALL[P1]})

    def test_of_a_course_is_not_forwarded_unasked(self, load, run_import):
        load()
        run_import(KEY)
        assert not migrator.is_forwarded(context(KEY))
        run_import(KEY, forward=Forward.YES)
        assert migrator.is_forwarded(context(KEY))
        chapter = usage_key("chapter", "s1")
        assert forwarded(chapter) == {chapter: ("lct:Acme:Target:section:s1", 1)}

    @pytest.mark.at_gate
    def test_takes_as_many_statements_for_many_blocks_as_for_few(self, ada, legacy, stage, other):
        told = {}
        for count, target in ((3, TARGET), (60, OTHER)):
            legacy(*(problem(f"p{num}") for num in range(count)))
            run = stage(LIBRARY_KEY, target=target, forward=Forward.INSTEAD)
            steps = {}
            for step in (api.complete_import, api.undo_import, api.redo_import):
                with CaptureQueriesContext(connection) as captured:
                    step(user=ada, import_id=run.id)
                steps[step.__name__] = sum("modulestore_migrator" in query["sql"] for query in captured)
            told[count] = steps
            api.undo_import(user=ada, import_id=run.id)
        assert all(told[60][step] <= count for step, count in told[3].items())

    def test_that_fails_leaves_nothing(self, ada, legacy, stage, monkeypatch):
        legacy()
        run = stage(LIBRARY_KEY)

        def fail(*args, **more) -> None:
            forwarding.forward(*args, **more)
            assert library_of() == TARGET
            raise OSError(ENOSPC, "No space left on device")

        monkeypatch.setattr(complete, "forward", fail)
        with pytest.raises(api.StepFailed):
            api.complete_import(user=ada, import_id=run.id)
        assert not migrator_models.ModulestoreSource.objects.exists()


class TestALaterImport:
    def test_adds_what_is_new_and_lets_the_rest_be(self, ada, site, imported, legacy):
        imported()
        legacy(*BLOCKS, problem("p4", title="When?"))
        site.edit(P1, '<problem display_name="Why?"><p>Other.</p></problem>')
        imported(on_conflict=Decision.OVERWRITE)
        new = key("problem", "p4")
        # The copies in courses are of the version before: there is a newer one for them.
        assert forwarded(P1, P2, T1, new) == ALL | {new: (item("p4"), 1)}

    def test_of_what_was_imported_without_names_the_versions_that_it_has(self, imported):
        imported(forward=Forward.NO)
        imported()
        assert (library_of(), forwarded()) == (TARGET, ALL)

    def test_forwards_to_what_stands_for_a_block_that_was_deleted(self, ada, imported, library):
        imported()
        author = Author(library.package_id, ada.pk)
        author.delete("xblock.v1:problem:p1")
        imported(on_conflict=Decision.FORK)
        assert forwarded(P1)[P1][0] == item("p1_1")


class TestForwardedElsewhere:
    @pytest.fixture
    def elsewhere(self, ada, imported, other, stage):
        """An import into another library, to which the legacy one is forwarded."""
        return api.complete_import(user=ada, import_id=stage(LIBRARY_KEY, target=OTHER).id)

    def test_it_stays_so_and_that_is_told(self, ada, elsewhere, imported, stage):
        told = api.plan_import(user=ada, import_id=stage(LIBRARY_KEY).id).forwarding
        assert (told.forwards, told.elsewhere, told.is_conflict, told.blocker) == (False, OTHER, True, "")
        run = imported()
        assert (library_of(), run.forwards) == (OTHER, False)
        assert any(f"forwarded to {OTHER} already" in warning for warning in run.warnings)

    def test_who_wants_it_here_has_to_say_so(self, ada, elsewhere, stage):
        run = stage(LIBRARY_KEY, forward=Forward.YES)
        plan = api.plan_import(user=ada, import_id=run.id)
        assert plan.blockers == (plan.forwarding.blocker,)
        with pytest.raises(api.PlanBlocked, match="instead, or not"):
            api.complete_import(user=ada, import_id=run.id)
        told = api.choose_forward(user=ada, import_id=run.id, forward=Forward.INSTEAD)
        assert (told.forwards, told.elsewhere, told.is_conflict) == (True, OTHER, False)
        api.complete_import(user=ada, import_id=run.id)
        assert (library_of(), forwarded()) == (TARGET, ALL)

    def test_undo_gives_it_back(self, ada, elsewhere, imported):
        run = imported(forward=Forward.INSTEAD)
        api.undo_import(user=ada, import_id=run.id)
        assert library_of() == OTHER
        assert forwarded() == {each: (to.replace("Target", "Other"), num) for each, (to, num) in ALL.items()}

    def test_what_the_platform_has_forwarded_is_respected_too(self, ada, site, legacy, other, stage):
        legacy()
        site.migrate(LIBRARY_KEY, OTHER, ada)
        assert api.plan_import(user=ada, import_id=stage(LIBRARY_KEY).id).forwarding.elsewhere == OTHER


class TestUndoAndRedo:
    def test_withdraw_it_and_give_it_back(self, ada, imported):
        run = imported()
        assert not api.undo_import(user=ada, import_id=run.id).forwards
        assert (library_of(), forwarded(), list(migrator.get_migrations())) == (None, {}, [])
        assert not UserTaskStatus.objects.exists()
        assert api.redo_import(user=ada, import_id=run.id).forwards
        assert (library_of(), forwarded()) == (TARGET, ALL)

    @pytest.mark.parametrize("first_undone", [0, 1])
    def test_of_one_of_several_leaves_what_the_others_forward(self, ada, legacy, imported, first_undone):
        runs = [imported()]
        legacy(*BLOCKS, problem("p4"))
        runs.append(imported())
        new = key("problem", "p4")
        api.undo_import(user=ada, import_id=runs[first_undone].id)
        assert library_of() == TARGET
        assert forwarded(P1, new).keys() == ({new} if first_undone == 0 else {P1})
        api.undo_import(user=ada, import_id=runs[1 - first_undone].id)
        assert (library_of(), forwarded(P1, new)) == (None, {})

    def test_of_the_one_that_made_the_items_leaves_nothing_to_forward_to(self, ada, imported, stage):
        first = imported()
        imported()  # It finds all of it there.
        api.undo_import(user=ada, import_id=first.id)
        assert (library_of(), forwarded()) == (None, {})
        plan = api.plan_import(user=ada, import_id=stage(LIBRARY_KEY).id)
        assert {item.outcome for item in plan.items} == {Outcome.CREATED}

    def test_of_what_somebody_has_removed_from_the_migrator_finds_nothing_to_withdraw(self, ada, imported):
        run = imported()
        migrator_models.ModulestoreMigration.objects.all().delete()
        assert api.undo_import(user=ada, import_id=run.id).state is ImportState.UNDONE

    def test_redo_does_not_take_it_from_whom_it_went_to_meanwhile(self, ada, imported, other, stage):
        run = imported()
        api.undo_import(user=ada, import_id=run.id)
        api.complete_import(user=ada, import_id=stage(LIBRARY_KEY, target=OTHER).id)
        assert not api.redo_import(user=ada, import_id=run.id).forwards
        assert library_of() == OTHER


class TestUndoInAnyOrder:
    """What takes the place of what is undone, where several have taken the source from each other."""

    THIRD = "lib:Acme:Third"

    @pytest.fixture
    def bring(self, ada, stage, other) -> Callable[..., str]:
        """The ID of an import into a library: ``bring(OTHER, Forward.INSTEAD)``."""
        api.create_library(user=ada, library_key=self.THIRD, title="Third")

        def run(target: str = TARGET, forward: Forward | None = None) -> str:
            staged = stage(LIBRARY_KEY, target=target, forward=forward)
            return api.complete_import(user=ada, import_id=staged.id).id

        return run

    @pytest.fixture
    def undo(self, ada):
        return lambda import_id: api.undo_import(user=ada, import_id=import_id)

    def led_to(self, library: str) -> bool:
        """Whether the legacy library and all its blocks lead to this one."""
        items = {to for to, _version in forwarded().values()}
        return library_of() == library and items == {
            item("p1", library),
            item("p2", library),
            item("t1", library, "html"),
        }

    def test_of_the_one_between_gives_back_to_the_first(self, legacy, bring, undo):
        legacy()
        bring()
        second, third = bring(OTHER, Forward.INSTEAD), bring(self.THIRD, Forward.INSTEAD)
        undo(second)
        assert self.led_to(self.THIRD)
        undo(third)
        assert self.led_to(TARGET)

    def test_of_one_of_two_into_a_library_gives_back_to_the_other(self, legacy, bring, undo):
        legacy()
        first = bring()
        legacy(*BLOCKS, problem("p4"))
        bring()
        elsewhere = bring(OTHER, Forward.INSTEAD)
        undo(first)
        undo(elsewhere)
        new = key("problem", "p4")
        assert (library_of(), forwarded(P1, new)) == (TARGET, {new: (item("p4"), 1)})

    def test_of_what_came_back_gives_it_to_whom_it_was_taken_from(self, ada, legacy, bring, undo):
        legacy()
        first, elsewhere, back = bring(), bring(OTHER, Forward.INSTEAD), bring(forward=Forward.INSTEAD)
        undo(back)
        assert self.led_to(OTHER)
        undo(elsewhere)
        assert self.led_to(TARGET)
        for import_id in (back, elsewhere):
            api.redo_import(user=ada, import_id=import_id)
        assert self.led_to(OTHER)
        for import_id in (first, elsewhere, back):
            undo(import_id)
        assert (library_of(), forwarded()) == (None, {})

    def test_of_all_that_followed_each_other_gives_back_what_the_first_has_taken(self, legacy, bring, undo):
        legacy()
        bring(OTHER)
        bring(forward=Forward.NO)
        runs = [bring(forward=Forward.INSTEAD), bring(), bring()]
        for import_id in runs:
            assert self.led_to(TARGET)
            undo(import_id)
        assert self.led_to(OTHER)


class TestRights:
    @pytest.fixture
    def bob(self, site, legacy, library):
        """May read the legacy library, and edit the other."""
        bob = site.person("bob")
        site.let_read(bob, legacy())
        site.let_edit(bob, TARGET)
        return bob

    def test_who_may_not_change_the_source_forwards_nothing(self, bob, stage):
        run = stage(LIBRARY_KEY, user=bob)
        told = api.plan_import(user=bob, import_id=run.id).forwarding
        assert (told.forwards, told.is_conflict) == (False, False)
        run = api.complete_import(user=bob, import_id=run.id)
        assert (run.state, run.forwards, library_of()) == (ImportState.IMPORTED, False, None)
        assert any("takes the right to change" in warning for warning in run.warnings)

    @pytest.mark.parametrize("forward", [Forward.YES, Forward.INSTEAD])
    def test_who_may_not_is_refused_at_once(self, ada, bob, stage, forward):
        with pytest.raises(api.NotPermitted, match="right to change") as refused:
            stage(LIBRARY_KEY, user=bob, forward=forward)
        assert refused.value.field == "forward"
        run = stage(LIBRARY_KEY, user=bob)
        with pytest.raises(api.NotPermitted):
            api.choose_forward(user=bob, import_id=run.id, forward=forward)
        api.choose_forward(user=ada, import_id=run.id, forward=forward)
        with pytest.raises(api.NotPermitted):
            api.complete_import(user=bob, import_id=run.id)

    def test_who_may_does(self, site, bob, stage):
        site.let_change(bob, LIBRARY_KEY)
        assert api.complete_import(user=bob, import_id=stage(LIBRARY_KEY, user=bob, forward=Forward.YES).id).forwards


class TestWithoutTheMigrator:
    @pytest.fixture(autouse=True)
    def none(self, settings):
        installed = [app for app in settings.INSTALLED_APPS if not app.endswith("modulestore_migrator")]
        with override_settings(INSTALLED_APPS=installed):
            yield

    def test_nothing_is_forwarded_and_nothing_said(self, ada, imported, stage):
        run = imported()
        assert (run.forwards, run.warnings) == (False, ())
        assert api.plan_import(user=ada, import_id=stage(LIBRARY_KEY).id).forwarding is None

    def test_who_asks_for_it_is_told(self, ada, legacy, library):
        legacy()
        options = ImportOptions(forward=Forward.YES)
        with pytest.raises(api.InvalidOption, match="no modulestore_migrator") as refused:
            api.create_import(user=ada, source_key=LIBRARY_KEY, library_key=TARGET, options=options)
        assert refused.value.field == "forward"


class TestFromAFile:
    """A legacy library that somebody has uploaded: it may be that of another site."""

    @pytest.fixture
    def made(self, ada, library, settings, tmp_path):
        settings.IMPORT_FROM_MODULESTORE_EXPORTS_DIR = str(tmp_path / "exports")
        archive = pack(write_library(tmp_path / "legacy", *BLOCKS), tmp_path / "legacy.tar.gz")
        source = api.upload_export(user=ada, file=BytesIO(archive.read_bytes()), name="legacy.tar.gz")

        def run(**options) -> ImportData:
            named = {"source_key": source.key, "origin": source.origin, "export": source.export}
            run = api.create_import(user=ada, library_key=TARGET, options=ImportOptions(**options), **named)
            api.stage_import(user=ada, import_id=run.id)
            return api.complete_import(user=ada, import_id=run.id)

        return run

    def test_is_not_forwarded_unasked(self, made):
        assert (made().forwards, library_of()) == (False, None)

    def test_is_forwarded_for_who_asks(self, made):
        assert made(forward=Forward.YES).forwards
        assert (library_of(), forwarded()) == (TARGET, ALL)
