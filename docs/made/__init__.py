"""
A Sphinx extension: pages, or parts of them, that are made of the code.

A page says where, in a comment on a line of its own: ``<!-- made of the code: layers -->``. Before the page is parsed,
the Markdown that the function of that name returns takes its place. A name that is not known, or of which nothing is
found, fails the build; so does, at its end, a link in the finished pages that leads nowhere.
"""

import re
from typing import Any

from . import command_line, layers, links, rest_api, settings

MADE = {
    "subcommands": command_line.subcommands,
    "standalone commands": command_line.of_the_standalone_project,
    "exit codes": command_line.exit_codes,
    "REST description": rest_api.description,
    "REST operations": rest_api.operations,
    "REST refusals": rest_api.refusals,
    "REST schemas": rest_api.schemas,
    "settings of the app": settings.of_the_app,
    "settings of the standalone project": settings.of_the_standalone_project,
    "layers": layers.drawing,
    "rooms": layers.rooms,
    "contracts": layers.contracts,
}

_PLACE = re.compile(r"^<!-- made of the code: (.+) -->$", re.MULTILINE)


def fill(_app: Any, name: str, source: list[str]) -> None:
    """Put what is made of the code in its place on a page."""

    def made(place: re.Match[str]) -> str:
        text = MADE[place[1]]()
        if not text.strip():
            raise ValueError(f"{name}: nothing is found of the {place[1]}.")
        return text

    source[0] = _PLACE.sub(made, source[0])


def always_read(app: Any, env: Any, _added: set[str], _changed: set[str], _removed: set[str]) -> list[str]:
    """Pages that hang on the code, which Sphinx does not watch."""
    return [name for name in env.found_docs if _PLACE.search(env.doc2path(name).read_text(encoding="utf-8"))]


def setup(app: Any) -> dict[str, Any]:
    """Told by Sphinx to begin."""
    app.connect("source-read", fill)
    app.connect("env-get-outdated", always_read)
    app.connect("build-finished", links.check)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
