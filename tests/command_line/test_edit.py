"""Editing staged blocks, by option, from a file, and in an editor."""

import re
import shlex
import sys
import tempfile
from io import StringIO
from pathlib import Path

import pytest

from import_from_modulestore import api

from ..builders import KEY, TARGET
from .calls import Terminal, command, data_of, refused


@pytest.fixture(autouse=True)
def _staged(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    command("stage", KEY, TARGET, "--create")


@pytest.fixture
def in_editor(tmp_path, monkeypatch):
    """An editor that replaces texts, one pair at each call, in order: ``in_editor(("old", "new"), …)``."""

    def use(*replacements: tuple[str, str]) -> None:
        calls = tmp_path / "calls"
        calls.write_text("\n".join(f"{old}\t{new}" for old, new in replacements))
        program = tmp_path / "editor.py"
        program.write_text(
            "import pathlib, sys\n"
            f"calls = pathlib.Path({str(calls)!r})\n"
            "first, _sep, rest = calls.read_text().partition('\\n')\n"
            "calls.write_text(rest)\n"
            "old, new = first.split('\\t')\n"
            "file = pathlib.Path(sys.argv[1])\n"
            "assert old in file.read_text()\n"
            "file.write_text(file.read_text().replace(old, new))\n"
        )
        monkeypatch.setenv("VISUAL", f"{shlex.quote(sys.executable)} {shlex.quote(str(program))}")

    return use


def olx_of(name: str) -> str:
    return data_of("review", "last", name)["olx"]


def test_a_title_and_back():
    assert "Mine is edited." in command("edit", "last", "unit/u1", "--title", "Mine")
    assert "Mine" in command("review", "last", "--edited")
    assert "No such blocks." in command("review", "last", "--warnings")
    assert "The edits of vertical u1 are taken back." in command("edit", "last", "unit/u1", "--revert")
    assert command("review", "last", "--edited") == "No such blocks.\n"


def test_olx_from_a_file_or_standard_input(tmp_path, monkeypatch):
    (tmp_path / "t1.xml").write_text('<html display_name="Filed"><![CDATA[<p>Ebb.</p>]]></html>')
    assert "Filed is edited." in command("edit", "last", "t1", "--olx", str(tmp_path / "t1.xml"))
    monkeypatch.setattr("sys.stdin", StringIO('<html display_name="Piped"><![CDATA[<p>Flood.</p>]]></html>'))
    assert "Piped is edited." in command("edit", "last", "t1", "--olx", "-")
    assert "Flood." in olx_of("t1")


@pytest.mark.parametrize("endless", ["/dev/zero", "-"])
def test_olx_without_an_end_is_read_no_further_than_it_may_be(monkeypatch, endless):
    with Path("/dev/zero").open(encoding="utf-8") as zeros:
        monkeypatch.setattr("sys.stdin", zeros)
        message, _code = refused("edit", "last", "t1", "--olx", endless)
    assert "The OLX has more than the 1,000,000 characters that are allowed." in message


def test_olx_in_an_editor(in_editor):
    in_editor(("Text.", "Low tide."))
    assert "Text t1 is edited." in command("edit", "last", "t1")
    assert "Low tide." in olx_of("t1")


def test_an_editor_that_changes_nothing_edits_nothing(in_editor):
    in_editor(("Text.", "Text."))
    assert "Nothing was changed." in command("edit", "last", "t1")
    assert not data_of("review", "last", "t1")["block"]["edited"]


def test_what_is_refused_on_a_terminal_can_be_edited_further(in_editor, monkeypatch, capsys):
    in_editor(("</html>", ""), ("Text.", "Mended.</p>]]></html><!--"))
    monkeypatch.setattr("sys.stdin", Terminal("y\nn\n"))
    message, code = refused("edit", "last", "t1", stdout=Terminal())
    asked = capsys.readouterr().err
    assert asked.count("Go on editing? [Y/n]") == 2
    assert "The OLX cannot be used" in asked
    assert code == 1
    assert "Nothing was changed. What you wrote is kept" in message


def test_what_is_mended_is_saved(in_editor, monkeypatch):
    in_editor(("</html>", "</htm>"), ("Text.</p>]]></htm>", "Mended.</p>]]></html>"))
    monkeypatch.setattr("sys.stdin", Terminal("\n"))
    assert "Text t1 is edited." in command("edit", "last", "t1", stdout=Terminal())
    assert "Mended." in olx_of("t1")


def test_what_is_refused_is_kept_for_mending(in_editor):
    in_editor(("</html>", ""))
    message, code = refused("edit", "last", "t1")
    kept = Path(re.search(r"--olx (\S+)$", message).group(1))
    assert code == 1
    assert "Text." in kept.read_text()
    kept.write_text(kept.read_text() + "</html>")
    words = message.rpartition("import_from_modulestore ")[2].split()
    assert "is edited." in command(*words)


def test_containers_are_only_renamed():
    message, code = refused("edit", "last", "unit/u1")
    assert (message, code) == ("A unit has no OLX of its own. Rename it with --title.", 1)


def test_an_editor_that_is_not_there(monkeypatch):
    monkeypatch.setenv("VISUAL", "no-such-editor")
    message, code = refused("edit", "last", "t1")
    assert (code, "EDITOR=nano" in message) == (1, True)


def test_olx_that_cannot_be_used_is_refused(monkeypatch):
    before = olx_of("t1")
    for olx, told in (
        ("<html", "The OLX cannot be used"),
        ("<problem/>", "The OLX is a <problem>, but this block is a <html>"),
        ('<html url_name="other"/>', 'has url_name="other", but this block is "t1"'),
        ('<html><![CDATA[<img src="/static/no.png"/>]]></html>', "names a file that is not staged: no.png"),
        (f"<html>{'x' * 1_000_001}</html>", "more than the 1,000,000 characters that are allowed"),
    ):
        monkeypatch.setattr("sys.stdin", StringIO(olx))
        message, code = refused("edit", "last", "t1", "--olx", "-")
        assert (code, told in message) == (1, True), message
    assert olx_of("t1") == before


def test_a_file_that_is_not_text(tmp_path):
    (tmp_path / "x.xml").write_bytes(b"<html>\xff</html>")
    message, code = refused("edit", "last", "t1", "--olx", str(tmp_path / "x.xml"))
    assert (code, "is not text in UTF-8" in message) == (1, True)
    assert "No such file" in refused("edit", "last", "t1", "--olx", str(tmp_path / "y.xml"))[0]


def test_an_edit_that_was_never_made_cannot_be_taken_back():
    assert refused("edit", "last", "t1", "--revert") == ("Text t1 was not edited.", 1)


def test_taking_back_goes_with_nothing_else():
    assert refused("edit", "last", "t1", "--revert", "--title", "x")[1] == 2


def test_nothing_is_edited_after_completion(user):
    command("complete", "last")
    message, code = refused("edit", "last", "t1", "--title", "Late")
    assert code == 6
    assert "the import is completed" in message
    assert "import_from_modulestore undo" in message
    assert api.get_records(user=user, import_id=data_of("history")[0]["id"])[3].title == "Text t1"
