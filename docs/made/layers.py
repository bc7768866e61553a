"""How it is built, off the contracts that import-linter checks, and the docstrings of what they speak of."""

import ast
import html
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from .markdown import code, from_rest, table

_ROOT = Path(__file__).parents[2]
_APP = _ROOT / "src" / "import_from_modulestore"

_WIDTH, _ROW, _GAP, _LETTER = 720, 44, 8, 7.6
"""Of the drawing: how wide it is, how high a layer and what is between two, and how wide a letter."""


@cache
def _contracts() -> list[dict[str, Any]]:
    settings = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return settings["tool"]["importlinter"]["contracts"]


@cache
def _layers() -> list[list[str]]:
    """The layers of the app, topmost first, each with its modules."""
    [contract] = [contract for contract in _contracts() if contract["type"] == "layers"]
    return [[name.strip().rpartition(".")[2] for name in re.split("[|:]", layer)] for layer in contract["layers"]]


def _told(module: str) -> str:
    """What a module says of itself, in its first paragraph."""
    [path] = [path for path in (_APP / f"{module}.py", _APP / module / "__init__.py") if path.exists()]
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return " ".join(docstring.partition("\n\n")[0].split())


def drawing() -> str:
    """The layers one upon another, as an image in the page: it has the page's colours, and its text can be found."""
    height = len(_layers()) * (_ROW + _GAP) - _GAP
    parts = [
        f'<svg class="layers" viewBox="0 0 {_WIDTH} {height}" role="img" xmlns="http://www.w3.org/2000/svg">',
        "<title>The layers of the app: each may use what is below it</title>",
    ]
    for number, modules in enumerate(_layers()):
        y = number * (_ROW + _GAP)
        parts.append(f'<rect class="layer" x="0" y="{y}" width="{_WIDTH}" height="{_ROW}" rx="6"/>')
        widths = [len(module) * _LETTER + 18 for module in modules]
        x = (_WIDTH - sum(widths) - _GAP * (len(widths) - 1)) / 2
        for module, width in zip(modules, widths, strict=True):
            told = html.escape(from_rest(_told(module)).replace("`", ""))
            parts.append(
                f'<g><title>{told}</title><rect class="module" x="{x:.1f}" y="{y + 8}" width="{width:.1f}"'
                f' height="{_ROW - 16}" rx="4"/>'
                f'<text x="{x + width / 2:.1f}" y="{y + _ROW / 2 + 4}">{module}</text></g>'
            )
            x += width + _GAP
    return "\n".join(["```{raw} html", *parts, "</svg>", "```", ""])


def rooms() -> str:
    """What stands in each layer, in words."""
    return table(
        ("", "what it is"),
        ((code(module), from_rest(_told(module)).replace("<", "\\<")) for layer in _layers() for module in layer),
    )


def contracts() -> str:
    """What else is checked of imports."""
    return "".join(f"* {contract['name']}.\n" for contract in _contracts() if contract["type"] == "forbidden")
