"""The examples of the documentation that call the command line; and its guide names all that there is."""

import re
import shutil

import pytest

from import_from_modulestore.command_line.base import EXIT_CODES
from import_from_modulestore.command_line.subcommands import SUBCOMMANDS

from ..guides import DOCS, ROOT, pages_with, run_examples

PAGES = pages_with("./manage.py import_from_modulestore")
GUIDE = (DOCS / "tutorials" / "command_line.md").read_text()


@pytest.mark.few
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_examples_do_what_they_say(page, courses, db, monkeypatch):
    shutil.rmtree(courses)
    shutil.copytree(ROOT / "courses", courses)
    monkeypatch.setenv("COLUMNS", "120")
    assert run_examples(page, courses.parent) > 2


@pytest.mark.parametrize("name", [subcommand.name for group in SUBCOMMANDS.values() for subcommand in group])
def test_every_command_is_in_the_guide(name):
    assert re.search(rf"(`|import_from_modulestore ){name}\b", GUIDE)


def test_the_guide_has_the_exit_codes_of_the_help():
    in_guide = re.findall(r"^\| (\d+) \| (.*?)(?:; the message.*)? \|$", GUIDE, re.MULTILINE)
    assert in_guide == [(str(code), str(told)) for code, told in EXIT_CODES.items()]
