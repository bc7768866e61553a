"""Whatever text comes in, at whichever door: nothing breaks, and what is stored can be written everywhere."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import transaction
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from openedx_content.models_api import Collection, LearningPackage, PublishableEntityVersion

from import_from_modulestore import api
from import_from_modulestore.command_line.terminal.text import escaped, printable
from import_from_modulestore.data import CollectionChoice, ImportOptions
from import_from_modulestore.models import Import, StagedBlock
from import_from_modulestore.texts import clean, clean_title, is_xml_text, xml_text

from .builders import KEY, TARGET, pack, section, small_course, subsection, text, unit, usage_key, write_course
from .command_line.calls import command, data_of, refused
from .examples import examples

NASTY = [
    *("\ud800", "\udcff", "\x00", "\x07", "\x1b[31m", "\x0b", "\x85", "\x9b", "\u2028", "\u200b", "\u202e", "\u2066"),
    *("\ufdd0", "\ufffe", "\uffff", "\U0001ffff", "\U0010ffff", "\ufeff", "\r\n", "\N{WATER WAVE}"),
]
ANY_TEXT = st.text(st.characters() | st.sampled_from("".join(NASTY)), max_size=20) | st.sampled_from(NASTY)
T1 = usage_key("html", "t1")

few = settings(
    max_examples=examples(25),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class Undone(Exception):
    """Takes back what an example did."""


@pytest.fixture
def import_id(courses, stage) -> str:
    write_course(courses / "c1", *small_course())
    return stage()


def can_be_written(text: str) -> bool:
    """In UTF-8, in JSON, and in XML."""
    text.encode()
    element = etree.Element("a", title=text)
    return etree.fromstring(etree.tostring(element)).get("title") == text


class TestClean:
    @given(ANY_TEXT)
    def test_a_text_can_be_written_as_utf_8_and_one_that_could_is_as_it_was(self, given):
        clean(given).encode()
        assert len(clean(given)) == len(given)
        assert clean(clean(given)) == clean(given)
        if not any("\ud800" <= character <= "\udfff" for character in given):
            assert clean(given) == given

    @given(ANY_TEXT)
    def test_for_xml_nothing_is_left_that_it_cannot_hold(self, given):
        assert is_xml_text(xml_text(given))
        etree.Element("a").text = xml_text(given)

    @given(ANY_TEXT)
    def test_a_title_is_one_visible_line_or_nothing(self, given):
        title = clean_title(given)
        assert can_be_written(title)
        assert clean_title(title) == title
        assert len(title.splitlines()) == bool(title)

    @pytest.mark.parametrize("title", ["\u200b", "\u202e\u202c", "\ufeff", "\ufffe", "\x07", "\u2028", " \xa0 "])
    def test_a_title_of_which_nothing_is_seen_is_none(self, title):
        assert clean_title(title) == ""

    @given(ANY_TEXT)
    def test_a_terminal_gets_nothing_to_obey(self, given):
        for shown in (printable(given), escaped(json.dumps(given, ensure_ascii=False))):
            shown.encode()
            assert not {*shown} & {*"\x1b\x07\x00\x9b\x85\u202e\u2066\u2028\r"}
        assert json.loads(escaped(json.dumps(given, ensure_ascii=False))) == json.loads(json.dumps(given))


class TestPython:
    """Every argument that is a text; what an example stores is read again, and taken back."""

    CALLS: dict[str, Callable] = {
        "title of a library": lambda ask, _id, text: ask(api.create_library, library_key="lib:Acme:New", title=text),
        "key of a library": lambda ask, _id, text: ask(api.create_library, library_key=f"lib:Acme:{text}", title="New"),
        "key of a source": lambda ask, _id, text: ask(api.get_source, source_key=f"course-v1:{text}+C+R"),
        "an export": lambda ask, _id, text: ask(api.get_source, source_key=KEY, export=text),
        "a new library": lambda ask, _id, text: ask(
            api.create_import, source_key=KEY, library_key="lib:Acme:New", new_library_title=text
        ),
        "a collection": lambda ask, _id, text: ask(
            api.create_import,
            source_key=KEY,
            library_key=TARGET,
            options=ImportOptions(collection=CollectionChoice(title=text)),
        ),
        "code of a collection": lambda ask, _id, text: ask(
            api.create_import,
            source_key=KEY,
            library_key=TARGET,
            options=ImportOptions(collection=CollectionChoice(code=text)),
        ),
        "a selection": lambda ask, _id, text: ask(
            api.preview_import, source_key=KEY, library_key=TARGET, options=ImportOptions(selection=(text,))
        ),
        "title of a block": lambda ask, run, text: ask(api.edit_block, import_id=run, usage_key=T1, title=text),
        "title of a unit": lambda ask, run, text: ask(
            api.edit_block, import_id=run, usage_key=usage_key("vertical", "u1"), title=text
        ),
        "OLX": lambda ask, run, text: ask(api.edit_block, import_id=run, usage_key=T1, olx=f"<html>{text}</html>"),
        "a usage key": lambda ask, run, text: ask(api.get_block, import_id=run, usage_key=text),
        "a parent": lambda ask, run, text: ask(api.list_blocks, import_id=run, parent=text),
        "a block type": lambda ask, run, text: ask(api.list_blocks, import_id=run, block_type=text),
        "a search in blocks": lambda ask, run, text: ask(api.list_blocks, import_id=run, search=text),
        "usage keys": lambda ask, run, text: ask(api.select_blocks, import_id=run, usage_keys=[text], selected=False),
        "item keys": lambda ask, run, text: ask(api.remove_gone, import_id=run, item_keys=[text]),
        "an import's ID": lambda ask, _id, text: ask(api.get_import, import_id=text),
        "a search in imports": lambda ask, _id, text: ask(api.list_imports, search=text),
        "a username": lambda ask, _id, text: ask(api.list_imports, username=text),
        "a search in sources": lambda ask, _id, text: ask(api.list_sources, search=text),
        "a search in libraries": lambda ask, _id, text: ask(api.list_libraries, search=text),
        "an item key": lambda ask, _id, text: ask(api.where_from, item_key=f"lb:Acme:Target:html:{text}"),
        "a block": lambda ask, _id, text: ask(api.where_to, usage_key=f"block-v1:Acme+C1+R1+type@html+block@{text}"),
        "a file": lambda ask, _id, text: ask(api.backup_library, library_key=TARGET, file=Path(f"/nowhere/{text}.zip")),
    }

    @pytest.mark.few
    @pytest.mark.parametrize("call", CALLS)
    @few
    @given(given=ANY_TEXT)
    def test_is_taken_or_refused_in_words(self, import_id, user, call, given):
        try:
            with transaction.atomic():
                self.CALLS[call](lambda do, **more: do(user=user, **more), import_id, given)
                titles = [
                    *Import.objects.values_list("library_title", flat=True),
                    *Import.objects.values_list("collection_title", flat=True),
                    *StagedBlock.objects.values_list("title", flat=True),
                    *StagedBlock.objects.values_list("edited_olx", flat=True),
                    *LearningPackage.objects.values_list("title", flat=True),
                ]
                assert all(map(can_be_written, titles))
                raise Undone
        except Undone:
            pass
        except api.ImportFromModulestoreError as error:
            str(error).encode()

    def test_the_name_of_a_file_that_is_none_is_quoted_as_text(self, user, library):
        with pytest.raises(api.InvalidOption, match="\ufffd.zip"):
            api.backup_library(user=user, library_key=TARGET, file=Path("/nowhere/\udc80.zip"))

    @few
    @given(given=ANY_TEXT)
    def test_what_is_written_to_the_library_can_be_written_anywhere(self, import_id, user, given):
        try:
            with transaction.atomic():
                for block in (T1, usage_key("vertical", "u1")):
                    if clean_title(given):
                        api.edit_block(user=user, import_id=import_id, usage_key=block, title=given)
                Import.objects.update(collection_wanted=True, collection_title=clean_title(given) or "Course")
                api.complete_import(user=user, import_id=import_id)
                titles = PublishableEntityVersion.objects.values_list("title", flat=True)
                assert all(map(can_be_written, titles))
                assert can_be_written(Collection.objects.get().title)
                raise Undone
        except Undone:
            pass


class TestRest:
    PATHS = (
        *("sources/?search={}", "libraries/?search={}", "imports/?search={}", "imports/?username={}"),
        *("imports/?state={}", "sources/{}/", "libraries/lib:Acme:{}/"),
    )

    @pytest.fixture
    def ask(self, client, user):
        """Send a request; the status of the answer, which is JSON."""
        client.force_login(user)

        def send(method: str, path: str, body: object = None) -> int:
            sent = {"data": json.dumps(body), "content_type": "application/json"} if body is not None else {}
            with transaction.atomic():
                answer = getattr(client, method)(f"/api/modulestore_imports/v1/{path}", **sent)
                transaction.set_rollback(True)
            json.loads(answer.content.decode() or "null")
            return answer.status_code

        return send

    @few
    @given(given=ANY_TEXT)
    def test_bodies(self, import_id, ask, given):
        block = f"imports/{import_id}/blocks/{T1}/"
        options = [{"collection": {"title": given}}, {"collection": {"code": given}}, {"selection": [given]}]
        new = {"source_key": KEY, "library_key": TARGET, "start": False}
        answers = [
            ask("post", "libraries/", {"key": "lib:Acme:New", "title": given}),
            ask("post", "libraries/", {"key": f"lib:Acme:{given}", "title": "New"}),
            *(ask("post", "imports/", {**new, "options": each}) for each in options),
            ask("post", "imports/", {**new, "library_key": "lib:Acme:New", "new_library_title": given}),
            ask("post", "imports/", {**new, given: given}),
            ask("patch", block, {"title": given}),
            ask("patch", block, {"olx": f"<html>{given}</html>"}),
            ask("patch", f"imports/{import_id}/blocks/", {"usage_keys": [given], "selected": False}),
        ]
        assert {status for status in answers if status >= 500} == set()

    @few
    @given(given=ANY_TEXT)
    def test_addresses(self, import_id, ask, given):
        for errors in ("surrogatepass", "surrogateescape"):
            try:
                written = quote(given.encode("utf-8", errors), safe="")
            except UnicodeEncodeError:
                continue
            paths = [path.format(written) for path in self.PATHS]
            paths += [f"imports/{import_id}/blocks/?search={written}", f"imports/{import_id}/blocks/{written}/"]
            assert {path: status for path in paths if (status := ask("get", path)) >= 500} == {}

    def test_a_title_of_what_xml_cannot_hold_is_refused_and_one_with_it_is_cleaned(self, import_id, ask):
        path = f"imports/{import_id}/blocks/{T1}/"
        assert ask("patch", path, {"title": "\ufffe"}) == 400
        assert ask("patch", path, {"title": "a\ufffeb"}) == 200


class TestExports:
    @pytest.fixture
    def travel(self, courses, user, library):
        """Import what lies on the shelf: the sources, and the titles that the library has."""

        def travelled() -> list[str]:
            for source in api.list_sources(user=user).items:
                assert source.problem == ""
                source.export.encode()
                run = api.create_import(user=user, source_key=source.key, library_key=TARGET, export=source.export)
                api.stage_import(user=user, import_id=run.id)
                api.complete_import(user=user, import_id=run.id)
                data_of("show", run.id)
            return list(PublishableEntityVersion.objects.values_list("title", flat=True))

        return travelled

    @pytest.mark.few
    @pytest.mark.parametrize("name", [b"caf\xe9", b"\xe2\x82", "潮汐".encode(), b"a\x1b[31m", b"a\xef\xbf\xbe"])
    @pytest.mark.parametrize("suffix", [b"", b".tar.gz"])
    def test_are_found_by_the_name_that_is_shown_whatever_bytes_it_has(
        self, courses, tmp_path, travel, user, client, name, suffix
    ):
        folder = write_course(tmp_path / "c1", *small_course())
        shutil.move(pack(folder, tmp_path / "c.tar.gz") if suffix else folder, courses / os.fsdecode(name + suffix))
        assert travel()
        [source] = data_of("sources")
        assert api.get_source(user=user, source_key=KEY, export=os.fsdecode(name + suffix)).export == source["export"]
        assert command("stage", KEY, TARGET, "--export", os.fsdecode(name + suffix))
        client.force_login(user)
        assert client.get("/api/modulestore_imports/v1/sources/").json()["results"][0]["export"] == source["export"]

    @pytest.mark.few
    @pytest.mark.parametrize("character", NASTY)
    def test_whatever_json_and_file_names_hold(self, courses, travel, character):
        title = f"a{character}b"
        policy = {
            "html/t1": {"display_name": title, "editor": character},
            "chapter/s": {"display_name": character},
            "course/R1": {"display_name": title, character: character},
        }
        assets = {title: {"filename": f"asset-v1:A+B+C+type@asset+block@{title}", "displayname": title}}
        sjson = {"start": [0], "end": [9], "text": [title]}
        video = '<video url_name="v" sub="sub"/>'
        write_course(
            courses / "c1",
            section("s", subsection("b", unit("u", text("t1", '<img src="/static/a.png">')))),
            static={"a.png": b"PNG", "subs_sub.srt.sjson": json.dumps(sjson).encode()},
            files={
                "policies/R1/policy.json": json.dumps(policy),
                "policies/assets.json": json.dumps(assets),
                "vertical/u.xml": f'<vertical><html url_name="t1"/>{video}</vertical>',
            },
        )
        if character not in ("\x00", "\ud800"):  # Of which no file system makes a name.
            (courses / "c1" / "static" / title).write_bytes(b"X")
        assert all(map(can_be_written, travel()))

    @pytest.mark.few
    @pytest.mark.parametrize("reference", ["&#xFFFE;", "&#xD800;", "&#0;", "&#x1FFFF;", "&#x85;", "&#x202E;"])
    def test_whatever_xml_spells(self, courses, travel, reference):
        write_course(
            courses / "c1",
            *small_course(),
            files={"vertical/u1.xml": f'<vertical display_name="a{reference}b"><html url_name="t1"/></vertical>'},
        )
        assert all(map(can_be_written, travel()))


class TestCommandLine:
    @pytest.mark.few
    @pytest.mark.parametrize("character", NASTY)
    def test_refuses_or_takes_it(self, import_id, user, character):
        for words in (("sources", "--search"), ("history", "--search"), ("libraries", "--search")):
            command(*words, f"a{character}b")
        assert "There is no user" in refused("sources", "--user", f"a{character}b")[0]
        assert "There is no import" in refused("show", f"a{character}b")[0]
        command("edit", import_id, "t1", "--title", f"a{character}b")

    @pytest.mark.at_gate
    def test_takes_bytes_from_the_shell_and_the_environment(self, project):
        write_course(project.courses / os.fsdecode(b"caf\xe9"), *small_course())
        project.environment["PYTHONIOENCODING"] = "utf-8:strict"
        found = project.manage("import_from_modulestore", "sources", "--search", os.fsdecode(b"\xe9"))
        assert (found.returncode, found.stderr) == (0, "")
        title = os.fsdecode(b"L\xe9gende")
        done = project.manage("import_from_modulestore", "run", KEY, TARGET, "--create", "--title", title)
        assert done.returncode == 0, done.stderr
        shown = project.manage("import_from_modulestore", "libraries")
        assert "L\ufffdgende" in shown.stdout


def test_the_admin_cleans_and_refuses_as_the_others_do(import_id, user, client):
    user.is_staff = True
    user.save()
    client.force_login(user)
    page = reverse("admin:modulestore_imports_import_block", args=[Import.objects.get().pk, T1])
    olx = api.get_block(user=user, import_id=import_id, usage_key=T1).olx
    titles = {}
    for character in NASTY:
        with transaction.atomic():
            title = quote(f"a{character}b".encode("utf-8", "surrogatepass"))
            sent = f"do=edit&title={title}&olx={quote(olx)}"
            answer = client.post(page, sent, content_type="application/x-www-form-urlencoded")
            assert answer.status_code in (200, 302), character
            titles[character] = StagedBlock.objects.get(block_id="t1").title
            transaction.set_rollback(True)
    assert all(map(can_be_written, titles.values()))
    assert (titles["\ufffe"], titles["\x0b"], titles["\N{WATER WAVE}"]) == ("ab", "a b", "a\N{WATER WAVE}b")
