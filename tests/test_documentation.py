"""What the documentation says is there: places that it leads to, settings, commands that its pages give."""

from __future__ import annotations

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

import import_from_modulestore
import import_from_modulestore_standalone
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
    read = re.findall(r"\benv(?:\.\w+)?\(\"([A-Z_]+)\"", text)
    assert set(described) == set(read)
    guide = (ROOT / "docs" / "how-to" / "running.md").read_text()
    assert {name for name in described if f"`{name}`" not in guide} == set()
