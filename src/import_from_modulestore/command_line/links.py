"""Having blocks of a course follow the items that they became: link, unlink."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from .. import api
from ..data import ImportData, LinkData
from .base import Session, arguments_of_import, arguments_of_tree, command_line, short, subcommand
from .blocks import find_one
from .called import called
from .review import BLOCKS_HELP
from .terminal.links import links_counts, links_list


def _arguments_of_link(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("blocks", nargs="*", metavar="BLOCK", help=_("these alone, each with all in it"))
    parser.add_argument("--preview", action="store_true", help=_("only show what can be linked"))
    parser.add_argument("--yes", action="store_true", help=_("do not ask"))


def _arguments_of_unlink(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("blocks", nargs="*", metavar="BLOCK", help=_("these alone, each with what is linked around it"))
    parser.add_argument("--yes", action="store_true", help=_("do not ask"))


@subcommand(
    arguments_of_import,
    arguments_of_tree,
    _arguments_of_link,
    told=(
        gettext_lazy("Have blocks of the course follow the items that they became."),
        gettext_lazy(
            "Studio then shows them as linked to the library, and offers updates, as of what was added "
            "from it. Without BLOCK, all that can be linked and were not changed in the course since. It "
            "takes the right to change the course, which gets drafts of these blocks: nothing is "
            "published. `unlink` goes back."
        ),
        gettext_lazy("Shows what can be linked, then asks; --yes does not ask, --preview only shows."),
    ),
    more=BLOCKS_HELP,
)
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
    run = session.find(import_name)
    keys = None
    if blocks or not yes:
        plan = api.preview_links(user=session.user, import_id=run.id)
        keys = [_find(name, plan.items) for name in blocks] or None
        if preview or not session.as_json:
            data = {"links": plan.items, "counts": plan.counts(), "ready": plan.ready}
            session.show(data, links_list(plan.items, everything=everything), "", links_counts(plan) or _nothing())
        if preview:
            return
        if not yes:
            count = len(keys) if keys else plan.ready
            question = ngettext("Link {count:,} block?", "Link {count:,} blocks?", count)
            session.require_yes(question.format(count=count), _unasked("link", run, blocks))
    changed = api.link_back(user=session.user, import_id=run.id, usage_keys=keys)
    told = ngettext(
        "{count:,} block of the course linked. {command} goes back.",
        "{count:,} blocks of the course linked. {command} goes back.",
        changed,
    ).format(count=changed, command=command_line("unlink {id}", run.id))
    session.show({"changed": changed}, told)


@subcommand(
    arguments_of_import,
    _arguments_of_unlink,
    told=(
        gettext_lazy("Have blocks of the course follow no items any more that this import has linked."),
        gettext_lazy(
            "They say again what they said before, and what else they hold stays as it is. A block goes "
            "with the containers around it that the import has linked, and all in these."
        ),
    ),
    more=BLOCKS_HELP,
)
def unlink(session: Session, *, import_name: str, blocks: Sequence[str], yes: bool, **options: Any) -> None:
    run = session.find(import_name)
    keys = None
    if blocks:
        plan = api.preview_links(user=session.user, import_id=run.id)
        keys = [_find(name, plan.items) for name in blocks]
    if not yes:
        question = _("Unlink these blocks?") if keys else _("Unlink all that this import has linked?")
        session.require_yes(question, _unasked("unlink", run, blocks))
    changed = api.unlink(user=session.user, import_id=run.id, usage_keys=keys)
    told = ngettext("{count:,} block of the course unlinked.", "{count:,} blocks of the course unlinked.", changed)
    session.show({"changed": changed}, told.format(count=changed))


def _unasked(name: str, run: ImportData, blocks: Sequence[str]) -> str:
    """The line that does it without a question."""
    return " ".join([called(), name, "--yes", short(run.id), *map(shlex.quote, blocks)])


def _nothing() -> str:
    return _("Nothing of this import became an item that a block could follow.")


def _find(name: str, items: Sequence[LinkData]) -> str:
    """The usage key of the block that is called so. Raises ``NotFound`` where that is none, or can be several."""
    none = _("No block that became an item is called {name}. `link --preview` lists them.")
    return find_one(name, items, none.format(name=name)).usage_key
