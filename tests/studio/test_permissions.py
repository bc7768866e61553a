"""Who may do what in Studio: every door asks the platform, and gives the same answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse
from openedx_content import api as content_api
from openedx_content.models_api import LearningPackage
from rest_framework.test import APIClient

from import_from_modulestore import api, tasks
from import_from_modulestore.command_line.base import NOT_FOUND, NOT_PERMITTED, PARTLY
from import_from_modulestore.data import Decision, Forward, ImportOptions, ImportState, Page, SourceReference
from import_from_modulestore.models import Import, StagedBlock
from tests.builders import KEY, LIBRARY_KEY, TARGET, section, subsection, text, unit, usage_key, write_library
from tests.keeping import kept
from tests.library_state import library_state

NEW = "lib:Acme:New"
NOWHERE = str(uuid4())
BLOCK = usage_key("html", "t1")
ITEM = "lb:Acme:Target:html:t1"
OF_DRAFTS = " of drafts"
WAY_OUT = f"You may change {TARGET}, but not publish in it. Import without publishing."

# Who may do what with imports that global staff made: y yes, n not permitted, - told that there is nothing, e an empty
# list. An import publishes, unless it is one "of drafts".
#
# The reader may read the source and the author edit the library; "both" is both. The contributor is "both", but for
# publishing. The creator is a reader who may make libraries. The two on the right have closed accounts: of who was both
# and a creator, and of global staff.
TABLE = """
                              nobody  reader  author  both  contributor  creator  staff  closed  closed_staff

list_sources                    e       y       e      y         y          y       y      e          e
get_source                      -       y       -      y         y          y       y      -          -
list_libraries                  e       e       y      y         y          e       y      e          e
get_library                     -       -       y      y         y          -       y      -          -
create_library                  n       n       n      n         n          y       y      n          n
backup_library                  -       -       y      y         y          -       y      -          -

create_import                   -       -       -      y         n          -       y      -          -
create_import of drafts         -       -       -      y         y          -       y      -          -
create_import that forwards     -       -       -      y         n          -       y      -          -
create_import of a library      -       n       -      n         n          y       y      -          -
create_batch                    -       -       -      y         n          -       y      -          -
create_batch of drafts          -       -       -      y         y          -       y      -          -
list_batches                    e       e       y      y         y          e       y      e          e
preview_import                  -       -       -      y         n          -       y      -          -
preview_import of drafts        -       -       -      y         y          -       y      -          -
stage_import                    -       -       n      y         y          -       y      -          -

plan_import                     -       -       n      y         y          -       y      -          -
list_blocks                     -       -       n      y         y          -       y      -          -
get_block                       -       -       n      y         y          -       y      -          -
select_blocks                   -       -       n      y         y          -       y      -          -
decide_blocks                   -       -       n      y         y          -       y      -          -
edit_block                      -       -       n      y         y          -       y      -          -
revert_block                    -       -       n      y         y          -       y      -          -
get_forwarding                  -       -       n      y         y          -       y      -          -
choose_forward                  -       -       n      y         y          -       y      -          -

complete_import                 -       -       n      y         n          -       y      -          -
complete_import of drafts       -       -       n      y         y          -       y      -          -
complete_import that forwards   -       -       n      y         n          -       y      -          -
retry_import                    -       -       n      y         n          -       y      -          -
retry_import of drafts          -       -       n      y         y          -       y      -          -
cancel_import                   -       -       y      y         y          -       y      -          -

list_imports                    e       e       y      y         y          e       y      e          e
get_import                      -       -       y      y         y          -       y      -          -
get_records                     -       -       y      y         y          -       y      -          -
get_reversals                   -       -       y      y         y          -       y      -          -
get_last_reversal_items         -       -       y      y         y          -       y      -          -
where_from                      e       e       y      y         y          e       y      e          e
where_to                        e       e       y      y         y          e       y      e          e

preview_links                   -       -       n      y         y          -       y      -          -
link_back                       -       -       n      y         y          -       y      -          -
unlink                          -       -       n      y         y          -       y      -          -

preview_undo                    -       -       y      y         y          -       y      -          -
undo_import                     -       -       y      y         n          -       y      -          -
undo_import of drafts           -       -       y      y         y          -       y      -          -
preview_redo                    -       -       y      y         y          -       y      -          -
redo_import                     -       -       y      y         n          -       y      -          -
redo_import of drafts           -       -       y      y         y          -       y      -          -
"""

NAMES, *ROWS = [line.split() for line in TABLE.splitlines() if line.strip()]
EXPECTED = {" ".join(row[: -len(NAMES)]): dict(zip(NAMES, row[-len(NAMES) :], strict=True)) for row in ROWS}


@dataclass(frozen=True)
class Asked:
    """How to ask for something at each door, where it can be asked for there."""

    on: str = ""
    """The import that it is tried on."""
    arguments: dict[str, Any] = field(default_factory=dict)
    start: str = ""
    """The function that hands it to a worker."""
    rest: tuple[Any, ...] = ()
    words: tuple[str, ...] = ()


def _import_to(target: str, publish: bool, forward: Forward | None = None, **more: Any) -> Asked:
    options = ImportOptions(publish=publish, forward=forward)
    given = {"publish": publish, "forward": forward and forward.value}
    body = {"source_key": KEY, "library_key": target, "options": given, "start": False, **more}
    words = [KEY, target, *([] if publish else ["--no-publish"]), *(["--create"] if more else [])]
    words += ["--forward", forward.value] if forward else []
    arguments = {"source_key": KEY, "library_key": target, "options": options, **more}
    return Asked("", arguments, rest=("POST", "imports/", body), words=("stage", *words))


def _batch(publish: bool) -> Asked:
    options, sources = ImportOptions(publish=publish), [SourceReference(KEY)]
    body = {"sources": [{"source_key": KEY}], "library_key": TARGET, "options": {"publish": publish}, "start": False}
    arguments = {"sources": sources, "library_key": TARGET, "options": options}
    words = ("batch", KEY, TARGET, *([] if publish else ["--no-publish"]))
    return Asked("", arguments, rest=("POST", "batches/", body), words=words)


def _on(
    state: str, path: str, *words: str, method: str = "POST", body: Any = None, start: str = "", **arguments: Any
) -> Asked:
    return Asked(state, arguments, start, (method, f"imports/{{id}}/{path}", body), words)


_BLOCKS = f"blocks/{BLOCK}/"
_CREATE, _CREATE_DRAFTS = _import_to(TARGET, True), _import_to(TARGET, False)
ASKED = {
    "list_sources": Asked(rest=("GET", "sources/"), words=("sources",)),
    "get_source": Asked(arguments={"source_key": KEY}, rest=("GET", f"sources/{KEY}/")),
    "list_libraries": Asked(rest=("GET", "libraries/"), words=("libraries",)),
    "get_library": Asked(arguments={"library_key": TARGET}, rest=("GET", f"libraries/{TARGET}/")),
    "create_library": Asked(
        arguments={"library_key": NEW, "title": "New"}, rest=("POST", "libraries/", {"key": NEW, "title": "New"})
    ),
    "backup_library": Asked(arguments={"library_key": TARGET}, words=("backup", TARGET)),
    "create_import": _CREATE,
    "create_import of drafts": _CREATE_DRAFTS,
    "create_import that forwards": _import_to(TARGET, True, Forward.YES),
    "create_import of a library": _import_to(NEW, True, new_library_title=""),
    "create_batch": _batch(True),
    "create_batch of drafts": _batch(False),
    "list_batches": Asked(rest=("GET", "batches/"), words=("batches",)),
    "preview_import": Asked(arguments=_CREATE.arguments, words=("preview", *_CREATE.words[1:])),
    "preview_import of drafts": Asked(arguments=_CREATE_DRAFTS.arguments, words=("preview", *_CREATE_DRAFTS.words[1:])),
    "stage_import": _on("created", "stage/", "stage", "{id}", start="start_staging"),
    "plan_import": _on("staged", "plan/", "plan", "{id}", method="GET"),
    "list_blocks": _on("staged", "blocks/", "review", "{id}", method="GET"),
    "get_block": _on("staged", _BLOCKS, "review", "{id}", "t1", method="GET", usage_key=BLOCK),
    "select_blocks": _on(
        "staged",
        _BLOCKS,
        *("leave-out", "{id}", "t1"),
        method="PATCH",
        body={"selected": False},
        usage_keys=[BLOCK],
        selected=False,
    ),
    "decide_blocks": _on(
        "staged",
        "blocks/",
        *("decide", "{id}", "fork", "t1"),
        method="PATCH",
        body={"usage_keys": [BLOCK], "decision": "fork"},
        usage_keys=[BLOCK],
        decision=Decision.FORK,
    ),
    "edit_block": _on(
        "staged",
        _BLOCKS,
        *("edit", "{id}", "t1", "--title", "Other"),
        method="PATCH",
        body={"title": "Other"},
        usage_key=BLOCK,
        title="Other",
    ),
    "revert_block": _on(
        "staged", f"{_BLOCKS}edit/", *("edit", "{id}", "t1", "--revert"), method="DELETE", usage_key=BLOCK
    ),
    "get_forwarding": _on("staged", "forwarding/", method="GET"),
    "choose_forward": _on(
        "staged",
        "forwarding/",
        *("forward", "{id}", "yes"),
        method="PATCH",
        body={"forward": "yes"},
        forward=Forward.YES,
    ),
    "complete_import that forwards": _on(
        "staged that forwards", "complete/", "complete", "{id}", start="start_completion"
    ),
    "complete_import": _on("staged", "complete/", "complete", "{id}", start="start_completion"),
    "retry_import": _on("failed", "retry/", "retry", "{id}", start="start_retry"),
    "cancel_import": _on("created", "cancel/", "cancel", "{id}"),
    "list_imports": Asked(rest=("GET", "imports/"), words=("history",)),
    "get_import": _on("done", "", "show", "{id}", method="GET"),
    "get_records": _on("done", "records/", method="GET"),
    "get_reversals": _on("undone", "reversals/", method="GET"),
    "get_last_reversal_items": _on("undone", "reversals/last/", method="GET"),
    "where_from": Asked(arguments={"item_key": ITEM}, rest=("GET", f"where/?item_key={ITEM}"), words=("where", ITEM)),
    "where_to": Asked(
        arguments={"usage_key": BLOCK},
        rest=("GET", f"where/?usage_key={BLOCK.replace('+', '%2B')}"),
        words=("where", BLOCK),
    ),
    "preview_links": _on("done", "links/", "link", "{id}", "--preview", method="GET"),
    "link_back": _on("done", "links/", "link", "{id}", "--yes"),
    "unlink": _on("done", "unlink/", "unlink", "{id}", "--yes"),
    "preview_undo": _on("done", "undo/", "undo", "{id}", "--preview", method="GET"),
    "undo_import": _on("done", "undo/", "undo", "{id}", "--yes", start="start_undo"),
    "preview_redo": _on("undone", "redo/", "redo", "{id}", "--preview", method="GET"),
    "redo_import": _on("undone", "redo/", "redo", "{id}", "--yes", start="start_redo"),
}


def asked_for(name: str) -> Asked:
    """What a row asks for; those "of drafts" the same of an import of drafts."""
    if name in ASKED:
        return ASKED[name]
    plain = ASKED[name.removesuffix(OF_DRAFTS)]
    return Asked(plain.on + OF_DRAFTS, plain.arguments, plain.start, plain.rest, plain.words)


@pytest.fixture
def course(load) -> str:
    return load(section("s", subsection("b", unit("u", text("t1")))))


@pytest.fixture
def people(site, course, library) -> Callable[[str], Any]:
    """Somebody of the table: ``people("reader")``."""
    rights = {
        "reader": "read",
        "author": "edit",
        "both": "read edit",
        "contributor": "read contribute",
        "creator": "read create_libraries",
        "closed": "read edit create_libraries",
    }
    of = {"read": KEY, "edit": TARGET, "contribute": TARGET}

    def make(name: str, *, username: str = "") -> Any:
        person = site.person(username or name, is_staff=name.endswith("staff"))
        for right in rights.get(name, "").split():
            getattr(site, f"let_{right}")(person, *[of[right]] if right in of else [])
        if name.startswith("closed"):
            site.close_account(person)
        return type(person).objects.get(pk=person.pk)

    return make


@pytest.fixture
def import_that_is(ada, course, stage) -> Callable[..., str]:
    """The ID of a new import in one of the states that something is tried on: ``import_that_is("done")``."""

    def make(state: str, *, publish: bool = True, **more: Any) -> str:
        if state == "created":
            options = ImportOptions(publish=publish)
            return api.create_import(user=ada, source_key=KEY, library_key=TARGET, options=options).id
        import_id = stage(publish=publish, **more).id
        if state == "staged":
            api.edit_block(user=ada, import_id=import_id, usage_key=BLOCK, title="Edited")
        if state == "failed":
            Import.objects.filter(uuid=import_id).update(state=ImportState.IMPORT_FAILED)
        if state in ("done", "undone"):
            api.complete_import(user=ada, import_id=import_id)
        if state == "undone":
            api.undo_import(user=ada, import_id=import_id)
        return import_id

    return make


@pytest.fixture
@kept
def imports(ada, import_that_is) -> dict[str, str]:
    """The IDs of one in each of these states, and of one of drafts. There is a batch, too."""
    api.create_batch(user=ada, sources=[SourceReference(KEY)], library_key=TARGET)
    states = ("undone", "done", "created", "staged", "failed")
    return {
        **{state: import_that_is(state) for state in states},
        **{state + OF_DRAFTS: import_that_is(state, publish=False) for state in states},
        "staged that forwards": import_that_is("staged", forward=Forward.YES),
    }


@contextmanager
def taken_back() -> Iterator[None]:
    """What is done inside is not done."""
    with transaction.atomic():
        try:
            yield
        finally:
            transaction.set_rollback(True)


def of_its_own() -> transaction.Atomic:
    """
    A transaction for a request. REST framework has the one around a refused request rolled back where ATOMIC_REQUESTS
    is on, and does not know that of the test from one of the request's.
    """
    return transaction.atomic()


class PythonDoor:
    """The functions of the API, or those that hand the same to a worker."""

    def __init__(self, folder: Any, *, by_worker: bool = False) -> None:
        self._folder = folder
        self._by_worker = by_worker

    def takes(self, asked: Asked) -> bool:
        return bool(asked.start) or not self._by_worker

    def ask(self, name: str, asked: Asked, user: Any, import_id: str) -> str:
        arguments = dict(asked.arguments)
        if import_id:
            arguments["import_id"] = import_id
        if name == "backup_library":
            arguments["file"] = self._folder / f"{user.username}.zip"
        function = getattr(api, asked.start if self._by_worker else name.partition(" ")[0])
        try:
            result = function(user=user, **arguments)
        except api.NotPermitted as error:
            return "way out" if str(error) == WAY_OUT else "n"
        except api.NotFound:
            return "-"
        found = result.items if isinstance(result, Page) else result
        return "e" if isinstance(found, list | tuple) and not found else "y"


class RestDoor:
    """The REST API, for somebody who is known to it by a token."""

    def takes(self, asked: Asked) -> bool:
        return bool(asked.rest)

    def ask(self, name: str, asked: Asked, user: Any, import_id: str) -> str:
        client = APIClient()
        client.force_authenticate(user)
        method, path, *body = asked.rest
        root = reverse("modulestore_imports_api:v1:imports").removesuffix("imports/")
        given = json.dumps(next(iter(body), None) or {})
        with of_its_own():
            response = client.generic(method, root + path.format(id=import_id), given, "application/json")
        answer = response.json()
        match response.status_code, answer:
            case 403, {"code": "not_permitted"}:
                return "way out" if answer["detail"] == WAY_OUT else "n"
            case 404, {"code": "not_found"}:
                return "-"
            case 200 | 201 | 202, _:
                return "e" if answer.get("count") == 0 else "y"
        return f"{response.status_code} {answer}"


class CommandLineDoor:
    """``manage.py cms import_from_modulestore … --user NAME``."""

    def __init__(self, folder: Any) -> None:
        self._folder = folder

    def takes(self, asked: Asked) -> bool:
        return bool(asked.words)

    def ask(self, name: str, asked: Asked, user: Any, import_id: str) -> str:
        words = [word.format(id=import_id) for word in asked.words]
        if name == "backup_library":
            words.append(str(self._folder / f"{user.username} by command.zip"))
        out = StringIO()
        try:
            call_command("import_from_modulestore", *words, "--user", user.username, "--json", stdout=out)
        except CommandError as error:
            told = "way out" if str(error) == WAY_OUT else "n"
            return {NOT_FOUND: "-", NOT_PERMITTED: told}.get(error.returncode, f"{error.returncode} {error}")
        except SystemExit as end:
            return "y" if end.code == PARTLY else f"exit code {end.code}"
        return "e" if json.loads(out.getvalue()) == [] else "y"


DOORS: dict[str, Callable[[Any], Any]] = {
    "python": PythonDoor,
    "python, by a worker": partial(PythonDoor, by_worker=True),
    "rest": lambda folder: RestDoor(),
    "command line": CommandLineDoor,
}


def attempt(door: Any, name: str, user: Any, imports: dict[str, str]) -> str:
    asked = asked_for(name)
    with taken_back():
        return door.ask(name, asked, user, imports[asked.on] if asked.on else "")


@pytest.mark.parametrize(
    "door_name",
    [pytest.param(name, marks=pytest.mark.slow if name in ("rest", "command line") else ()) for name in DOORS],
)
def test_who_may_do_what(imports, people, door_name, tmp_path):
    door = DOORS[door_name](tmp_path)
    wrong = []
    for person in NAMES:
        user = people(person)
        for name, row in EXPECTED.items():
            if door.takes(asked_for(name)):
                found = attempt(door, name, user, imports).replace("way out", "n")
                wrong += [f"{name}, {person}: {found}"] if found != row[person] else []
    assert not wrong


@pytest.mark.parametrize("door_name", DOORS)
def test_who_may_not_publish_is_told_the_way_out(imports, people, door_name, tmp_path):
    door, contributor = DOORS[door_name](tmp_path), people("contributor")
    refused = [name for name, row in EXPECTED.items() if row["contributor"] == "n" and row["both"] == "y"]
    told = {name: attempt(door, name, contributor, imports) for name in refused if door.takes(asked_for(name))}
    assert told
    assert set(told.values()) == {"way out"}


@pytest.mark.at_gate
def test_a_refusal_changes_nothing(imports, people, tmp_path):
    author = people("author")
    before = library_state(TARGET), list(Import.objects.values()), list(StagedBlock.objects.values())
    for make in DOORS.values():
        door = make(tmp_path)
        for name, row in EXPECTED.items():
            if row["author"] in ("n", "-") and door.takes(asked_for(name)):
                asked = asked_for(name)
                door.ask(name, asked, author, imports[asked.on] if asked.on else "")
    assert before == (library_state(TARGET), list(Import.objects.values()), list(StagedBlock.objects.values()))


class TestNobodyIsToldOfWhatTheyMayNotSee:
    """It is spoken of as what is not there."""

    def told(self, user, name, **arguments) -> str:
        with pytest.raises((api.NotFound, api.NotPermitted)) as error:
            getattr(api, name.partition(" ")[0])(user=user, **arguments)
        return f"{type(error.value).__name__}: {error.value}"

    def test_of_imports(self, imports, people):
        reader = people("reader")
        for name, asked in ASKED.items():
            if asked.on:
                there = self.told(reader, name, import_id=imports[asked.on], **asked.arguments)
                missing = self.told(reader, name, import_id=NOWHERE, **asked.arguments)
                assert there.replace(imports[asked.on], NOWHERE) == missing

    def test_of_libraries(self, people):
        reader = people("reader")
        for name in ("create_import", "preview_import"):
            there = self.told(reader, name, source_key=KEY, library_key=TARGET)
            assert there.replace(TARGET, NEW) == self.told(reader, name, source_key=KEY, library_key=NEW)

    def test_of_courses(self, people):
        author = people("author")
        for name, more in (("create_import", {"library_key": TARGET}), ("get_source", {})):
            there = self.told(author, name, source_key=KEY, **more)
            missing = self.told(author, name, source_key=KEY.replace("C1", "C9"), **more)
            assert there.replace("C1", "C9") == missing


class TestSources:
    def test_a_legacy_library_is_read_by_its_team_alone(self, site, ada, library, tmp_path):
        site.load(write_library(tmp_path / "legacy", text("t1")))
        made = {"source_key": LIBRARY_KEY, "library_key": TARGET}
        person = site.person("bob")
        site.let_edit(person, TARGET)
        with pytest.raises(api.NotFound, match=r"library-v1:Acme\+L1, or none that you may read"):
            api.create_import(user=person, **made)
        site.let_read(person, LIBRARY_KEY)
        person = type(person).objects.get(pk=person.pk)
        assert api.stage_import(user=person, import_id=api.create_import(user=person, **made).id).block_count == 1

    def test_rights_on_another_course_of_the_organization_are_none_on_this(self, site, course, library):
        person = site.person("bob")
        site.let_read(person, "course-v1:Acme+C2+R1")
        site.let_edit(person, TARGET)
        with pytest.raises(api.NotFound):
            api.create_import(user=person, source_key=KEY, library_key=TARGET)

    @pytest.mark.double
    def test_an_auditor_may_read_a_course(self, site, people):
        auditor = people("author", username="auditor")
        with pytest.raises(api.NotFound):
            api.create_import(user=auditor, source_key=KEY, library_key=TARGET)
        site.auditors.add(("auditor", KEY))
        made = api.create_import(user=auditor, source_key=KEY, library_key=TARGET)
        api.stage_import(user=auditor, import_id=made.id)
        assert api.complete_import(user=auditor, import_id=made.id).state is ImportState.IMPORTED

    @pytest.mark.double
    def test_an_auditor_whose_account_is_closed_may_not(self, site, people):
        auditor = people("author", username="auditor")
        site.auditors.add(("auditor", KEY))
        site.close_account(auditor)
        with pytest.raises(api.NotFound):
            api.get_source(user=auditor, source_key=KEY)


class TestLibrariesToBeMade:
    @pytest.fixture
    def maker(self, people):
        return people("creator")

    @pytest.fixture
    def made(self, maker):
        return api.create_import(user=maker, source_key=KEY, library_key=NEW, new_library_title="New").id

    def test_belong_to_who_made_them(self, maker, made):
        api.stage_import(user=maker, import_id=made)
        assert api.complete_import(user=maker, import_id=made).state is ImportState.IMPORTED
        assert [found.key for found in api.list_libraries(user=maker)] == [NEW]
        assert api.undo_import(user=maker, import_id=made).state is ImportState.UNDONE

    def test_are_seen_by_nobody_else_before(self, maker, made, people):
        assert api.get_import(user=maker, import_id=made)
        with pytest.raises(api.NotFound):
            api.get_import(user=people("both"), import_id=made)

    def test_are_not_made_for_who_lost_the_right_meanwhile(self, site, maker, made):
        api.stage_import(user=maker, import_id=made)
        site.take_rights(maker)
        maker = type(maker).objects.get(pk=maker.pk)
        site.let_read(maker, KEY)
        with pytest.raises(api.NotPermitted, match="You may not create libraries"):
            api.complete_import(user=maker, import_id=made)
        assert api.cancel_import(user=maker, import_id=made).state is ImportState.CANCELED


class TestContributors:
    """They may edit a library, and not publish in it."""

    @pytest.fixture
    def contributor(self, people):
        return people("contributor")

    @pytest.fixture
    def imported(self, contributor, stage) -> str:
        """An import of theirs, which is written."""
        run = stage(user=contributor, publish=False)
        return api.complete_import(user=contributor, import_id=run.id).id

    def test_import_drafts(self, imported):
        items = library_state(TARGET)["items"]
        assert items
        assert not any(item["published"] for item in items.values())

    def test_undo_and_redo_what_they_imported(self, contributor, imported):
        assert api.undo_import(user=contributor, import_id=imported).state is ImportState.UNDONE
        assert api.redo_import(user=contributor, import_id=imported).state is ImportState.IMPORTED

    def test_take_nothing_from_learners(self, contributor, imported):
        """What somebody else has published since stays published, also where an undo is to spare nothing."""
        content_api.publish_all_drafts(LearningPackage.objects.get(package_ref=TARGET).id)
        before = published()
        assert before
        for undo in (api.undo_import, api.start_undo):
            with pytest.raises(api.NotPermitted):
                undo(user=contributor, import_id=imported, force=True)
        assert published() == before

    def test_have_nothing_taken_by_a_worker_that_they_asked_when_they_could_publish(
        self, site, people, imported, deliver
    ):
        both = people("both")
        content_api.publish_all_drafts(LearningPackage.objects.get(package_ref=TARGET).id)
        before = published()
        api.start_undo(user=both, import_id=imported, force=True)
        site.take_rights(both)
        site.let_contribute(both, TARGET)
        assert deliver(tasks.undo_import, imported).state == "FAILURE"
        assert published() == before


def published() -> dict[str, Any]:
    """What learners see of the library."""
    return {ref: item["published"] for ref, item in library_state(TARGET)["items"].items() if item["published"]}


TASKS = {
    "staging": (api.start_staging, tasks.stage_import, ImportState.STAGING_FAILED),
    "completion": (api.start_completion, tasks.complete_import, ImportState.IMPORT_FAILED),
    "undo": (api.start_undo, tasks.undo_import, ImportState.IMPORTED),
    "redo": (api.start_redo, tasks.redo_import, ImportState.UNDONE),
}
ON = {"staging": "created", "completion": "staged", "undo": "done", "redo": "undone"}


@pytest.mark.at_gate
@pytest.mark.parametrize("step", TASKS)
class TestWorkers:
    """A worker acts for who asked, with the rights that they have when it takes the work up."""

    @pytest.fixture
    def asked(self, import_that_is, people, step):
        """Somebody who asked for the step, and the ID of the import."""
        user, import_id = people("both"), import_that_is(ON[step])
        TASKS[step][0](user=user, import_id=import_id)
        return user, import_id

    @pytest.fixture
    def work(self, asked, step, deliver):
        """What came of the task, and of the import, and why."""

        def work() -> tuple[str, ImportState, str]:
            before = library_state(TARGET)
            result = deliver(TASKS[step][1], asked[1])
            run = Import.objects.get(uuid=asked[1])
            if result.state == "FAILURE":
                assert library_state(TARGET) == before
            return result.state, run.state, run.error

        return work

    def test_does_it_for_who_has_them(self, work):
        state, _run_state, error = work()
        assert (state, error) == ("SUCCESS", "")

    def test_does_nothing_for_who_lost_them(self, site, asked, step, work):
        user, _import_id = asked
        site.take_rights(user)
        refused = f"You may not read {KEY}." if step in ("staging", "completion") else f"You may not change {TARGET}."
        assert work() == ("FAILURE", TASKS[step][2], refused)

    def test_does_nothing_for_who_lost_those_on_the_library(self, site, asked, step, work):
        user, _import_id = asked
        site.take_rights(user)
        site.let_read(user, KEY)
        assert work() == ("FAILURE", TASKS[step][2], f"You may not change {TARGET}.")

    def test_publishes_nothing_for_who_may_not_publish_any_more(self, site, asked, step, work):
        user, _import_id = asked
        site.take_rights(user)
        site.let_read(user, KEY)
        site.let_contribute(user, TARGET)
        ends = ("SUCCESS", ImportState.STAGED, "") if step == "staging" else ("FAILURE", TASKS[step][2], WAY_OUT)
        assert work() == ends

    def test_does_nothing_for_a_closed_account(self, site, asked, step, work):
        user, _import_id = asked
        site.close_account(user)
        state, run_state, error = work()
        assert (state, run_state) == ("FAILURE", TASKS[step][2])
        assert "You may not" in error

    def test_does_nothing_for_an_account_that_is_gone(self, asked, step, work):
        user, _import_id = asked
        user.delete()
        state, run_state, error = work()
        assert (state, run_state) == ("FAILURE", TASKS[step][2])
        assert "account" in error


class TestSessions:
    @pytest.fixture
    def client_of(self, site):
        def client_of(user) -> Client:
            client = Client()
            site.sign_in(client, user)
            return client

        return client_of

    def test_lead_to_the_rest_api_and_a_closed_account_s_does_not(self, site, people, client_of, imports):
        user = people("both")
        client, address = client_of(user), reverse("modulestore_imports_api:v1:imports")
        assert client.get(address).json()["count"] == len(imports) + 1  # The batch has one.
        site.close_account(user)
        with of_its_own():
            assert client.get(address).status_code in (401, 403)

    def test_of_nobody_lead_nowhere(self, imports):
        for name in ("imports", "sources", "libraries"):
            with of_its_own():
                response = Client().get(reverse(f"modulestore_imports_api:v1:{name}"))
            assert response.status_code in (401, 403)

    def pages(self, imports) -> dict[str, str]:
        def address(page: str, *args: Any) -> str:
            return reverse(f"admin:modulestore_imports_import_{page}", args=args)

        pks = {state: Import.objects.get(uuid=import_id).pk for state, import_id in imports.items()}
        return {
            "list": address("changelist"),
            "start": address("add"),
            "import": address("change", pks["done"]),
            "blocks": address("blocks", pks["staged"]),
            "block": address("block", pks["staged"], BLOCK),
            **{
                action: f"{address('action', action)}?ids={pks[state]}"
                for action, state in {
                    "complete": "staged",
                    "cancel": "created",
                    "undo": "done",
                    "redo": "undone",
                }.items()
            },
        }

    def test_of_global_staff_lead_to_every_page_of_the_admin(self, people, client_of, imports):
        client = client_of(people("staff"))
        answers = {name: client.get(address) for name, address in self.pages(imports).items()}
        assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(answers, 200)
        assert "Acme" in answers["list"].content.decode()

    @pytest.mark.parametrize("person", ["both", "creator", "closed", "closed_staff"])
    def test_of_others_are_sent_away_from_it(self, people, client_of, imports, person):
        client = client_of(people(person))
        before = library_state(TARGET), list(Import.objects.values())
        for address in self.pages(imports).values():
            for send in (client.get, client.post):
                response = send(address)
                assert response.status_code == 302
                assert "login" in response.url
        assert before == (library_state(TARGET), list(Import.objects.values()))

    def test_of_global_staff_do_what_is_asked_for_there(self, people, client_of, imports):
        client, pages = client_of(people("staff")), self.pages(imports)
        with taken_back():
            assert client.post(pages["undo"]).status_code == 302
            assert Import.objects.get(uuid=imports["done"]).state == ImportState.UNDOING


class TestSwitch:
    """The waffle flag: whether anything is imported from a course, whoever asks."""

    REFUSED = "Importing is not switched on for courses of Acme. Ask those who run this site."
    MADE = {"source_key": KEY, "library_key": TARGET}

    def refuses(self, user) -> bool:
        told = set()
        for function in (api.create_import, api.preview_import):
            with taken_back():
                try:
                    function(user=user, **self.MADE)
                    told.add("")
                except api.NotPermitted as error:
                    told.add(str(error))
        assert told in ({""}, {self.REFUSED})
        return told == {self.REFUSED}

    def test_off_is_off_for_everybody(self, site, ada, people):
        both = people("both")
        assert not self.refuses(both)
        site.switch(on=False)
        assert self.refuses(both)
        assert self.refuses(ada)
        site.switch(on=True)
        assert not self.refuses(both)

    def test_off_for_an_organization(self, site, ada, course, library):
        site.switch(on=False, org="Acme")
        assert self.refuses(ada)
        site.switch(on=True, org="Acme")
        assert not self.refuses(ada)

    def test_on_for_an_organization_alone(self, site, ada, course, library, tmp_path):
        site.switch(on=False)
        site.switch(on=True, org="Other")
        assert self.refuses(ada)
        site.switch(on=True, org="Acme")
        assert not self.refuses(ada)

    def test_covers_legacy_libraries(self, site, ada, library, tmp_path):
        site.load(write_library(tmp_path / "legacy", text("t1")))
        site.switch(on=False, org="Acme")
        with pytest.raises(api.NotPermitted, match="not switched on"):
            api.create_import(user=ada, source_key=LIBRARY_KEY, library_key=TARGET)

    def test_says_nothing_of_it_to_who_may_not_read_the_source(self, site, people):
        site.switch(on=False)
        with pytest.raises(api.NotFound, match="none that you may read"):
            api.create_import(user=people("author"), **self.MADE)

    @pytest.mark.parametrize("door_name", ["rest", "command line"])
    def test_closes_the_other_doors_as_well(self, site, people, door_name, tmp_path):
        door, both = DOORS[door_name](tmp_path), people("both")
        assert attempt(door, "create_import", both, {}) == "y"
        site.switch(on=False)
        assert attempt(door, "create_import", both, {}) == "n"

    def test_what_was_begun_before_goes_its_way(self, site, people, import_that_is):
        both, begun = people("both"), import_that_is("created")
        site.switch(on=False)
        staged = api.stage_import(user=both, import_id=begun)
        assert api.complete_import(user=both, import_id=staged.id).state is ImportState.IMPORTED
        assert api.undo_import(user=both, import_id=staged.id).state is ImportState.UNDONE
        assert api.redo_import(user=both, import_id=staged.id).state is ImportState.IMPORTED


class TestLibrariesThatAreGone:
    @pytest.fixture
    def done(self, import_that_is) -> str:
        return import_that_is("done")

    def test_have_a_history_for_global_staff(self, site, people, done):
        site.remove_library(TARGET)
        staff = people("staff")
        assert api.get_import(user=staff, import_id=done).library_key == TARGET
        assert api.get_records(user=staff, import_id=done)
        assert api.where_from(user=staff, item_key=ITEM)
        assert api.list_imports(user=staff).total == 1

    def test_have_none_for_others(self, site, people, done):
        both = people("both")
        assert api.get_import(user=both, import_id=done)
        site.remove_library(TARGET)
        assert api.list_imports(user=both).total == 0
        with pytest.raises(api.NotFound):
            api.get_import(user=both, import_id=done)

    def test_stay_one_s_own_for_who_imported_into_them(self, site, people, stage):
        both = people("both")
        own = stage(user=both)
        site.remove_library(TARGET)
        assert api.get_import(user=both, import_id=own.id)
        site.close_account(both)
        with pytest.raises(api.NotFound):
            api.get_import(user=both, import_id=own.id)
