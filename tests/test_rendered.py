"""A staged block as learners see it, beside the library's item, through all doors; and its files."""

from __future__ import annotations

import shutil
from datetime import timedelta
from functools import partial
from urllib.parse import urlsplit

import lxml.html
import pytest
from django.core.signing import Signer
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openedx_content import api as content_api

from import_from_modulestore import api
from import_from_modulestore.actions import rendered as actions
from import_from_modulestore.data import Decision, Outcome, Side
from import_from_modulestore.models import Import
from import_from_modulestore_standalone.grants import Role, take

from .authoring import Author
from .builders import TARGET, block, problem, section, subsection, text, unit, usage_key, write_course
from .examples import size
from .rendering.pages import ADDRESS, read
from .rendering.test_hostile import ATTACKS, TYPES, olx_of
from .rest_api.conftest import ROOT

T1, UNIT, ROW = usage_key("html", "t1"), usage_key("vertical", "u1"), "xblock.v1:html:t1"
PNG = b"\x89PNG\r\n\x1a\nNot quite an image."
FILES = {"a b.png": PNG, "page.html": b"<script>alert(1)</script>", "drawing.svg": b"<svg/>", "é.mp3": b"ID3"}
BODY = (
    '<p>The Moon pulls the water.</p><img src="/static/a%20b.png" alt="Moon"><a href="/static/page.html">page</a>'
    '<img src="/static/drawing.svg"><audio src="/static/é.mp3"></audio>'
)


@pytest.fixture
def course(courses):
    """Write the course on the shelf: a unit with a text with these words in it, and a problem."""

    def write(body: str = BODY, title: str = "Moon", *more, **static: bytes):
        write_course(
            courses / "c1",
            section(
                "s", subsection("b", unit("u1", text("t1", body, title=title), problem("p1", title="Why?"), *more))
            ),
            static={**FILES, **static},
        )

    write()
    return write


@pytest.fixture
def render(user):
    """The document of a block, parsed: ``render(run, T1, Side.ITEM)``."""

    def rendered(run: str, key: str = T1, side: Side = Side.BLOCK, address=lambda signed: f"https://x/{signed}"):
        asked = {"user": user, "import_id": run, "usage_key": key, "side": side, "address": address}
        return lxml.html.document_fromstring(api.render_block(**asked).document)

    return rendered


@pytest.fixture
def author(library, user) -> Author:
    return Author(content_api.get_learning_package_by_ref(TARGET).id, user.pk)


@pytest.fixture
def again(course, run_import, stage):
    """Import the course, and stage it again after this was done: ``again(write, …)``."""

    def staged(*changes, **options) -> str:
        run_import()
        for change in changes:
            change()
        return stage(**options)

    return staged


def said(page, css: str = "content") -> str:
    (found,) = page.xpath(f"//*[@class='{css}']")
    return " ".join(found.text_content().split())


def marks(page) -> tuple[list[str], list[str]]:
    """What is marked as the library's, and as what would be written."""
    removed, added = ([mark.text_content().strip() for mark in page.xpath(f"//div//{tag}")] for tag in ("del", "ins"))
    return removed, added


class TestSides:
    def test_what_would_be_written_is_what_is_staged(self, course, stage, render):
        page = render(stage())
        assert page.xpath("//h1")[0].text_content() == "Moon"
        assert said(page).startswith("The Moon pulls the water.")
        assert [image.get("alt") for image in page.iter("img")] == ["Moon", ""]

    def test_with_its_edits(self, course, stage, render, user):
        run = stage()
        api.edit_block(user=user, import_id=run, usage_key=T1, title="Sun", olx='<html url_name="t1">Hot</html>')
        page = render(run)
        assert (page.xpath("//h1")[0].text_content(), said(page)) == ("Sun", "Hot")

    def test_what_the_library_holds(self, again, author, render):
        run = again(lambda: author.write(ROW, "<html display_name='Mine'>&lt;p>Mine.&lt;/p></html>"))
        assert said(render(run, side=Side.ITEM)) == "Mine."

    def test_where_it_holds_nothing_it_says_so(self, course, stage, render):
        run = stage()
        assert "The library holds nothing" in render(run, side=Side.ITEM).text_content()
        assert marks(render(run, side=Side.COMPARISON)) == ([], [])

    def test_the_comparison_marks_words(self, again, course, render):
        run = again(partial(course, BODY.replace("water", "sea")))
        assert marks(render(run, side=Side.COMPARISON)) == (["water"], ["sea"])

    def test_an_image_that_changed_under_its_name_is_marked_and_others_are_not(self, again, course, render):
        run = again(partial(course, **{"a b.png": PNG + b"Other."}))
        page = render(run, side=Side.COMPARISON)
        assert [image.get("alt") for image in page.xpath("//del//img")] == ["Moon"]
        assert [image.get("alt") for image in page.xpath("//ins//img")] == ["Moon"]
        assert len(page.xpath("//img")) == 3

    def test_a_merge_is_shown_merged(self, again, course, author, render):
        course("<p>One</p><p>Two</p><p>Three</p>")
        run = again(
            partial(course, "<p>One</p><p>Two</p><p>3</p>"),
            lambda: author.write(
                ROW, "<html display_name='Moon'>&lt;p>1&lt;/p>&lt;p>Two&lt;/p>&lt;p>Three&lt;/p></html>"
            ),
            on_conflict=Decision.MERGE,
        )
        assert said(render(run)) == "1Two3"
        assert marks(render(run, side=Side.COMPARISON)) == (["Three"], ["3"])

    def test_containers_are_what_they_hold(self, again, course, render):
        run = again(partial(course, BODY, "Moon", text("t2", title="Stars")))
        assert said(render(run, UNIT), "children") == "Moon TextWhy? ProblemStars Text"
        assert said(render(run, UNIT, Side.ITEM), "children") == "Moon TextWhy? Problem"
        assert marks(render(run, UNIT, Side.COMPARISON)) == ([], ["Stars", "Text"])

    def test_so_is_what_no_library_can_hold(self, course, stage, render):
        course(BODY, "Moon", block("split_test", "x1", "", text("t3", title="Inside")))
        assert said(render(stage(), usage_key("split_test", "x1")), "children") == "Inside Text"

    def test_what_could_not_be_read_says_so(self, course, stage, render, courses):
        (courses / "c1" / "problem" / "p1.xml").write_text("<problem>")
        assert "cannot be read" in render(stage(), usage_key("problem", "p1")).text_content()

    def test_what_the_library_keeps_is_compared_with_itself(self, again, author, render, user):
        run = again(lambda: author.write(ROW, "<html>Mine</html>"), on_conflict=Decision.MERGE)
        assert api.get_block(user=user, import_id=run, usage_key=T1).block.outcome is Outcome.SKIPPED
        assert marks(render(run, side=Side.COMPARISON)) == ([], [])

    def test_a_transcript_is_read(self, course, stage, render):
        course(
            BODY,
            "Moon",
            block("video", "v1", transcripts='{"en": "talk.srt"}'),
            **{"talk.srt": b"1\n00:00:01,000 --> 00:00:02,000\nHello.\n"},
        )
        assert "0:01 Hello." in said(render(stage(), usage_key("video", "v1")))


@pytest.mark.at_gate
def test_it_costs_the_same_whatever_there_is(courses, run_import, stage, render):
    seen: dict[Side, list[int]] = {side: [] for side in Side}
    for count in (1, size(40, 10)):
        units = (unit(f"u{n}", *(text(f"t{n}x{m}") for m in range(10))) for n in range(count))
        write_course(courses / "c1", section("s", subsection("b", unit("u", text("t1", BODY)), *units)), static=FILES)
        run_import()
        for side, counts in seen.items():
            run = stage()
            with CaptureQueriesContext(connection) as statements:
                render(run, side=side)
            counts.append(len(statements))
    for side, (small, large) in seen.items():
        assert small == large <= 30, side


class TestFiles:
    @pytest.fixture
    def address(self, course, stage, render, monkeypatch):
        """The address of the first file that the block shows; no time passes from now on."""
        run, now = stage(), timezone.now()
        monkeypatch.setattr(timezone, "now", lambda: now)
        return render(run, address=lambda signed: f"/files/{signed}/").xpath("//img/@src")[0]

    def test_whoever_has_the_address_gets_the_file(self, address, django_assert_num_queries):
        with django_assert_num_queries(2):
            answer = Client().get(address)
        assert b"".join(answer.streaming_content) == PNG
        assert {name: answer[name] for name in ("Content-Type", "Content-Length", "X-Content-Type-Options")} == {
            "Content-Type": "image/png",
            "Content-Length": str(len(PNG)),
            "X-Content-Type-Options": "nosniff",
        }
        assert answer["Content-Security-Policy"].startswith("default-src 'none'; style-src 'unsafe-inline'; sandbox")
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["Cache-Control"].startswith("private, max-age=")
        assert not answer.cookies

    def test_it_stays_the_same_for_minutes_and_ends(self, address, course, render, monkeypatch):
        run = str(Import.objects.get().uuid)
        assert render(run, address=lambda signed: f"/files/{signed}/").xpath("//img/@src")[0] == address
        now = timezone.now()
        monkeypatch.setattr(actions.timezone, "now", lambda: now + timedelta(seconds=actions.SECONDS - 1))
        assert b"".join(Client().get(address).streaming_content) == PNG
        monkeypatch.setattr(actions.timezone, "now", lambda: now + timedelta(seconds=2 * actions.SECONDS + 1))
        answer = Client().get(address)
        assert (answer.status_code, b"not good any more" in answer.content) == (404, True)

    @pytest.mark.parametrize("forge", [lambda signed: signed[:-2] + "AA", lambda signed: "x" + signed, lambda _: "a:b"])
    def test_nobody_makes_or_changes_one(self, address, forge):
        signed = urlsplit(address).path.split("/")[-2]
        assert Client().get(f"/files/{forge(signed)}/").status_code == 404

    def test_nor_has_one_that_was_signed_for_something_else(self, address):
        held = Signer(salt=actions._SALT).unsign_object(urlsplit(address).path.split("/")[-2])
        assert Client().get(f"/files/{Signer(salt='other').sign_object(held)}/").status_code == 404

    def test_it_names_files_of_its_import_alone(self, address, stage):
        held = Signer(salt=actions._SALT).unsign_object(urlsplit(address).path.split("/")[-2])
        held[0] = stage()
        assert Client().get(f"/files/{Signer(salt=actions._SALT).sign_object(held)}/").status_code == 404

    def test_it_holds_for_its_time_though_rights_are_taken_away(self, course, stage, reviewer, library):
        run = stage()
        asked = {"user": reviewer, "import_id": run, "usage_key": T1, "name": "a b.png"}
        signed = api.sign_file(**asked).signed
        take(reviewer, Role.READER)
        asked["user"] = type(reviewer).objects.get(pk=reviewer.pk)
        with pytest.raises(api.NotPermitted):
            api.sign_file(**asked)
        with api.open_signed_file(signed=signed).content as content:
            assert content.read() == PNG

    def test_what_is_not_to_be_looked_at_is_kept(self, course, stage, user):
        run = stage()
        kinds = {}
        for name in FILES:
            signed = api.sign_file(user=user, import_id=run, usage_key=T1, name=name).signed
            answer = Client().get(f"/files/{signed}/")
            kinds[name] = answer["Content-Type"], answer["Content-Disposition"].partition(";")[0]
            assert b"".join(answer)
        assert kinds == {
            "a b.png": ("image/png", "inline"),
            "page.html": ("application/octet-stream", "attachment"),
            "drawing.svg": ("image/svg+xml", "inline"),
            "é.mp3": ("audio/mpeg", "inline"),
        }

    def test_the_library_has_files_of_its_own(self, again, author, user):
        run = again(lambda: author.add_file(ROW, "a b.png", b"Mine"))
        asked = {"user": user, "import_id": run, "usage_key": T1, "name": "a b.png"}
        with api.open_file(**asked).content as ours, api.open_file(**asked, side=Side.ITEM).content as theirs:
            assert (ours.read(), theirs.read()) == (PNG, b"Mine")
        signed = api.sign_file(**asked, side=Side.ITEM).signed
        assert b"".join(Client().get(f"/files/{signed}/").streaming_content) == b"Mine"

    def test_what_is_lost_is_said(self, address, again, user, settings, tmp_path):
        for folder in ("media", "library-media"):
            for file in (tmp_path / folder).rglob("*"):
                if file.is_file():
                    file.unlink()
        answer = Client().get(address)
        assert (answer.status_code, b"gone from the staging area" in answer.content) == (404, True)

    def test_other_files_are_not_there(self, course, stage, user):
        run = stage()
        for name in ("../../secret_key", "/etc/passwd", "none.png", "block.xml"):
            with pytest.raises(api.NotFound, match="has no file"):
                api.open_file(user=user, import_id=run, usage_key=T1, name=name)
        with pytest.raises(api.InvalidOption, match="no files of its own"):
            api.open_file(user=user, import_id=run, usage_key=T1, side=Side.COMPARISON, name="a b.png")


class TestDoors:
    @pytest.fixture
    def client(self, user):
        made = Client()
        made.force_login(user)
        return made

    @pytest.fixture(params=["/", ROOT])
    def door(self, request) -> str:
        """Where the pages are, and the REST API."""
        return request.param

    def test_the_document_is_for_a_frame_of_ours(self, door, course, stage, client):
        answer = client.get(f"{door}imports/{stage()}/blocks/{T1}/rendered/")
        assert answer["Content-Type"] == "text/html; charset=utf-8"
        files = f"http://testserver{door}files/"
        assert answer["Content-Security-Policy"] == (
            f"default-src 'none'; img-src {files}; media-src {files}; style-src 'unsafe-inline'; sandbox; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
        )
        assert answer["X-Frame-Options"] == "SAMEORIGIN"
        assert answer["Referrer-Policy"] == "no-referrer"
        page = lxml.html.document_fromstring(answer.content.decode())
        assert all(source.startswith(files) for source in page.xpath("//@src"))
        assert b"".join(Client().get(page.xpath("//img/@src")[0]).streaming_content) == PNG

    def test_which_side_is_asked_for(self, door, course, stage, client):
        url = f"{door}imports/{stage()}/blocks/{T1}/rendered/"
        assert b"The library holds nothing" in client.get(url, {"side": "item"}).content
        assert client.get(url, {"side": "upside"}).status_code in (400, 404)

    def test_a_program_gets_json(self, course, stage, client):
        run = stage()
        headers = {"Accept": "application/json"}
        found = client.get(f"{ROOT}imports/{run}/blocks/{T1}/rendered/", headers=headers).json()
        assert (found["side"], found["name"], found["in_library"]) == ("block", "Moon", False)
        assert found["document"].startswith("<!DOCTYPE html>")
        file = client.get(f"{ROOT}imports/{run}/blocks/{T1}/files/a%20b.png/", headers=headers).json()
        assert (file["name"], file["size"]) == ("a b.png", len(PNG))
        assert b"".join(Client().get(file["address"]).streaming_content) == PNG

    def test_a_browser_is_led_to_a_file(self, course, stage, client):
        answer = client.get(f"{ROOT}imports/{stage()}/blocks/{T1}/files/a%20b.png/")
        assert answer.status_code == 302
        assert b"".join(Client().get(answer.url).streaming_content) == PNG

    def test_who_may_not_see_it_is_told_nothing(self, door, course, stage, stranger):
        client = Client()
        client.force_login(stranger)
        answers = [client.get(f"{door}imports/{run}/blocks/{T1}/rendered/") for run in (stage(), "0" * 32)]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0]["X-Frame-Options"] == {"/": "SAMEORIGIN"}.get(door, "DENY")  # Told in the frame of the page.


@pytest.fixture
def shown(user):
    """The documents of all blocks of an import, on all sides."""

    def documents(run: str):
        for found in api.list_blocks(user=user, import_id=run, limit=1_000).items:
            for side in Side:
                asked = {"user": user, "import_id": run, "usage_key": found.usage_key, "side": side}
                yield api.render_block(**asked, address=lambda signed: f"{ADDRESS}{signed}").document

    return documents


@pytest.mark.at_gate
def test_a_course_whose_every_field_is_an_attack(courses, run_import, stage, shown):
    """Staged, in the library, and compared with another."""
    for turn in (0, 1):
        files = {}
        blocks = []
        for number in range(len(ATTACKS)):
            block_type = TYPES[number % len(TYPES)]
            blocks.append(block(block_type, f"x{number}"))
            files[f"{block_type}/x{number}.xml"] = olx_of(block_type, ATTACKS[number - turn], is_json=turn == 1)
        units = [unit(f"u{number}", one).titled(ATTACKS[number]) for number, one in enumerate(blocks)]
        write_course(courses / "c1", section("s", subsection("b", *units)), files=files, static={"a.png": PNG})
        if turn == 0:
            run_import()
    documents = [read(document) for document in shown(stage())]
    assert len(documents) == 3 * (2 + 2 * len(ATTACKS))


@pytest.mark.slow
def test_every_block_of_the_demo_course_is_shown(real_exports, courses, user, library, shown):
    shutil.copy(real_exports / "openedx-demo-course.tar.gz", courses)
    (source,) = api.list_sources(user=user).items
    made = api.create_import(user=user, source_key=source.key, library_key=TARGET)
    run = api.stage_import(user=user, import_id=made.id)
    images = 0
    for document in shown(run.id):
        images += len(read(document).xpath("//img"))
    assert images > 50
