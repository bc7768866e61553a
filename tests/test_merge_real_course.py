"""A real course that both an author of the library and one of the course have gone on with: a merge has it all."""

import json
import tarfile
from html import escape
from pathlib import Path

import pytest
from lxml import etree
from openedx_content.models_api import LearningPackage

from import_from_modulestore import api
from import_from_modulestore.data import ConflictState, Decision, Outcome
from import_from_modulestore.olx.normal_form import normal_digest

from .authoring import Author
from .builders import TARGET

COURSE = "course-v1:OpenedX+DemoX+DemoCourse"
TEXT = "xblock.v1:html:013c611e421e43d6a10857ea388bf510"
PROBLEM = "xblock.v1:problem:0135258373e648f2b57a80ae06bade61"
VIDEO = "xblock.v1:video:078de40d92a54047b951a2e7a8e2a348"
DRAG = "xblock.v1:drag-and-drop-v2:1feb18be7d7c481bb075d943ffb04893"
VIDEO_TITLE = "The Reach of the Open edX Platform (2023)"
UNIT_OF_DRAG = "86854570ab8b4eb3b3dc8d4a5de311f8"
UNIT = "5dad38154a0648c6a54b9f25c39d84bf"
IN_UNIT = [
    f"xblock.v1:html:{code}"
    for code in (
        "7e2a73522ce1455baf54c156bb43fb11",
        "92ae0639039040ec9da1d0dc0e31eff7",
        "92e8671cbb814598a54040238508fda9",
        "b5ed3e61623f4c16add2394a45f2add1",
        "3d1563d2cc4f4f0ba68bb7abaf574742",
    )
]


@pytest.fixture
def export(real_exports, settings) -> Path:
    """A copy of the demo course on the shelf, to be changed."""
    with tarfile.open(real_exports / "openedx-demo-course.tar.gz") as tar:
        tar.extractall(settings.COURSES_DIR, filter="data")
    return settings.COURSES_DIR / "course"


@pytest.fixture
def drafts(state):
    """What authors see of the library's items, by their references: ``drafts()``."""
    return lambda: {ref: item["draft"] for ref, item in state()["items"].items()}


def change(path: Path, *changes: tuple[str, str]) -> None:
    path.write_text(changed(path.read_text(), *changes))


def changed(text: str, *changes: tuple[str, str]) -> str:
    """The text with these changes, each wherever it can be made, in attributes as well."""
    for old, new in changes:
        assert old in text or escape(old) in text, f"{old} is not there"
        text = text.replace(old, new).replace(escape(old), escape(new))
    return text


def edit_the_library(author: Author, olx) -> None:
    """One thing of each block, as an author does in Studio: a paragraph, an answer, a transcript, a feedback."""
    author.write(TEXT, changed(olx(TEXT), ("the package you just downloaded", "the package you have got")))
    author.write(PROBLEM, changed(olx(PROBLEM), ("Bats are blind", "Bats cannot see")))
    element = '  <transcript language="en"'
    french = f'  <transcript language="fr" src="reach-fr.srt"/>\n{element}'
    named = ('{"en"', '{"fr": "reach-fr.srt", "en"'), (element, french)
    author.write(VIDEO, changed(olx(VIDEO), *named))
    author.add_file(VIDEO, "reach-fr.srt", b"1\n00:00:00,000 --> 00:00:01,000\nBonjour\n")
    author.write(DRAG, changed(olx(DRAG), ("Good work! You have completed", "Well done! You have completed")))
    first, _second, *others = IN_UNIT
    author.hold(UNIT, first, author.component("mine"), *others)
    author.publish()


def edit_the_course(export: Path) -> None:
    """Another thing of each, and the titles."""
    text, video = (ref.rpartition(":")[2] for ref in (TEXT, VIDEO))
    change(export / f"html/{text}.html", ("Return to this course, and either", "Come back to this course, and either"))
    change(export / f"html/{text}.xml", ("Try It: Import a Library", "Import a library yourself"))
    period = "Pluto's orbital period is 248 years."
    change(export / f"problem/{PROBLEM.rpartition(':')[2]}.xml", (period, "It takes Pluto 248 years."))
    spanish = "48c991fb-083c-45e1-adad-930d2b11b11e-es.srt"
    change(export / f"video/{video}.xml", (spanish, "reach-es.srt"), (VIDEO_TITLE, "Reach"))
    (export / "static/reach-es.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nHola\n")
    change(export / f"vertical/{UNIT_OF_DRAG}.xml", ("Frontal Lobe", "The frontal lobe"))
    first, second, _third, fourth, fifth = (ref.rpartition(":")[2] for ref in IN_UNIT)
    pointers = "".join(f'<html url_name="{code}"/>' for code in (fifth, first, second, fourth))
    added = '<html url_name="added" display_name="Added">Added.</html>'
    (export / f"vertical/{UNIT}.xml").write_text(f'<vertical display_name="A new title">{pointers}{added}</vertical>')


@pytest.mark.slow
def test_both_sides_are_in_it_and_an_undo_gives_the_librarys_back(export, drafts, run_import, user, library):
    def olx(ref: str) -> str:
        return drafts()[ref]["files"]["block.xml"].decode()

    run_import(COURSE)
    then = {ref: olx(ref) for ref in (TEXT, PROBLEM, VIDEO, DRAG)}
    edit_the_library(Author(LearningPackage.objects.get(package_ref=TARGET).id), olx)
    edited = drafts()
    edit_the_course(export)
    done, records = run_import(COURSE, on_conflict=Decision.MERGE)

    merged = {record.item_key for record in records if record.state is ConflictState.BOTH_CHANGED}
    assert {record.outcome for record in records if record.item_key in merged} == {Outcome.UPDATED}
    assert (len(merged), done.counts["created"]) == (5, 1)

    text = ("the package you just downloaded", "the package you have got"), ("Return to", "Come back to")
    title = ("Try It: Import a Library", "Import a library yourself")
    assert normal_digest(olx(TEXT)) == normal_digest(changed(then[TEXT], *text, title))
    facts = ("Bats are blind", "Bats cannot see"), ("Pluto's orbital period is 248 years.", "It takes Pluto 248 years.")
    assert normal_digest(olx(PROBLEM)) == normal_digest(changed(then[PROBLEM], *facts))

    video = etree.fromstring(olx(VIDEO))
    transcripts = {"en": "48c991fb-083c-45e1-adad-930d2b11b11e-en.srt", "es": "reach-es.srt", "fr": "reach-fr.srt"}
    assert json.loads(video.get("transcripts")) == transcripts
    assert {each.get("language"): each.get("src") for each in video.findall("transcript")} == transcripts
    assert len(video.findall("video_asset/transcripts/transcript")) == 2
    assert {f"static/{name}" for name in transcripts.values()} <= drafts()[VIDEO]["files"].keys()
    assert drafts()[VIDEO]["title"] == "Reach"

    before, after = (json.loads(etree.fromstring(each).get("data")) for each in (then[DRAG], olx(DRAG)))
    before["feedback"]["finish"] = before["feedback"]["finish"].replace("Good work", "Well done")
    before["items"][0]["displayName"] = "The frontal lobe"
    assert after == before

    first, _second, _third, fourth, fifth = IN_UNIT
    unit = drafts()[UNIT]
    assert unit["children"] == [fifth, first, "xblock.v1:html:mine", fourth, "xblock.v1:html:added"]
    assert unit["title"] == "A new title"

    again, _records = run_import(COURSE, on_conflict=Decision.MERGE)
    assert set(again.counts) == {"unchanged", "unsupported", "kept"}
    api.undo_import(user=user, import_id=again.id)
    api.undo_import(user=user, import_id=done.id)
    assert {ref: draft for ref, draft in drafts().items() if draft} == edited
