"""Having blocks of a course follow the items that they became: link, unlink."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from .. import api
from ..data import LinkData
from .base import NOT_CONFIRMED, Session, arguments_of_import, arguments_of_tree, command_line, refusal, subcommand
from .terminal.links import links_counts, links_list
from .terminal.marks import type_of
from .terminal.text import counted


def _arguments_of_link(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("blocks", nargs="*", metavar="BLOCK", help="these alone, each with all in it")
    parser.add_argument("--preview", action="store_true", help="only show what can be linked")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def _arguments_of_unlink(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("blocks", nargs="*", metavar="BLOCK", help="these alone, each with what is linked around it")
    parser.add_argument("--yes", action="store_true", help="do not ask")


@subcommand(arguments_of_import, arguments_of_tree, _arguments_of_link)
def link(
    session: Session,
    *,
    import_name: str,
    blocks: Sequence[str],
    everything: bool,
    preview: bool,
    yes: bool,
    **options: Any,
) -> None:
    """
    Have blocks of the course follow the items that they became.

    Studio then shows them as linked to the library, and offers updates, as of what was added from it. Without BLOCK,
    all that can be linked and were not changed in the course since. It takes the right to change the course, which
    gets drafts of these blocks: nothing is published. `unlink` goes back.

    Shows what can be linked, then asks; --yes does not ask, --preview only shows.
    """
    run = session.find(import_name)
    keys = None
    if blocks or not yes:
        plan = api.preview_links(user=session.user, import_id=run.id)
        keys = [_find(name, plan.items) for name in blocks] or None
        if preview or not session.as_json:
            data = {"links": plan.items, "counts": plan.counts(), "ready": plan.ready}
            session.show(data, links_list(plan.items, everything=everything), "", links_counts(plan) or _NOTHING)
        if preview:
            return
        if not yes:
            _ask(session, f"Link {counted(len(keys) if keys else plan.ready, 'block')}?", "link")
    changed = api.link_back(user=session.user, import_id=run.id, usage_keys=keys)
    told = f"{counted(changed, 'block')} of the course linked. {command_line('unlink {id}', run.id)} goes back."
    session.show({"changed": changed}, told)


@subcommand(arguments_of_import, _arguments_of_unlink)
def unlink(session: Session, *, import_name: str, blocks: Sequence[str], yes: bool, **options: Any) -> None:
    """
    Have blocks of the course follow no items any more that this import has linked.

    They say again what they said before, and what else they hold stays as it is. A block goes with the containers
    around it that the import has linked, and all in these.
    """
    run = session.find(import_name)
    keys = None
    if blocks:
        plan = api.preview_links(user=session.user, import_id=run.id)
        keys = [_find(name, plan.items) for name in blocks]
    if not yes:
        _ask(session, "Unlink these blocks?" if keys else "Unlink all that this import has linked?", "unlink")
    changed = api.unlink(user=session.user, import_id=run.id, usage_keys=keys)
    session.show({"changed": changed}, f"{counted(changed, 'block')} of the course unlinked.")


_NOTHING = "Nothing of this import became an item that a block could follow."


def _ask(session: Session, question: str, name: str) -> None:
    if not session.can_ask():
        told = f"Nothing was changed, since there is nobody to ask. To do this without being asked: {name} --yes"
        raise refusal(told, NOT_CONFIRMED)
    if not session.confirm(question):
        raise refusal("Nothing was changed.", NOT_CONFIRMED)


def _find(name: str, items: Sequence[LinkData]) -> str:
    """The usage key of the block that is called so. Raises ``NotFound`` where that is none, or can be several."""
    block_type, slash, block_id = name.partition("/")
    found = [
        item
        for item in items
        if item.usage_key == name
        or (own := item.usage_key.rpartition("@")[2]) == name
        or (slash and own == block_id and block_type in (item.block_type, item.kind.value))
        or (name.isdecimal() and item.num == int(name))
    ]
    if len(found) == 1:
        return found[0].usage_key
    if found:
        keys = "\n".join(f"  {item.num}  {type_of(item)}  {item.name}" for item in found)
        raise api.NotFound(f"{name} can be any of these; name one by its number:\n{keys}")
    raise api.NotFound(f"No block that became an item is called {name}. `link --preview` lists them.")
