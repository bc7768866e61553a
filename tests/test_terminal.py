"""What a course holds is shown on a terminal, and never obeyed by it."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import OperationalError
from rich.console import Console

from import_from_modulestore import api
from import_from_modulestore.terminal.progress import ProgressBar
from import_from_modulestore.terminal.text import printable

from .builders import KEY, block, section, subsection, text, unit, write_course
from .test_command_line import command, refused

HOSTILE = ["[red]x[/red]", "[/]", "\\[/x]", ":smile:", "a\\", "split [b"]


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
        (OperationalError("database is locked"), "The database refused: database is locked", 1),
        (PermissionError(13, "Permission denied", "/x"), "The operating system refused: Permission denied (/x)", 1),
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
