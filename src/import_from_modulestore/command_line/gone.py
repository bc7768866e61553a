"""What the source has lost since it was imported, and taking it out of the library."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from typing import Any

from .. import api
from ..data import GoneData, GonePage
from .base import PAGE, Session, all_of, arguments_of_import, command_line, subcommand
from .terminal.gone import gone_list
from .terminal.marks import type_of
from .terminal.text import counted

ITEMS_HELP = """\
naming items:
  12                  by the number that `gone` shows
  intro               by the ID of the block
  html/intro          by type and ID, where several types share an ID
  lb:…, lct:…         by the item's key
"""


def _arguments_of_gone(parser: argparse.ArgumentParser) -> None:
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--remove", nargs="+", metavar="ITEM", help="remove these from the library with the import")
    choice.add_argument("--remove-all", action="store_true", help="all but those that are edited or in use")
    choice.add_argument("--keep", nargs="+", metavar="ITEM", help="keep these after all")
    choice.add_argument("--keep-all", action="store_true", help="keep all of them after all")


@subcommand(arguments_of_import, _arguments_of_gone)
def gone(
    session: Session,
    *,
    import_name: str,
    remove: Sequence[str] | None,
    remove_all: bool,
    keep: Sequence[str] | None,
    keep_all: bool,
    **options: Any,
) -> None:
    """
    Show what the source has lost since it was imported, and remove it.

    These are items of the library whose blocks are nowhere in the source any more. They stay, unless --remove or
    --remove-all says otherwise; `complete` then removes them, and `undo` restores them. ⚠ says what was edited in
    the library or is in use: that goes only where it is named. Each line has the item's number.
    """
    run = session.find(import_name)
    names = remove or keep
    if names or remove_all or keep_all:
        api.remove_gone(
            user=session.user,
            import_id=run.id,
            item_keys=_find_items(session, names) if names else None,
            remove=bool(remove or remove_all),
        )
    items, page = _all_gone(session)
    told = f"{counted(page.removed, 'item')} of {page.total:,} to be removed, the others kept."
    steps = [command_line("gone {id} --remove-all", run.id), command_line("plan {id}", run.id)]
    session.show(
        {"gone": items, "removed": page.removed, "unknown": page.unknown},
        gone_list(items, page.unknown, everything=True) or "Nothing is gone from the source since it was imported.",
        *(["", told, f"Remove them: {steps[0]}", f"What would happen now: {steps[1]}"] if items else ()),
    )


def gone_in_review(session: Session, *, everything: bool) -> Any:
    """The first items that are gone, and how to see and remove them; ``None`` where there are none."""
    page = api.list_gone(user=session.user, import_id=session.import_id, limit=PAGE)
    return gone_list(page.items, page.unknown, total=page.total, more=_how(session), everything=everything)


def gone_in_short(session: Session, total: int) -> str | None:
    """How many items are gone, in a line; ``None`` where there are none."""
    return f"{counted(total, 'item')} of the library gone from the source: {_how(session)}" if total else None


def _how(session: Session) -> str:
    return command_line("gone {id}", session.import_id)


def _all_gone(session: Session) -> tuple[list[GoneData], GonePage]:
    return all_of(partial(api.list_gone, user=session.user, import_id=session.import_id))


def _find_items(session: Session, names: Sequence[str]) -> list[str]:
    """
    The keys of the items that are called so.

    Raises ``NotFound`` where a name stands for none of those that are gone, or for several.
    """
    items, _page = _all_gone(session)
    return [name if name.startswith(("lb:", "lct:")) else _find(session, name, items).item_key for name in names]


def _find(session: Session, name: str, items: Sequence[GoneData]) -> GoneData:
    block_type, slash, block_id = name.partition("/")
    found = [
        item
        for item in items
        if (own := item.usage_key.rpartition("@")[2]) == name
        or (slash and own == block_id and block_type in (item.block_type, item.kind.value))
        or (name.isdecimal() and item.num == int(name))
    ]
    if len(found) == 1:
        return found[0]
    if found:
        keys = "\n".join(f"  {item.num}  {type_of(item)}  {item.name}" for item in found)
        raise api.NotFound(f"{name} can be any of these; name one by its number:\n{keys}")
    raise api.NotFound(
        f"Nothing that is gone from the source is called {name}. All of it is listed by: {_how(session)}"
    )
