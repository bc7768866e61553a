"""What the documentation says is there: places that it leads to, settings, commands that its pages give."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import import_from_modulestore
import import_from_modulestore_standalone
from import_from_modulestore.command_line.subcommands import SUBCOMMANDS
from import_from_modulestore.rest_api.schema import TAGS, ApiSchemaGenerator
from import_from_modulestore.settings import DEFAULTS

ROOT = Path(__file__).parents[1]
APP = Path(import_from_modulestore.__file__).parent
STANDALONE = Path(import_from_modulestore_standalone.__file__).parent

LINK = re.compile(r"\]\(([^)\s]+)\)")


def pages() -> list[Path]:
    """All Markdown of the repository."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    told = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in told.splitlines() if (ROOT / name).exists()]


@cache
def anchors(page: Path) -> set[str]:
    """Places of a page, as GitHub and the documentation name them: by heading, or a name that stands before it."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    named = re.findall(r"^\(([\w-]+)\)=$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings} | set(named)


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_what_is_there(page):
    text = re.sub(r"^```.*?^```|`[^`]*`", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    for link in LINK.findall(text):
        if "://" in link or link.startswith("mailto:"):
            continue
        path, _hash, place = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not place or target.suffix != ".md" or place in anchors(target), link


def test_every_setting_of_the_app_is_described():
    described = re.findall(
        r"^# \.\. setting_name: (\w+)\n# \.\. setting_default: (.+)$", (APP / "settings.py").read_text(), re.M
    )
    assert {name: ast.literal_eval(default) for name, default in described} == DEFAULTS


def test_every_variable_of_the_standalone_project_is_described():
    text = (STANDALONE / "settings.py").read_text()
    described = re.findall(r"^``([A-Z_]+)`` ", ast.get_docstring(ast.parse(text)), re.MULTILINE)
    read = re.findall(r"\b(?:text|given|verbatim|words)\(\"([A-Z_]+)\"", text)
    assert set(described) == set(read)
    guide = (ROOT / "docs" / "how-to" / "running.md").read_text()
    assert {name for name in described if f"`{name}`" not in guide} == set()


class TestWhatIsMadeOfTheCode:
    @pytest.fixture(autouse=True)
    def made(self, monkeypatch):
        pytest.importorskip("sphinx", reason="`make docs` installs it")
        monkeypatch.setattr(sys, "path", [str(ROOT / "docs"), *sys.path])
        from made import MADE

        return MADE

    def test_every_subcommand_has_its_place_and_all_its_options(self, made):
        text = made["subcommands"]()
        for subcommand in (each for group in SUBCOMMANDS.values() for each in group):
            assert f"(command-{subcommand.name})=" in text
        assert text.count("`--user USERNAME`") == sum(map(len, SUBCOMMANDS.values()))
        assert "SUPPRESS" not in text
        assert {"grants", "serve", "tokens"} <= set(re.findall(r"^### (\w+)$", made["standalone commands"](), re.M))
        assert "| 7 | not confirmed; nothing was changed |" in made["exit codes"]()

    def test_every_request_and_all_that_it_holds_have_theirs(self, made):
        schema = ApiSchemaGenerator().get_schema(public=True)
        operations = [operation for methods in schema["paths"].values() for operation in methods.values()]
        assert {tag for operation in operations for tag in operation["tags"]} == set(TAGS)
        text = made["REST operations"]()
        assert all(f"### {operation['summary']}\n" in text for operation in operations)
        assert text.count("(rest-") == len(operations)
        places = set(re.findall(r"^\(([\w-]+)\)=$", made["REST schemas"](), re.MULTILINE))
        assert set(re.findall(r"rest_schemas\.md#([\w-]+)", text)) <= places

    def test_all_settings_are_there(self, made):
        assert {f"`{name}`" for name in DEFAULTS} <= set(made["settings of the app"]().splitlines())
        assert "`PUBLIC_URL`\n: the site's address" in made["settings of the standalone project"]()

    def test_every_room_that_the_layers_name_says_what_it_is(self, made):
        named = re.findall(r">(\w+)</text>", made["layers"]())
        assert {"api", "planning", "olx"} <= set(named)
        rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", made["rooms"](), re.MULTILINE)
        assert [name for name, _told in rows] == named
        assert all(len(told) > 15 for _name, told in rows)


def test_some_of_the_tests_are_run_by_make():
    words = (
        "make",
        "--dry-run",
        "--no-print-directory",
        "--old-file=install",
        "test",
        "ARGS=tests/test_undo.py -k twice",
    )
    told = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert told.splitlines()[-1].endswith(" tests/test_undo.py -k twice")
