"""
Pictures of the terminal, for the documentation: ``python -m tests.command_line.pictures``.

The commands are run as a person runs them, on a site of their own with the sample course; what they print is drawn by
Rich as SVG. IDs of imports are made equal, so that a picture changes only where the output does.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

from ..guides import DOCS
from ..processes import Project

SAMPLE = DOCS.parent / "courses" / "sample-course"
COMMAND, SOURCE, LIBRARY = "import_from_modulestore", "course-v1:Acme+Tides+2026", "lib:Acme:Tides"
WIDTH, ID = 100, "4f2a91c0"

COMMANDS = (
    ("", "run", SOURCE, LIBRARY, "--create", "--branch", "published"),
    ("", "stage", SOURCE, LIBRARY),
    ("terminal-review", "review", "last"),
    ("terminal-difference", "review", "last", "twelfths_rule", "--diff"),
    ("", "decide", "last", "overwrite", "reading_tide_tables"),
    ("", "complete", "last"),
    ("terminal-undo", "undo", "last", "--yes"),
)
"""In their order, each after the name of its picture, where one is taken."""


def drawn(words: list[str], printed: str, name: str) -> str:
    """What a command prints, beneath the command, as SVG that loads nothing."""
    console = Console(record=True, width=WIDTH, file=StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text(f"$ ./manage.py {COMMAND} {' '.join(words)}", style="bold"))
    console.print(Text.from_ansi(re.sub(r"(?<!content )\b[0-9a-f]{8}\b", ID, printed.rstrip())))
    console.print()  # Room below for what hangs down from the last line.
    svg = console.export_svg(title=COMMAND, unique_id=name)
    return re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL) + "\n"


def main(folder: Path) -> None:
    """Run them, and say where the pictures are."""
    with tempfile.TemporaryDirectory(prefix="pictures-") as place:
        project = Project(Path(place))
        project.environment["COLUMNS"] = str(WIDTH)
        shutil.copytree(SAMPLE, project.courses / SAMPLE.name)
        project.manage("migrate", "--verbosity", "0").check_returncode()
        for name, *words in COMMANDS:
            done = project.manage(COMMAND, *words, "--force-color")
            done.check_returncode()
            if name:
                (folder / f"{name}.svg").write_text(drawn(words, done.stdout, name))
    sys.stdout.write(f"{sum(bool(name) for name, *_words in COMMANDS)} pictures of the terminal are in {folder}.\n")


if __name__ == "__main__":
    main(DOCS / "images")
