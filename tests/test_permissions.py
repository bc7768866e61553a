"""Every action checks for itself who may do it, and tells nobody of what they may not know."""

from __future__ import annotations

from contextlib import AbstractContextManager
from io import BytesIO
from itertools import cycle
from uuid import uuid4

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction
from openedx_content.models_api import LearningPackage

from import_from_modulestore import api
from import_from_modulestore.data import (
    Action,
    ChosenBlock,
    Contents,
    Decision,
    Forward,
    ImportState,
    OpenedFile,
    Page,
    ReviewChoices,
    SourceReference,
)
from import_from_modulestore.models import Import, StagedBlock
from import_from_modulestore_standalone.grants import Role, give, take

from .builders import KEY, TARGET, block, pack, section, subsection, text, unit, usage_key, write_course, write_library
from .keeping import kept
from .library_state import library_state

BLOCK = usage_key("html", "t1")
BANK = usage_key("itembank", "bank")
IMAGE = '<img src="/static/a.png">'
COURSE = section("s", subsection("b", unit("u", text("t1", IMAGE), block("itembank", "bank", "", text("t2")))))

# Who may do what: y yes, n not permitted, - told that there is nothing, e an empty list, or told that they may not.
#
# The reviewer sees the target and reads the sources; the outsider edits the target but does not read the sources.
# Blocks of courses can be linked in Studio alone.
TABLE = """
                           superuser  editor  outsider  reviewer  viewer  stranger

list_sources                   y        y        e         y        e        e
get_source                     y        y        -         y        -        -
upload_limit                   y        y        y         e        e        e
upload_export                  y        y        y         n        n        n
passing_export                 y        y        y         n        n        n
remove_export                  y        -        -         -        -        -
list_libraries                 y        y        y         y        y        e
may_create_libraries           y        e        e         e        e        e
may_forward                    e        e        e         e        e        e
get_library                    y        y        y         y        y        -
create_library                 y        n        n         n        n        n
backup_library                 y        y        y         y        y        -

create_import                  y        y        -         n        -        -
create_import of a library     y        n        -         n        -        -
preview_import                 y        y        -         n        -        -
stage_import                   y        y        n         n        n        -
start_staging                  y        y        n         n        n        -

plan_import                    y        y        n         y        n        -
get_summary                    y        y        n         y        n        -
list_blocks                    y        y        n         y        n        -
get_tree                       y        y        n         y        n        -
find_conflict                  y        y        n         y        n        -
get_block                      y        y        n         y        n        -
render_block                   y        y        n         y        n        -
sign_file                      y        y        n         y        n        -
open_file                      y        y        n         y        n        -
select_blocks                  y        y        n         n        n        -
decide_blocks                  y        y        n         n        n        -
choose_contents                y        y        n         n        n        -
choose_pieces                  y        y        n         n        n        -
choose_as_last_time            y        y        n         n        n        -
get_forwarding                 y        y        n         y        n        -
choose_forward                 y        y        n         n        n        -
export_choices                 y        y        n         y        n        -
apply_choices                  y        y        n         n        n        -
edit_block                     y        y        n         n        n        -
check_edit                     y        y        n         n        n        -
revert_block                   y        y        n         n        n        -
list_gone                      y        y        n         y        n        -
remove_gone                    y        y        n         n        n        -
get_last_change                y        y        n         y        n        -
take_back                      y        y        n         n        n        -

complete_import                y        y        n         n        n        -
start_completion               y        y        n         n        n        -
cancel_import                  y        y        y         n        n        -
retry_import                   y        y        n         n        n        -
start_retry                    y        y        n         n        n        -

list_imports                   y        y        y         y        y        e
get_permitted_actions          y        y        y         e        e        -
get_import                     y        y        y         y        y        -
get_imports                    y        y        y         y        y        e
get_records                    y        y        y         y        y        -
list_records                   y        y        y         y        y        -
get_report                     y        y        y         y        y        -
get_reversals                  y        y        y         y        y        -
get_last_reversal_items        y        y        y         y        y        -
list_work                      y        y        y         y        y        -
mark_done                      y        y        y         n        n        -
get_item_history               y        y        y         y        y        e
get_library_history            y        y        y         y        y        e
where_from                     y        y        y         y        y        e
where_to                       y        y        y         y        y        e

may_link                       e        e        e         e        e        -
preview_links                  n        n        n         n        n        -
link_back                      n        n        n         n        n        -
unlink                         n        n        n         n        n        -

create_batch                   y        y        -         n        -        -
get_batch                      y        y        y         y        y        -
list_batches                   y        y        y         y        y        e
start_batch_step               y        y        n         n        n        -
do_batch_step                  y        y        n         n        n        -
preview_batch_step             y        y        y         y        y        -

preview_undo                   y        y        y         y        y        -
undo_import                    y        y        y         n        n        -
start_undo                     y        y        y         n        n        -
preview_redo                   y        y        y         y        y        -
redo_import                    y        y        y         n        n        -
start_redo                     y        y        y         n        n        -
"""

CALLS = {
    "list_sources": {},
    "get_source": {"source_key": KEY},
    "list_libraries": {},
    "may_forward": {"source_key": KEY},
    "get_library": {"library_key": TARGET},
    "create_library": {"library_key": "lib:Acme:New", "title": "New"},
    "backup_library": {"library_key": TARGET},
    "create_import": {"source_key": KEY, "library_key": TARGET},
    "create_import of a library": {"source_key": KEY, "library_key": "lib:Acme:New", "new_library_title": ""},
    "preview_import": {"source_key": KEY, "library_key": TARGET},
    "get_block": {"usage_key": BLOCK},
    "render_block": {"usage_key": BLOCK, "address": str},
    "sign_file": {"usage_key": BLOCK, "name": "a.png"},
    "open_file": {"usage_key": BLOCK, "name": "a.png"},
    "select_blocks": {"usage_keys": [BLOCK], "selected": False},
    "decide_blocks": {"usage_keys": [BLOCK], "decision": Decision.FORK},
    "choose_contents": {"usage_keys": [BANK], "contents": Contents.UNIT},
    "choose_forward": {"forward": Forward.NO},
    "choose_pieces": {"usage_key": BLOCK, "choices": {}},
    "apply_choices": {
        "choices": ReviewChoices(blocks=(ChosenBlock(block_type="html", block_id="t1", selected=False),))
    },
    "edit_block": {"usage_key": BLOCK, "title": "Other"},
    "check_edit": {"usage_key": BLOCK, "olx": "<html/>"},
    "revert_block": {"usage_key": BLOCK},
    "list_imports": {},
    "take_back": {"change": 2},
    "create_batch": {"sources": [SourceReference(KEY)], "library_key": TARGET},
    "start_batch_step": {"action": Action.STAGE},
    "do_batch_step": {"action": Action.STAGE},
    "preview_batch_step": {"action": Action.UNDO},
    "mark_done": {"nums": []},
    "get_item_history": {"item_key": f"lb:{TARGET.removeprefix('lib:')}:html:t1"},
    "get_library_history": {"library_key": TARGET},
    "where_from": {"item_key": f"lb:{TARGET.removeprefix('lib:')}:html:t1"},
    "where_to": {"usage_key": BLOCK},
}

STATES = {
    "stage_import": "created",
    "start_staging": "created",
    "cancel_import": "created",
    **dict.fromkeys(
        [
            "plan_import",
            "get_summary",
            "list_blocks",
            "get_tree",
            "find_conflict",
            "get_block",
            "render_block",
            "sign_file",
            "open_file",
            "select_blocks",
            "decide_blocks",
            "choose_contents",
            "choose_pieces",
            "choose_as_last_time",
            "choose_forward",
            "get_forwarding",
            "export_choices",
            "apply_choices",
            "edit_block",
            "check_edit",
            "revert_block",
            "list_gone",
            "remove_gone",
            "get_last_change",
            "take_back",
            "complete_import",
            "start_completion",
        ],
        "staged",
    ),
    "retry_import": "failed",
    "start_retry": "failed",
    "redo_import": "undone",
    "start_redo": "undone",
    "preview_redo": "undone",
    "get_last_reversal_items": "undone",
    "get_reversals": "undone",
    **dict.fromkeys(
        [
            "get_permitted_actions",
            "get_import",
            "get_records",
            "list_records",
            "list_work",
            "get_report",
            "mark_done",
            "preview_undo",
            "undo_import",
            "start_undo",
            "may_link",
            "preview_links",
            "link_back",
            "unlink",
        ],
        "done",
    ),
}
"""On which import each is tried; those that are not here take none."""

HOUSEKEEPING = {"run_step", "recover_imports", "remove_old_staged_content", "open_signed_file"}
"""What nobody asks for, or whoever has what was signed."""

NAMES, *ROWS = [line.split() for line in TABLE.splitlines() if line.strip()]
EXPECTED = {" ".join(row[: -len(NAMES)]): dict(zip(NAMES, row[-len(NAMES) :], strict=True)) for row in ROWS}


@pytest.fixture
@kept
def imports(courses, user, run_import):
    """An import in each of the states that the calls are tried in, by ID."""
    write_course(courses / "c1", COURSE, section("lost"))

    def created() -> str:
        return api.create_import(user=user, source_key=KEY, library_key=TARGET).id

    ids = {"undone": run_import()[0].id}
    api.undo_import(user=user, import_id=ids["undone"])
    ids["done"] = run_import()[0].id
    write_course(courses / "c1", COURSE, static={"a.png": b"image"})
    ids |= {"created": created(), "staged": created(), "failed": created()}
    for name in ("staged", "failed"):
        api.stage_import(user=user, import_id=ids[name])
    api.edit_block(user=user, import_id=ids["staged"], usage_key=BLOCK, title="Edited")
    api.select_blocks(user=user, import_id=ids["staged"], usage_keys=[BANK], selected=False)
    Import.objects.filter(uuid=ids["failed"]).update(state=ImportState.IMPORT_FAILED)
    for name in ("batch", "undoable batch"):
        made = api.create_batch(user=user, sources=[SourceReference(KEY)], library_key=TARGET)
        ids[name] = made.id
        if name != "batch":
            Import.objects.filter(batch__uuid=made.id).update(state=ImportState.IMPORTED)
    return ids


def attempt(name: str, user, imports, folder, **changed):
    """Call a function, and take back what it did; what it returned, or the error."""
    arguments = dict(CALLS.get(name, {}))
    if name in STATES:
        arguments["import_id"] = imports[STATES[name]]
    if "batch" in name and name not in ("create_batch", "list_batches"):
        arguments["batch_id"] = imports["undoable batch" if name.startswith("preview") else "batch"]
    if name == "get_imports":
        arguments["import_ids"] = [imports["done"], "none"]
    if name == "backup_library":
        arguments["file"] = folder / f"{user.get_username()}.zip"
    if name in ("upload_export", "passing_export"):
        archive = pack(write_library(folder / "l9"), folder / "l9.tar.gz")
        arguments |= {"file": BytesIO(archive.read_bytes()), "name": "l9.tar.gz"}
    if name == "remove_export":
        arguments["export"] = uploaded(folder, "ada")
    with transaction.atomic():
        try:
            result = getattr(api, name.partition(" ")[0])(user=user, **arguments | changed)
            if name == "upload_limit":
                return [result] if result else []
            if isinstance(result, AbstractContextManager):
                with result as result:
                    return result
            if isinstance(result, OpenedFile):
                result.content.close()
            result = result.items if isinstance(result, Page) else result
            return list(result) if isinstance(result, tuple) or name.startswith("list_") else result
        except api.ImportFromModulestoreError as error:
            return error
        finally:
            transaction.set_rollback(True)


def uploaded(folder, username: str) -> str:
    """The export that this user has uploaded."""
    archive = pack(write_library(folder / "l9"), folder / "l9.tar.gz")
    owner = get_user_model().objects.get(username=username)
    return api.upload_export(user=owner, file=BytesIO(archive.read_bytes()), name="l9.tar.gz").export


def outcome(result) -> str:
    if isinstance(result, api.NotPermitted):
        return "n"
    if isinstance(result, api.NotFound):
        return "-"
    if isinstance(result, Exception):
        return repr(result)
    return "e" if result in ([], {}) or result is False else "y"


def test_the_table_is_complete():
    functions = {name for name in api.__all__ if name[0].islower()}
    assert {name.partition(" ")[0] for name in EXPECTED} == functions - HOUSEKEEPING


def test_who_may_do_what(imports, request, tmp_path):
    found = {}
    for role in NAMES:
        user = request.getfixturevalue(role)
        found[role] = {name: outcome(attempt(name, user, imports, tmp_path)) for name in EXPECTED}
    assert found == {role: {name: expected[role] for name, expected in EXPECTED.items()} for role in NAMES}


@pytest.mark.parametrize("in_all", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_rights_come_before_the_state(imports, request, tmp_path, in_all):
    """Who may not do something is told so whatever the import's state is, and learns nothing from the answer."""
    found, expected, one_after_another = {}, {}, cycle(ImportState)
    for role in NAMES:
        user = request.getfixturevalue(role)
        for name in STATES:
            if EXPECTED[name][role] not in ("y", "e"):
                for state in ImportState if in_all else [next(one_after_another)]:
                    Import.objects.update(state=state)
                    found[role, name, state] = outcome(attempt(name, user, imports, tmp_path))
                    expected[role, name, state] = EXPECTED[name][role]
    assert found == expected


def test_a_refusal_changes_nothing(imports, viewer, tmp_path):
    before = library_state(TARGET), list(Import.objects.values()), list(StagedBlock.objects.values())
    for name, expected in EXPECTED.items():
        if expected["viewer"] == "n":
            attempt(name, viewer, imports, tmp_path)
    assert before == (library_state(TARGET), list(Import.objects.values()), list(StagedBlock.objects.values()))


class TestStrangersAreToldNothing:
    """What exists and may not be known of is spoken of as what does not exist."""

    def test_of_an_import(self, imports, stranger, tmp_path):
        nowhere = str(uuid4())
        for name, state in STATES.items():
            existing = attempt(name, stranger, imports, tmp_path)
            missing = attempt(name, stranger, imports, tmp_path, import_id=nowhere)
            assert str(existing).replace(imports[state], nowhere) == str(missing)

    def test_of_the_beginning_of_an_id(self, imports, stranger, user):
        for digit in "0123456789abcdef":
            with pytest.raises(api.NotFound, match=f"There is no import {digit}[.,]"):
                api.get_import(user=stranger, import_id=digit)

    def test_of_a_library(self, library, person, tmp_path, courses):
        write_course(courses / "c1", COURSE, static={"a.png": b"image"})
        reader = person("rob", Role.READER)
        for name, argument in (
            ("get_library", "library_key"),
            ("backup_library", "library_key"),
            ("create_import", "library_key"),
            ("preview_import", "library_key"),
        ):
            existing = attempt(name, reader, {}, tmp_path)
            missing = attempt(name, reader, {}, tmp_path, **{argument: "lib:Acme:None"})
            assert isinstance(existing, api.NotFound)
            assert str(existing).replace(TARGET, "lib:Acme:None") == str(missing)

    def test_of_a_library_that_somebody_would_make(self, library, person, tmp_path, courses):
        write_course(courses / "c1", COURSE, static={"a.png": b"image"})
        reader = person("rob", Role.READER)
        for new in ({}, {"new_library_title": ""}):
            there = attempt("create_import", reader, {}, tmp_path, **new)
            missing = attempt("create_import", reader, {}, tmp_path, library_key="lib:Acme:None", **new)
            assert type(there) is type(missing)
            assert str(there).replace(TARGET, "lib:Acme:None") == str(missing)

    def test_of_a_source(self, imports, outsider, tmp_path):
        for name in ("get_source", "create_import", "preview_import", "create_import of a library"):
            there = attempt(name, outsider, imports, tmp_path)
            missing = attempt(name, outsider, imports, tmp_path, source_key="course-v1:Acme+None+R1")
            assert isinstance(there, api.NotFound)
            assert str(there).replace("C1", "None") == str(missing)

    def test_of_the_history_of_another_library(self, imports, person, user):
        other = api.create_library(user=user, library_key="lib:Acme:Other", title="Other")
        olaf = person("olaf")
        give(olaf, Role.EDITOR, LearningPackage.objects.get(package_ref=other.key))
        assert api.list_imports(user=olaf).total == 0
        assert api.where_to(user=olaf, usage_key=BLOCK) == []


class TestBeginningOfAnId:
    def test_means_one_that_the_user_may_know_of(self, imports, user, person, library):
        """Another import whose ID begins alike does not get in the way."""
        hidden = Import.objects.get(uuid=imports["staged"])
        shown = Import.objects.get(uuid=imports["done"])
        Import.objects.filter(pk=hidden.pk).update(
            library_key="lib:Acme:Other",
            learning_package=None,
            uuid=shown.uuid.hex[:31] + "0123456789abcdef"[(int(shown.uuid.hex[31], 16) + 1) % 16],
        )
        viewer = person("vic", Role.VIEWER)
        assert api.get_import(user=viewer, import_id=shown.uuid.hex[:30]).id == imports["done"]
        with pytest.raises(api.NotFound, match="Several imports"):
            api.get_import(user=user, import_id=shown.uuid.hex[:30])


class TestOnesOwnImport:
    @pytest.fixture
    def own(self, courses, person):
        """An import into a library that is still to be made, and the user who asked for it."""
        write_course(courses / "c1", COURSE, static={"a.png": b"image"})
        maker = person("carla", Role.READER, Role.CREATOR)
        run = api.create_import(user=maker, source_key=KEY, library_key="lib:Acme:New", new_library_title="New")
        return maker, run.id

    def test_is_seen_before_there_is_a_library_and_by_nobody_else(self, own, editor):
        maker, import_id = own
        assert api.get_import(user=maker, import_id=import_id)
        with pytest.raises(api.NotFound):
            api.get_import(user=editor, import_id=import_id)

    def test_can_be_canceled_by_who_lost_the_right_to_do_it(self, own):
        maker, import_id = own
        for role in (Role.READER, Role.CREATOR):
            take(maker, role)
        maker = type(maker).objects.get(pk=maker.pk)
        with pytest.raises(api.NotPermitted):
            api.stage_import(user=maker, import_id=import_id)
        assert api.cancel_import(user=maker, import_id=import_id).state is ImportState.CANCELED

    def test_is_not_done_where_somebody_else_made_the_library_meanwhile(self, own, user):
        maker, import_id = own
        api.stage_import(user=maker, import_id=import_id)
        api.create_library(user=user, library_key="lib:Acme:New", title="Another's")
        with pytest.raises(api.NotFound):
            api.complete_import(user=maker, import_id=import_id)

    def test_is_not_seen_by_who_lost_the_rights_on_its_library(self, imports, editor, library):
        run = api.create_import(user=editor, source_key=KEY, library_key=TARGET)
        take(editor, Role.EDITOR, LearningPackage.objects.get(package_ref=TARGET))
        with pytest.raises(api.NotFound):
            api.cancel_import(user=editor, import_id=run.id)


class TestWorkers:
    """A worker acts for who asked, with the rights that they have then."""

    @pytest.fixture
    def asked(self, courses, editor):
        write_course(courses / "c1", COURSE, static={"a.png": b"image"})
        run = api.create_import(user=editor, source_key=KEY, library_key=TARGET)
        api.start_staging(user=editor, import_id=run.id)
        return run.id

    def test_does_nothing_for_who_lost_them(self, asked, editor, user):
        take(editor, Role.EDITOR, LearningPackage.objects.get(package_ref=TARGET))
        with pytest.raises(api.NotPermitted):
            api.run_step(import_id=asked)
        run = api.get_import(user=user, import_id=asked)
        assert (run.state, run.error) == (ImportState.STAGING_FAILED, f"You may not change {TARGET}.")

    def test_does_nothing_for_who_is_gone(self, asked, editor, user):
        editor.delete()
        with pytest.raises(api.NotPermitted, match="is gone"):
            api.run_step(import_id=asked)
        assert api.get_import(user=user, import_id=asked).state is ImportState.STAGING_FAILED
