"""What the source has lost since it was imported, and taking it out of the library."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from .. import api
from ..data import GoneData, GonePage
from .base import PAGE, Session, all_of, arguments_of_import, command_line, listing, subcommand, what_would_happen
from .blocks import find_one
from .terminal.gone import gone_list

ITEMS_HELP = (
    listing(
        ("12", gettext_lazy("by the number that `gone` shows")),
        ("intro", gettext_lazy("by the ID of the block")),
        ("html/intro", gettext_lazy("by type and ID, where several types share an ID")),
        ("lb:…, lct:…", gettext_lazy("by the item's key")),
        gap=9,
        title=gettext_lazy("naming items:"),
    ),
)


def _arguments_of_gone(parser: argparse.ArgumentParser) -> None:
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--remove", nargs="+", metavar="ITEM", help=_("remove these from the library with the import"))
    choice.add_argument("--remove-all", action="store_true", help=_("all but those that are edited or in use"))
    choice.add_argument("--keep", nargs="+", metavar="ITEM", help=_("keep these after all"))
    choice.add_argument("--keep-all", action="store_true", help=_("keep all of them after all"))


@subcommand(
    arguments_of_import,
    _arguments_of_gone,
    told=(
        gettext_lazy("Show what the source has lost since it was imported, and remove it."),
        gettext_lazy(
            "These are items of the library whose blocks are nowhere in the source any more. They stay, "
            "unless --remove or --remove-all says otherwise; `complete` then removes them, and `undo` "
            "restores them. ⚠ says what was edited in the library or is in use: that goes only where it "
            "is named. Each line has the item's number."
        ),
    ),
    more=ITEMS_HELP,
)
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
    told = ngettext(
        "{count:,} item of {total:,} to be removed, the others kept.",
        "{count:,} items of {total:,} to be removed, the others kept.",
        page.removed,
    ).format(count=page.removed, total=page.total)
    remove_all_of_them = _("Remove them: {command}").format(command=command_line("gone {id} --remove-all", run.id))
    session.show(
        {"gone": items, "removed": page.removed, "unknown": page.unknown},
        gone_list(items, page.unknown, everything=True) or _("Nothing is gone from the source since it was imported."),
        *(["", told, remove_all_of_them, what_would_happen(run.id)] if items else ()),
    )


def gone_in_review(session: Session, *, everything: bool) -> Any:
    """The first items that are gone, and how to see and remove them; ``None`` where there are none."""
    page = api.list_gone(user=session.user, import_id=session.import_id, limit=PAGE)
    return gone_list(page.items, page.unknown, total=page.total, more=_how(session), everything=everything)


def gone_in_short(session: Session, total: int) -> str | None:
    """How many items are gone, in a line; ``None`` where there are none."""
    told = ngettext(
        "{count:,} item of the library gone from the source: {command}",
        "{count:,} items of the library gone from the source: {command}",
        total,
    )
    return told.format(count=total, command=_how(session)) if total else None


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
    none = _("Nothing that is gone from the source is called {name}. All of it is listed by: {command}")
    return [
        name
        if name.startswith(("lb:", "lct:"))
        else find_one(name, items, none.format(name=name, command=_how(session))).item_key
        for name in names
    ]
