"""What a review says goes from one import to others: of other runs of the course, and for other libraries."""

import json
import shutil

import jsonschema
import pytest
from django.db import connection

from import_from_modulestore import api, choices
from import_from_modulestore.data import (
    ChosenBlock,
    Contents,
    Decision,
    ImportOptions,
    Outcome,
    ReviewChoices,
    WhyUnapplied,
)
from import_from_modulestore.models import Import, StagedBlock

from .builders import KEY, TARGET, block, problem, section, subsection, text, unit, usage_key, write_course
from .keeping import kept
from .reviewing import OLX, review

OTHER_RUN = "course-v1:Acme+C1+R2"
OTHER = "lib:Acme:Other"
LEFT_OUT = {"m5", "m5b", "m5u", "x1", "x2"}


def course_of(**bodies):
    texts = [text(name, bodies.get(name, "<p>Text.</p>")) for name in ("t1", "t2", "t3")]
    bank = block("itembank", "bank", "", problem("q1"), display_name="Bank")
    left = [text(name) for name in bodies.get("left", ("x1", "x2"))]
    return (
        section("s", subsection("b", unit("u", *texts, bank, title=bodies.get("u")))),
        section("m5", subsection("m5b", unit("m5u", *left))),
    )


@pytest.fixture
def stage(user, library, courses):
    """Stage a run of the course for a library: ``stage(OTHER_RUN, OTHER, t1="<p>New.</p>")`` gives the import's ID."""
    api.create_library(user=user, library_key=OTHER, title="Other")

    def staged(source=KEY, target=TARGET, options=None, **bodies) -> str:
        name = source.rpartition("+")[2]
        shutil.rmtree(courses / name, ignore_errors=True)
        write_course(courses / name, *course_of(**bodies), run=name)
        run = api.create_import(user=user, source_key=source, library_key=target, options=options or ImportOptions())
        return api.stage_import(user=user, import_id=run.id).id

    return staged


@pytest.fixture
@kept
def reviewed(user, stage):
    """An import that is reviewed: a module left out, a text and a unit edited, a bank's contents chosen."""
    run = stage()
    review(user, run)
    return run


@pytest.fixture
def said(user):
    """What is said of each block that something is said of, by block ID."""

    def said(run):
        page = api.list_blocks(user=user, import_id=run, limit=200)
        return {
            each.usage_key.rpartition("@")[2]: (
                each.selected,
                each.title if each.edited else "",
                each.own_decision,
                each.own_contents,
            )
            for each in page.items
            if not each.selected or each.edited or each.own_decision or each.own_contents
        }

    return said


@pytest.fixture
def carry(user):
    """Apply to an import what another says, by way of a document: ``carry(reviewed, run)``."""

    def carry(from_run, to_run):
        document = choices.as_text(api.export_choices(user=user, import_id=from_run))
        return api.apply_choices(user=user, import_id=to_run, choices=choices.from_text(document))

    return carry


def apply(user, run, *blocks, **about):
    return api.apply_choices(user=user, import_id=run, choices=ReviewChoices(blocks=blocks, **about))


def unapplied(applied) -> dict[str, WhyUnapplied]:
    return {each.block_id: each.why for each in applied.unapplied}


def test_two_runs_of_a_course_are_reviewed_once(user, stage, reviewed, said, carry):
    """The second run goes into a library of its own; it has changed in one text that was edited, and lost one block."""
    api.complete_import(user=user, import_id=reviewed)
    second = stage(OTHER_RUN, OTHER, u="The unit", left=("x1", "x3"))
    applied = carry(reviewed, second)
    assert unapplied(applied) == {"u": WhyUnapplied.SOURCE_DIFFERS, "x2": WhyUnapplied.NO_BLOCK}
    of_second = {
        **dict.fromkeys(LEFT_OUT - {"x2"} | {"x3"}, (False, "", None, None)),
        "t1": (True, "Tides", None, None),
        "bank": (True, "", None, Contents.UNIT),
    }
    assert said(second) == of_second
    assert applied.changed == 7
    done = api.complete_import(user=user, import_id=second)
    assert done.counts == {"created": 7, "unsupported": 1}
    records = api.get_records(user=user, import_id=second)
    assert {each.usage_key.rpartition("@")[2] for each in records if each.choices_from == reviewed} == {"t1", "bank"}
    third = stage(OTHER_RUN, OTHER, u="The unit", left=("x1", "x3"))
    assert said(third) == of_second


def test_the_document_says_what_the_review_has_said_and_nothing_else(user, reviewed):
    document = choices.as_json(api.export_choices(user=user, import_id=reviewed))
    jsonschema.validate(document, choices.schema())
    assert {name: document[name] for name in ("version", "import_id", "source_key", "library_key")} == {
        "version": 1,
        "import_id": reviewed,
        "source_key": KEY,
        "library_key": TARGET,
    }
    digest = StagedBlock.objects.get(usage_key=usage_key("html", "t1")).source_digest
    assert {block["block_id"]: {**block} for block in document["blocks"]} == {
        "u": {"block_type": "vertical", "block_id": "u", "title": "The Moon", "source_title": "vertical u"},
        "t1": {
            "block_type": "html",
            "block_id": "t1",
            "olx": '<html display_name="Tides" url_name="t1"><![CDATA[<p>Better.</p>]]></html>',
            "source_title": "Text t1",
            "source_digest": digest,
        },
        "bank": {"block_type": "itembank", "block_id": "bank", "contents": "unit"},
        **{
            name: {"block_type": kind, "block_id": name, "selected": False}
            for name, kind in zip(
                ("m5", "m5b", "m5u", "x1", "x2"), ("chapter", "sequential", "vertical", "html", "html"), strict=True
            )
        },
    }


def test_what_comes_out_goes_in_as_it_was(user, reviewed):
    exported = api.export_choices(user=user, import_id=reviewed)
    assert choices.from_text(choices.as_text(exported)) == exported
    assert choices.from_json(choices.as_json(exported)) == exported


def test_a_long_block_with_another_title_goes_in_too(user, stage, said, carry):
    """Pictures in a text make it longer than what somebody may write."""
    long = '<img src="data:image/png;base64,' + "A" * 1_000_001 + '"/>'
    first, second = stage(t1=long), stage(KEY, OTHER, t1=long)
    api.edit_block(user=user, import_id=first, usage_key=usage_key("html", "t1"), title="Tides")
    assert carry(first, second).unapplied == ()
    assert said(second) == said(first)


def test_it_is_the_same_for_the_same_source(user, reviewed, stage, said, carry):
    second = stage(KEY, OTHER)
    applied = carry(reviewed, second)
    assert (said(second), applied.unapplied) == (said(reviewed), ())
    assert applied.changed == 8
    assert carry(reviewed, second).changed == 0


def test_a_decision_is_taken_where_there_is_something_to_decide(user, stage, said, carry):
    api.complete_import(user=user, import_id=stage())
    first = stage(t2="<p>New.</p>", t3="<p>New.</p>")
    common = {"user": user, "import_id": first, "below": False}
    api.decide_blocks(**common, usage_keys=[usage_key("html", "t2")], decision=Decision.OVERWRITE)
    api.decide_blocks(**common, usage_keys=[usage_key("html", "t3")], decision=Decision.FORK)
    second = stage(KEY, TARGET, t2="<p>Newer.</p>")
    applied = carry(first, second)
    assert said(second) == {"t2": (True, "", Decision.OVERWRITE, None), "t3": (True, "", Decision.FORK, None)}
    assert (applied.changed, applied.unapplied) == (2, ())
    other = stage(OTHER_RUN, OTHER)
    applied = carry(first, other)
    assert (applied.changed, said(other)) == (0, {})
    assert unapplied(applied) == dict.fromkeys(("t2", "t3"), WhyUnapplied.NO_CONFLICT)
    assert "is new: there is no conflict to decide" in applied.unapplied[0].reason


def test_a_merge_does_not_fit_where_the_item_is_of_another_source(user, stage):
    api.complete_import(user=user, import_id=stage())
    second = stage(OTHER_RUN, TARGET, t2="<p>New.</p>")
    applied = apply(user, second, ChosenBlock(block_type="html", block_id="t2", decision=Decision.MERGE))
    assert unapplied(applied) == {"t2": WhyUnapplied.NO_CONFLICT}
    assert "cannot be merged" in applied.unapplied[0].reason


def test_what_this_review_has_said_itself_stays(user, reviewed, stage, said, carry):
    second = stage(KEY, OTHER)
    api.edit_block(user=user, import_id=second, usage_key=usage_key("html", "t1"), title="Mine")
    api.select_blocks(user=user, import_id=second, usage_keys=[usage_key("html", "x1")], selected=False)
    applied = carry(reviewed, second)
    assert unapplied(applied) == {"t1": WhyUnapplied.SAID_HERE}  # Of x1 both say the same.
    assert said(second) == {**said(reviewed), "t1": (True, "Mine", None, None)}


def test_what_stands_of_last_time_gives_way(user, reviewed, stage, said):
    api.complete_import(user=user, import_id=reviewed)
    again = stage()
    exported = api.export_choices(user=user, import_id=again)
    edited = next(each for each in exported.blocks if each.block_id == "t1")
    other = ChosenBlock(
        block_type="html",
        block_id="t1",
        olx=OLX.replace("Tides", "Waves"),
        source_title=edited.source_title,
        source_digest=edited.source_digest,
    )
    applied = apply(user, again, other, ChosenBlock(block_type="itembank", block_id="bank"))
    assert (applied.changed, applied.unapplied) == (2, ())
    assert said(again)["t1"] == (True, "Waves", None, None)
    assert "bank" not in said(again)
    assert said(again)["u"] == (True, "The Moon", None, None)


def test_it_is_taken_back_as_what_is_as_last_time(user, reviewed, stage, said, carry):
    second = stage(OTHER_RUN, OTHER)
    before = list(StagedBlock.objects.filter(import_run__uuid=second).order_by("num").values())
    carry(reviewed, second)
    assert api.list_blocks(user=user, import_id=second, as_last_time=True).total == 8
    assert api.choose_as_last_time(user=user, import_id=second, as_last_time=False) == 8
    assert list(StagedBlock.objects.filter(import_run__uuid=second).order_by("num").values()) == before


def test_who_may_not_see_where_it_comes_from_says_it_themselves(user, person, reviewed, stage):
    second = stage(OTHER_RUN, OTHER)
    exported = api.export_choices(user=user, import_id=reviewed)
    for known, about in ((True, exported), (False, ReviewChoices(blocks=exported.blocks, import_id=reviewed))):
        api.choose_as_last_time(user=user, import_id=second, as_last_time=False)
        api.apply_choices(user=user, import_id=second, choices=about)
        found = api.list_blocks(user=user, import_id=second, as_last_time=True)
        assert {each.choices_from for each in found.items} == ({reviewed} if known else set())


def test_applied_to_the_import_that_they_come_from_they_are_its_own(user, reviewed, said):
    exported, before = api.export_choices(user=user, import_id=reviewed), said(reviewed)
    api.select_blocks(user=user, import_id=reviewed, usage_keys=[usage_key("chapter", "m5")], selected=True)
    assert api.apply_choices(user=user, import_id=reviewed, choices=exported).changed == 5
    assert said(reviewed) == before
    assert api.list_blocks(user=user, import_id=reviewed, as_last_time=True).total == 0


def test_of_a_block_that_is_shown_twice_each_place_has_its_own(user, courses, library, carry):
    units = unit("u1", text("t1"), text("t2")), unit("u2", text("t1"))
    write_course(courses / "c1", section("s", subsection("b", *units)))

    def staged() -> str:
        run = api.create_import(user=user, source_key=KEY, library_key=TARGET).id
        return api.stage_import(user=user, import_id=run).id

    first, second = staged(), staged()
    api.select_blocks(user=user, import_id=first, usage_keys=[usage_key("vertical", "u2")], selected=False)
    assert carry(first, second).changed == 2
    rows = StagedBlock.objects.filter(import_run__uuid=second, block_id="t1").order_by("num")
    assert [row.selected for row in rows] == [True, False]
    row = rows[1]
    edit = {"olx": OLX, "source_title": row.source_title, "source_digest": row.source_digest}
    edited = ChosenBlock(block_type="html", block_id="t1", showing=1, selected=False, **edit)
    assert unapplied(apply(user, second, edited)) == {"t1": WhyUnapplied.INVALID_EDIT}
    assert not rows.exclude(edited_olx="").exists()
    thrice = ChosenBlock(block_type="html", block_id="t1", showing=2, selected=False)
    assert unapplied(apply(user, second, thrice)) == {"t1": WhyUnapplied.NO_BLOCK}


@pytest.mark.parametrize(
    ("block_type", "block_id", "edit", "why"),
    [
        ("html", "t1", {"olx": "<html"}, "The OLX cannot be used"),
        ("html", "t1", {"olx": "<problem/>"}, "A block cannot change its type"),
        ("html", "t1", {"olx": '<html url_name="t9"/>'}, "Leave it as it was"),
        ("html", "t1", {"olx": '<html><img src="/static/none.png"/></html>'}, "names a file that is not staged"),
        ("html", "t1", {"title": "A title"}, ""),
        ("vertical", "u", {"olx": "<vertical/>"}, "Only components have OLX of their own"),
        ("vertical", "u", {"title": "\u200b"}, "A title has 1 to 500 characters"),
        ("itembank", "bank", {"olx": "<itembank/>"}, "Only components have OLX of their own"),
    ],
)
def test_an_edit_that_cannot_be_made_is_named(user, stage, said, block_type, block_id, edit, why):
    run = stage()
    row = StagedBlock.objects.get(block_type=block_type, block_id=block_id)
    was = {"source_title": row.source_title, "source_digest": row.source_digest}
    applied = apply(
        user,
        run,
        ChosenBlock(block_type=block_type, block_id=block_id, **was, **edit),
        ChosenBlock(block_type="html", block_id="t2", selected=False),
    )
    (left,) = applied.unapplied
    assert (left.block_id, left.why) == (block_id, WhyUnapplied.INVALID_EDIT)
    assert why in left.reason
    assert said(run) == {"t2": (False, "", None, None)}


def test_contents_are_chosen_of_what_has_some(user, stage):
    run = stage()
    applied = apply(
        user,
        run,
        ChosenBlock(block_type="html", block_id="t1", contents=Contents.UNIT),
        ChosenBlock(block_type="vertical", block_id="u", contents=Contents.UNIT),
    )
    assert unapplied(applied) == dict.fromkeys(("t1", "u"), WhyUnapplied.NO_CONTENTS)
    assert applied.changed == 0


def test_a_selection_is_not_added_to(user, reviewed, stage, carry):
    part = stage(OTHER_RUN, OTHER, ImportOptions(selection=(usage_key("html", "t2", OTHER_RUN),)))
    carry(reviewed, part)
    items = api.plan_import(user=user, import_id=part).items
    assert [(item.usage_key, item.outcome) for item in items] == [(usage_key("html", "t2", OTHER_RUN), Outcome.CREATED)]


@pytest.mark.parametrize("completed", [False, True])
def test_it_is_there_as_long_as_what_was_staged(user, reviewed, completed):
    if completed:
        api.complete_import(user=user, import_id=reviewed)
    assert len(api.export_choices(user=user, import_id=reviewed).blocks) == 8
    api.undo_import(user=user, import_id=reviewed) if completed else api.cancel_import(user=user, import_id=reviewed)
    Import.objects.update(finished="2020-01-01T00:00:00Z", created="2020-01-01T00:00:00Z")
    api.remove_old_staged_content(days=1)
    with pytest.raises(api.WrongState, match="Nothing is staged for this import, or not any more"):
        api.export_choices(user=user, import_id=reviewed)


class TestHostileDocuments:
    @pytest.fixture
    def run(self, stage):
        return stage()

    @pytest.mark.parametrize(
        ("document", "field"),
        [
            ([], ""),
            (None, ""),
            ({}, ""),
            ({"version": 1}, ""),
            ({"version": 2, "blocks": []}, "version"),
            ({"version": True, "blocks": []}, "version"),
            ({"version": 1, "blocks": {}}, "blocks"),
            ({"version": 1, "blocks": [], "more": 1}, ""),
            ({"version": 1, "blocks": [[]]}, "blocks.0"),
            ({"version": 1, "blocks": [{"block_type": "html"}]}, "blocks.0"),
            ({"version": 1, "blocks": [], "import_id": 5}, "import_id"),
            ({"version": 1, "blocks": [], "import_id": "x" * 37}, "import_id"),
            *(
                ({"version": 1, "blocks": [{"block_type": "html", "block_id": "t1", name: value}]}, f"blocks.0.{name}")
                for name, value in (
                    ("selected", "yes"),
                    ("selected", None),
                    ("showing", -1),
                    ("showing", True),
                    ("showing", 1.5),
                    ("showing", 10**30),
                    ("decision", "destroy"),
                    ("decision", ["skip"]),
                    ("contents", ""),
                    ("title", "x" * 501),
                    ("olx", "x" * 20_000_001),
                    ("source_digest", {}),
                    ("block_id", ""),
                )
            ),
            ({"version": 1, "blocks": [{"block_type": "html", "block_id": "t1", "usage_key": "x"}]}, "blocks.0"),
        ],
    )
    def test_are_refused_by_check_and_schema_alike(self, document, field):
        with pytest.raises(api.InvalidOption) as refused:
            choices.from_json(document)
        assert refused.value.field == field
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(document, choices.schema())

    @pytest.mark.parametrize(
        "document",
        [
            "",
            "{",
            '{"version": NaN, "blocks": []}',
            b"\xff",
            "[" * 100_000,
            '{"version": ' + "1" * 5000 + "}",
            " " * 20_000_001,
        ],
        ids=["empty", "cut", "nan", "no utf-8", "deep", "long number", "large"],
    )
    def test_that_are_no_json_are_refused(self, document):
        with pytest.raises(api.InvalidOption):
            choices.from_text(document)

    def test_that_name_a_block_twice_change_nothing(self, user, run, said):
        left = ChosenBlock(block_type="html", block_id="t2", selected=False)
        twice = ChosenBlock(block_type="html", block_id="t2", contents=Contents.UNIT)
        with pytest.raises(api.InvalidOption, match="html/t2 is named twice") as refused:
            apply(user, run, left, twice)
        assert refused.value.field == "blocks.1"
        assert said(run) == {}

    def test_hold_characters_that_nothing_can_hold(self, user, run):
        document = {
            "version": 1,
            "blocks": [{"block_type": "html", "block_id": "\ud800"}, {"block_type": "\0", "block_id": "t"}],
        }
        applied = api.apply_choices(user=user, import_id=run, choices=choices.from_text(json.dumps(document)))
        assert [each.why for each in applied.unapplied] == [WhyUnapplied.NO_BLOCK] * 2


@pytest.mark.at_gate
def test_statements_are_as_many_for_many_blocks(user, courses, library):
    def statements(count: int) -> list[int]:
        written = [text(f"t{n}") for n in range(count)]
        shutil.rmtree(courses / "c1", ignore_errors=True)
        write_course(courses / "c1", section("s", subsection("b", unit("u", *written))))
        anew = {"source_key": KEY, "library_key": TARGET, "options": ImportOptions(as_last_time=False)}
        run = api.create_import(user=user, **anew).id
        common = {"user": user, "import_id": api.stage_import(user=user, import_id=run).id}
        for n in range(0, count, 4):
            api.edit_block(**common, usage_key=usage_key("html", f"t{n}"), title="Other")
        out = [usage_key("html", f"t{n}") for n in range(1, count, 4)]
        api.select_blocks(**common, usage_keys=out, selected=False)
        exported = api.export_choices(**common)
        api.complete_import(**common)
        found = []
        for call in (
            lambda run: api.choose_as_last_time(user=user, import_id=run, as_last_time=True),
            lambda run: api.choose_as_last_time(user=user, import_id=run, as_last_time=False),
            lambda run: api.apply_choices(user=user, import_id=run, choices=exported),
            lambda run: api.export_choices(user=user, import_id=run),
        ):
            if not found:
                run = api.create_import(user=user, **anew).id
                api.stage_import(user=user, import_id=run)
            seen = []
            with connection.execute_wrapper(lambda execute, *rest: (seen.append(1), execute(*rest))[1]):  # noqa: B023
                call(run)
            found.append(len(seen))
        return found

    assert statements(8) == statements(40)


def test_a_reviewer_may_export_and_not_apply(reviewed, reviewer):
    exported = api.export_choices(user=reviewer, import_id=reviewed)
    with pytest.raises(api.NotPermitted):
        api.apply_choices(user=reviewer, import_id=reviewed, choices=exported)
