"""What a review says as a whole, on the command line."""

import io
import json
import sys

import pytest

from ..builders import KEY, TARGET, small_course, write_course
from .calls import command, data_of, ended, in_one_line, refused

OTHER = "course-v1:Acme+C1+R2"


@pytest.fixture(autouse=True)
def _reviewed(courses, db):
    write_course(courses / "c1", *small_course())
    write_course(courses / "c2", *small_course()[:1], run="R2")
    command("stage", KEY, TARGET, "--create")
    command("leave-out", "last", "t1")
    command("edit", "last", "p2", "--title", "Better")
    command("complete", "last")


@pytest.fixture
def typed(monkeypatch):
    """What is typed, or comes from another program: ``typed("…")``."""
    return lambda text: monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def test_goes_to_another_run_by_a_file(tmp_path):
    file = str(tmp_path / "choices.json")
    assert "of 2 blocks is written into" in in_one_line(command("choices", "last", "--export", file))
    command("stage", OTHER, "lib:Acme:Other", "--create")
    told, code = ended("choices", "last", "--apply", file)
    assert "1 block changed. Not applied: problem/p2: The source has no such block." in in_one_line(told)
    assert code == 3
    assert "Text t1 html left out as in import" in in_one_line(command("review", "last", "--as-last-time", "--all"))


def test_goes_through_a_pipe(typed):
    document = command("choices", "last", "--export", "-")
    assert [block["block_id"] for block in json.loads(document)["blocks"]] == ["t1", "p2"]
    command("stage", KEY, "lib:Acme:Other", "--create")
    typed(document)
    assert data_of("choices", "last", "--apply", "-") == {"changed": 2, "unapplied": []}


def test_is_taken_as_last_time_or_not():
    command("stage", KEY, TARGET, "--not-as-last-time")
    assert "2 blocks changed: as last time." in command("choices", "last", "--as-last-time")
    assert "as in import" in command("review", "last", "--as-last-time", "--all")
    assert "2 blocks changed: as the source has it." in command("choices", "last", "--not-as-last-time")
    assert "No such blocks." in command("review", "last", "--as-last-time")


def test_is_refused_where_it_is_none(tmp_path, typed):
    command("stage", OTHER, TARGET)
    typed('{"version": 1, "blocks": [{"block_type": "html", "block_id": "t1", "selected": 0}]}')
    message, code = refused("choices", "last", "--apply", "-")
    assert message.startswith("blocks.0.selected: This is not of the type boolean.")
    assert code == 1
    (tmp_path / "none.json").write_bytes(b"\xff")
    assert "These are no choices" in refused("choices", "last", "--apply", str(tmp_path / "none.json"))[0]
    assert "No such file" in refused("choices", "last", "--apply", str(tmp_path / "missing"))[0]
    assert "File exists" in refused("choices", "last", "--export", str(tmp_path / "none.json"))[0]
