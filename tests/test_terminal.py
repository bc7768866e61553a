"""What a course holds is shown on a terminal, and never obeyed by it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from types import SimpleNamespace

import pytest
from django.core.management import call_command
from django.db import OperationalError
from rich.console import Console, RenderableType

from import_from_modulestore import api
from import_from_modulestore.command_line.terminal.marks import summary
from import_from_modulestore.command_line.terminal.progress import ProgressBar
from import_from_modulestore.command_line.terminal.reversal import kept_items, reversal_outline
from import_from_modulestore.command_line.terminal.review import block_view, review_counts, review_tree
from import_from_modulestore.command_line.terminal.tables import import_facts
from import_from_modulestore.command_line.terminal.text import printable
from import_from_modulestore.data import (
    BlockData,
    BlockDetails,
    BlockKind,
    ConflictState,
    Decision,
    Difference,
    DifferenceKind,
    DiffLine,
    ImportData,
    ImportOptions,
    ImportState,
    LibraryItemData,
    Outcome,
    ProgressData,
    ReversalData,
    ReversalItem,
    ReversalKind,
    ReversalOutcome,
)

from .builders import KEY, block, section, subsection, text, unit, write_course
from .command_line.calls import command, refused

HOSTILE = ["[red]x[/red]", "[/]", "\\[/x]", ":smile:", "a\\", "split [b"]


@pytest.mark.few
@pytest.mark.parametrize("title", HOSTILE)
@pytest.mark.parametrize("words", ["preview", "run"])
def test_titles_are_shown_as_they_are(title, words, courses, user):
    write_course(
        courses / "c1", section("s", subsection("b", unit("u", text("t", title=title))), title=title), title=title
    )
    out = command(words, KEY, "lib:Acme:split", "--create", "--title", title)
    assert out.count(title) >= 3
    assert title in command("sources")
    if words == "run":
        assert title in command("libraries")
        assert f"{title} → lib:Acme:split" in command("history")


@pytest.mark.parametrize("title", [*HOSTILE, "\x1b[2J"])
def test_progress_shows_titles_as_they_are(title):
    out = StringIO()
    with ProgressBar(Console(file=out, force_terminal=True, width=120)) as progress:
        progress("writing", 1, 2, title)
    assert printable(title) in out.getvalue()
    assert "\x1b[2J" not in out.getvalue()


def test_nothing_that_a_terminal_would_obey_comes_from_a_course(courses, user):
    inner = '<problem url_name="q" display_name="&#x9b;2J"><p/></problem>'
    parts = unit("u", block("split_test", "x", inner, display_name="a\x9bb"), text("t", title="\u202etxet\x85"))
    folder = write_course(courses / "c\x1b[2J", section("s", subsection("b", parts)), title="Ti\x9bdes\ttwo")
    (folder / "drafts" / "problem").mkdir(parents=True)
    (folder / "drafts" / "problem" / "b\x1bad.xml").write_text("<problem")
    (courses / "z\x1b[31m").mkdir()
    out = command("sources") + command("run", KEY, "lib:Acme:New", "--create") + command("history")
    out += command("stage", KEY, "lib:Acme:New", "--on-conflict", "overwrite") + command("review", "last")
    out += command("edit", "last", "t", "--title", "\u202ereversed\x1b[2J") + command("review", "last", "t")
    out += command("plan", "last") + command("complete", "last") + command("show", "last")
    out += command("undo", "last", "--yes") + command("where", "lb:Acme:New:html:t")
    assert set("\x1b\x9b\x85\u202e\t") & set(out) == set()
    assert "could not be read" in " ".join(out.split())


def test_warnings_about_the_source_are_shown_with_the_result(courses, user):
    files = {"drafts/problem/broken.xml": "<problem"}
    write_course(courses / "c1", section("s", subsection("b", unit("u", text("t")))), files=files)
    for words in (("preview",), ("run",)):
        assert "⚠ drafts/problem/broken.xml could not be read" in command(*words, KEY, "lib:Acme:New", "--create")


def test_a_course_without_content_says_so(courses, user):
    write_course(courses / "c1")
    assert "nothing to import" in command("run", KEY, "lib:Acme:New", "--create")


@pytest.mark.parametrize(
    ("error", "message", "code"),
    [
        (
            OperationalError("of tomorrow"),
            "an error that this program does not know. Its log says more. (of tomorrow)",
            1,
        ),
        (PermissionError(13, "Permission denied", "/x"), "/x: Permission denied.", 1),
        (KeyboardInterrupt(), "Interrupted. The library is as it was", 130),
    ],
    ids=["database", "system", "interrupt"],
)
def test_errors_of_the_surroundings_are_messages(error, message, code, user, monkeypatch):
    def fail(**options):
        raise error

    monkeypatch.setattr(api, "list_libraries", fail)
    told, returned = refused("libraries")
    assert (message in told, returned) == (True, code)


def test_a_folder_of_courses_that_is_none(settings, tmp_path, user):
    (tmp_path / "file").write_text("")
    settings.COURSES_DIR = tmp_path / "file"
    out = StringIO()
    with pytest.raises(Exception, match="set COURSES_DIR"):
        call_command("import_from_modulestore", "sources", stdout=out)


NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def shown(what: RenderableType, *, width: int = 80, color: bool = False) -> list[str]:
    """The lines that a terminal shows."""
    out = StringIO()
    Console(file=out, width=width, force_terminal=color, color_system="standard" if color else None).print(what)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def staged(num: int, parent: int | None = None, kind: BlockKind = BlockKind.COMPONENT, **fields) -> BlockData:
    """A new text, or a container, called by its number."""
    known = {
        "num": num,
        "parent": parent,
        "depth": 3 - kind.rank,
        "usage_key": f"block-v1:A+B+C+type@html+block@id{num}",
        "block_type": "html",
        "kind": kind,
        "title": f"Title {num}",
        "child_count": 0,
        "repeats": None,
        "selected": True,
        "edited": False,
        "own_decision": None,
        "own_contents": None,
        "choices_from": "",
        "contents": None,
        "collection_title": "",
        "left_with": None,
        "state": ConflictState.NEW,
        "outcome": Outcome.CREATED,
        "decision": None,
        "item_key": "",
        "reason": "",
        "warnings": (),
        "path": (),
        "blocks_below": 0,
        "selected_below": 0,
        "conflicts_below": 0,
        "needs_you_below": 0,
        "warnings_below": 0,
    }
    known |= fields
    return BlockData(**{"name": known["title"]} | known)


CONFLICT = {"state": ConflictState.BOTH_CHANGED, "outcome": Outcome.UPDATED, "decision": Decision.OVERWRITE}
LEFT_OUT = {"selected": False, "state": None, "outcome": None}
NOT_CONSIDERED = {"state": None, "outcome": None}


class TestReviewTree:
    def test_tells_number_outcome_state_decision_and_edits(self):
        blocks = [
            staged(0, kind=BlockKind.UNIT, title="Unit"),
            staged(1, 0),
            staged(2, 0, **CONFLICT, own_decision=Decision.OVERWRITE, warnings=("Edits in the library are lost.",)),
            staged(3, 0, **CONFLICT, edited=True),
            staged(4, 0, **LEFT_OUT),
            staged(5, 0, **NOT_CONSIDERED, repeats=1),
        ]
        assert shown(review_tree("Course → lib:A:B", blocks)) == [
            "Course → lib:A:B",
            "└── 0 + Unit",
            "    ├── 1 + Title 1  html",
            "    ├── 2 ↑ Title 2  html  both changed → overwrite  ⚠",
            "    ├── 3 ↑ Title 3  html  both changed → overwrite by default  edited",
            "    ├── 4 ○ Title 4  html  left out",
            "    └── 5 ↻ Title 5  html  shown again, see 1",
        ]
        assert review_counts(blocks) == "2 conflicts (1 decided one by one) · 1 edited · ○ 1 left out · ↻ 1 shown again"

    def test_what_the_level_dissolves_is_pale(self):
        blocks = [staged(0, kind=BlockKind.SECTION, **NOT_CONSIDERED), staged(1, 0, **CONFLICT)]
        assert shown(review_tree("C", blocks))[1] == "└── 0 · Title 0  section"

    def test_of_some_blocks_shows_where_they_stand(self):
        blocks = [
            staged(0, kind=BlockKind.UNIT),
            staged(1, 0),
            staged(2, 0, **CONFLICT),
            staged(3, kind=BlockKind.UNIT),
        ]
        assert shown(review_tree("C", blocks, only={2}))[1:] == [
            "└── 0 + Title 0  unit  id0",
            "    └── 2 ↑ Title 2  html  both changed → overwrite by default  id2",
        ]

    def test_a_long_one_sums_up_all_but_what_matters(self):
        blocks = [
            staged(0, kind=BlockKind.UNIT),
            *(staged(num, 0) for num in range(1, 200)),
            staged(200, 0, **CONFLICT),
        ]
        lines = shown(review_tree("C", blocks))
        assert len(lines) == 4
        assert "+ 199 components" in lines[2]
        assert len(shown(review_tree("C", blocks, everything=True))) == 202

    def test_fits_the_width(self):
        blocks = [staged(0, title="x" * 200, **CONFLICT)]
        assert max(map(len, shown(review_tree("C", blocks), width=40))) <= 40


class TestBlockView:
    library = LibraryItemData(
        key="lb:A:B:html:x", title="Mine", draft_num=3, published_num=None, modified=NOW, olx="<html/>", children=()
    )
    lines = (DiffLine("@", "-1 +1"), DiffLine(" ", "<html>"), DiffLine("-", "old"), DiffLine("+", "new"))
    details = BlockDetails(
        block=staged(7, **CONFLICT),
        olx="<html>new</html>",
        staged_olx="<html>new</html>",
        files=(),
        missing_files=("gone.png",),
        library=library,
        differences=(
            Difference(kind=DifferenceKind.REPLACEMENT, lines=lines),
            Difference(kind=DifferenceKind.LIBRARY, lines=()),
            Difference(kind=DifferenceKind.SOURCE, lines=lines),
        ),
    )

    def test_tells_both_sides_and_what_differs(self):
        text = "\n".join(shown(block_view(self.details)))
        assert "In library  Mine  lb:A:B:html:x\n              draft 3 · not published, changed 2026-05-04" in text
        assert "File        gone.png  missing in the source" in text
        assert "\n  - old\n  + new\n" in text
        assert "Changed in the library since the import  no difference" in text
        assert "Changed in the source since the import  as above" in text

    def test_colours_what_goes_and_what_comes(self):
        text = "\n".join(shown(block_view(self.details, only_differences=True), color=True))
        assert "\x1b[31mold" in text
        assert "\x1b[32mnew" in text

    def test_of_a_new_block_has_nothing_to_compare(self):
        new = replace(self.details, block=staged(7), library=None, differences=())
        assert "Nothing to compare" in "\n".join(shown(block_view(new, only_differences=True)))


class TestReversal:
    def item(self, num: int, outcome: ReversalOutcome, **fields) -> ReversalItem:
        known = {
            "num": num,
            "usage_key": "",
            "block_type": "html",
            "kind": BlockKind.COMPONENT,
            "title": f"Title {num}",
            "name": f"Title {num}",
        }
        return ReversalItem(**known | {"item_key": f"lb:A:B:html:{num}", "outcome": outcome} | fields)

    def test_tells_what_becomes_of_each_item(self):
        versions = {"draft_before": 3, "draft_after": 2, "published_before": 1, "published_after": 1}
        items = [
            self.item(0, ReversalOutcome.REMOVED, kind=BlockKind.UNIT),
            self.item(1, ReversalOutcome.REMOVED),
            self.item(2, ReversalOutcome.REVERTED, **versions),
            self.item(3, ReversalOutcome.KEPT, reason="It was edited since."),
        ]
        records = [SimpleNamespace(num=item.num, depth=int(item.num == 1), kind=item.kind) for item in items]
        assert shown(reversal_outline("Undo", items, records))[1:] == [
            "├── − Title 0  unit  − 1 component",
            "├── ↺ Title 2  html  draft back to version 2",
            "└── • Title 3  html",
        ]
        assert shown(kept_items(items)) == ["Kept", "• Title 3 html: It was edited since."]
        assert [line.split() for line in shown(summary(items, planned=False))] == [
            ["−", "Removed", "•", "Kept", "↺", "Back", "to", "the", "former", "version", "All"],
            ["Units", "1", "·", "·", "1"],
            ["Components", "1", "1", "1", "3"],
        ]


class TestImportFacts:
    run = ImportData(
        id="0" * 32,
        source_key=KEY,
        source_title="Tides",
        source_version="",
        library_key="lib:A:B",
        library_title="B",
        state=ImportState.IMPORTING,
        actions=(),
        options=ImportOptions(),
        username="ada",
        error="",
        warnings=(),
        block_count=12,
        counts={},
        created=NOW,
        staged=NOW,
        started=None,
        finished=None,
        queued=False,
        progress=None,
        forwards=False,
    )

    def state(self, **fields) -> str:
        return next(line for line in shown(import_facts(replace(self.run, **fields))) if line.startswith("State"))

    def test_how_far_a_step_is(self):
        progress = ProgressData(phase="writing", done=4, total=12, title="Ebb", seconds_left=7.6, updated=NOW)
        assert self.state(progress=progress) == "State   Importing  writing, 4 of 12, about 8 s left  Ebb"
        assert self.state(queued=True) == "State   Importing  waiting for a worker"

    def test_undos_and_redos(self):
        undone = ReversalData(
            kind=ReversalKind.UNDO, username="bob", forced=True, counts={"removed": 2, "kept": 1}, finished=NOW
        )
        redone = replace(undone, kind=ReversalKind.REDO, forced=False, counts={}, finished=NOW + timedelta(days=1))
        lines = shown(import_facts(self.run, [undone, redone]), width=120)
        forced = "2026-05-04 12:00 UTC, bob, with what was changed since"
        assert f"Undo    {forced}: 2 removed, 1 kept" in lines
        assert "Redo    2026-05-05 12:00 UTC, bob: nothing to change" in lines
