"""Several sources at once: batch, batches."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from .. import api
from ..data import Action, BatchDetails, BatchStep, ImportState, SourceReference
from .base import PARTLY, USAGE, Session, argument_of_limit, listing, refusal, short, subcommand
from .called import called
from .steps import OPTIONS_HELP, arguments_of_options, import_options, new_library_title
from .terminal.batches import batch_table, batches_table, reversals_told
from .terminal.text import counted_imports, printable

LAST = "last"
"""What one's newest batch can be called instead of by its ID."""

_STEPS = tuple(action for action in Action if action is not Action.REVIEW)
_FAILED = (ImportState.STAGING_FAILED, ImportState.IMPORT_FAILED)


def _arguments_of_batch(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "words",
        nargs="+",
        metavar="WORD",
        help=_(
            "SOURCE … LIBRARY, to begin one (SOURCE=NAME reads the export of this name); or a batch that there is: "
            "its ID, or `{last}`"
        ).format(last=LAST),
    )
    parser.add_argument(
        "--origin", default="", metavar="NAME", help=_("read only this one, where sources have several")
    )
    steps = parser.add_mutually_exclusive_group()
    for action in _STEPS:
        steps.add_argument(
            f"--{action.value}",
            action="store_const",
            const=action,
            dest="step",
            help=_("{action}: all of its imports of which that is possible").format(action=str(action.label).lower()),
        )
    parser.add_argument("--undecided", action="store_true", help=_("complete also what leaves conflicts to decide"))
    parser.add_argument("--preview", action="store_true", help=_("only show what --undo or --redo would do"))
    parser.add_argument("--force", action="store_true", help=_("also items that were changed or put to use since"))
    parser.add_argument("--yes", action="store_true", help=_("do not ask"))


def _arguments_of_batches(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--library", default="", metavar="LIBRARY", help=_("only batches into this library"))
    argument_of_limit(parser)


@subcommand(
    _arguments_of_batch,
    arguments_of_options,
    told=(
        gettext_lazy("Import several courses or legacy libraries into one library."),
        gettext_lazy(
            "With sources and a library, each source becomes an import of its own, and all are staged, "
            "one after another. Look at any of them as at other imports: `review`, `plan`. With a batch "
            "that there is, this shows it, or does one step with all its imports of which that is "
            "possible:"
        ),
        listing(
            ("batch last --complete", gettext_lazy("write those in which nothing is left to decide")),
            ("batch last --retry", gettext_lazy("do again what failed")),
            ("batch last --undo", gettext_lazy("take them back, the last one first")),
            ("batch last --cancel", gettext_lazy("give up what is not written")),
            gap=4,
        ),
        gettext_lazy("One that fails stops none of the others."),
    ),
    more=OPTIONS_HELP,
)
def batch(
    session: Session,
    *,
    words: Sequence[str],
    step: Action | None,
    undecided: bool,
    preview: bool,
    force: bool,
    yes: bool,
    **options: Any,
) -> int:
    if preview and step not in api.PREVIEWS:
        raise refusal(_("--preview shows what --undo or --redo would do, and goes with one of these."), USAGE)
    if len(words) > 1:
        if step not in (None, Action.STAGE):
            refused = _("A batch that is begun is staged first. Leave out --{step}; look at it, and then: {command}")
            then = f"{called()} batch {LAST} --{step.value}"
            raise refusal(refused.format(step=step.value, command=then), USAGE)
        made = _create(session, words, options)
        step = Action.STAGE
    else:
        made = _find(session, words[0])
    session.batch_id = made.id
    if step is None:
        return _show(session, made)
    line = " ".join([called(), "batch", short(made.id), f"--{step.value}", *(["--force"] if force else [])])
    how: dict[str, Any] = {"user": session.user, "batch_id": made.id, "action": step}
    if step in api.PREVIEWS:
        how["force"] = force
        if preview or not yes:
            told = api.preview_batch_step(**how)
            shown = [{"import": each.run, "plan": each.plan, "refusal": each.refusal} for each in told]
            session.show(shown, reversals_told(told))
            if preview and not session.as_json:
                unchanged = _("Nothing was changed. To do it:")
                session.say(f"\n{unchanged}\n  {line}", style="dim")
            if preview:
                return 0
            question = ngettext("{action} {count} import?", "{action} {count} imports?", len(told))
            session.require_yes("\n" + question.format(action=step.label, count=len(told)), f"{line} --yes")
    with session.progress() as progress:
        done = api.do_batch_step(**how, undecided=undecided, progress=progress)
    return _show(session, done.batch, done)


@subcommand(_arguments_of_batches, told=(gettext_lazy("List the batches, newest first."),))
def batches(session: Session, *, library: str, limit: int, **options: Any) -> None:
    page = api.list_batches(user=session.user, library_key=library, limit=limit)
    session.show(page.items, batches_table(page.items, page.total))


def _create(session: Session, words: Sequence[str], options: dict[str, Any]) -> BatchDetails:
    *sources, library = words
    if not library.startswith("lib:"):
        raise refusal(_("Name the library last: batch SOURCE … lib:Org:slug."), USAGE)
    named = [source.partition("=") for source in sources]
    return api.create_batch(
        user=session.user,
        sources=[SourceReference(key, options["origin"], export) for key, _sign, export in named],
        library_key=library,
        options=import_options(options),
        new_library_title=new_library_title(options),
    )


def _find(session: Session, name: str) -> BatchDetails:
    if name == LAST:
        own = (each for each in api.list_batches(user=session.user, limit=1000).items)
        newest = next((each for each in own if each.username == session.user.get_username()), None)
        if newest is None:
            raise api.NotFound(_("You have no batches yet. `batch SOURCE … LIBRARY` begins one."))
        name = newest.id
    return api.get_batch(user=session.user, batch_id=name)


def _show(session: Session, found: BatchDetails, done: BatchStep | None = None) -> int:
    left = {each.import_id: each.reason for each in done.left} if done else {}
    session.show(
        {"batch": found, "asked": done.asked, "left": done.left} if done else found,
        batch_table(found, left),
        "",
        printable(_next_steps(found)),
    )
    failed = any(run.state in _FAILED for run in found.imports) if done is None else left
    return PARTLY if failed else 0


def _next_steps(found: BatchDetails) -> str:
    possible = []
    for action, ids in found.permitted.items():
        line = f"  {called()} batch {short(found.id)} --{action.value}"
        waiting = [run for run in found.imports if run.id in ids and run.to_decide] if action is Action.COMPLETE else []
        if len(ids) > len(waiting):
            possible.append(f"{line}  ({counted_imports(len(ids) - len(waiting))})")
        if waiting:
            possible.append(f"{line} --undecided  ({counted_imports(len(ids))})")
            possible += [f"  {called()} review {short(run.id)} --conflicts" for run in waiting]
    return "\n".join([_("Possible now:"), *possible]) if possible else _("Nothing can be done with all of it now.")
