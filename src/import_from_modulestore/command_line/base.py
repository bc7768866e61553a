"""What all subcommands share: how they are declared, whom they act for, how they print, and how they end."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TextIO

from django.core.management.base import CommandError
from django.db import DatabaseError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rich.console import Console, RenderableType

from .. import api
from ..data import Action, ConflictState, ImportData, ImportState, Outcome, Page
from ..models import Import
from ..running.attempts import own_attempts
from ..running.lifecycle import STEP_OF
from .called import called
from .terminal.gone import gone_list
from .terminal.marks import summary
from .terminal.outline import Item, notes, outline
from .terminal.progress import ProgressBar
from .terminal.text import escaped, printable, without_isolates

FAILED = 1
USAGE = 2
PARTLY = 3
NOT_FOUND = 4
NOT_PERMITTED = 5
WRONG_STATE = 6
NOT_CONFIRMED = 7
INTERRUPTED = 130
NO_READER = 141

EXIT_CODES = {
    0: gettext_lazy("done"),
    FAILED: gettext_lazy("failed, or refused; nothing was written"),
    USAGE: gettext_lazy("the command line itself is wrong"),
    PARTLY: gettext_lazy(
        "done, but not for every block, or import of a batch: some could not be read, or were kept as they are"
    ),
    NOT_FOUND: gettext_lazy("no such source, library, import or block"),
    NOT_PERMITTED: gettext_lazy("not permitted"),
    WRONG_STATE: gettext_lazy("the import is in a state that does not allow this"),
    NOT_CONFIRMED: gettext_lazy("not confirmed; nothing was changed"),
    INTERRUPTED: gettext_lazy("interrupted"),
    NO_READER: gettext_lazy("what reads the output went away, as `head` does"),
}
"""What they mean."""

_BLANKS_AT_END = re.compile(r" +$", re.MULTILINE)

LAST = "last"
"""What one's newest import can be called instead of by its ID."""

_NARROWEST = 20
"""Help is not narrower, whatever the terminal: it would be no help."""

PAGE = 1000
"""How many items of a list can be asked for at once."""

_NEXT = {
    Action.STAGE: "stage {id}",
    Action.REVIEW: "review {id}",
    Action.COMPLETE: "complete {id}",
    Action.RETRY: "retry {id}",
    Action.CANCEL: "cancel {id}",
    Action.UNDO: "undo {id}",
    Action.REDO: "redo {id}",
}

_GO_ON = {
    ImportState.CREATED: Action.STAGE,
    ImportState.STAGING_FAILED: Action.RETRY,
    ImportState.STAGED: Action.COMPLETE,
    ImportState.IMPORT_FAILED: Action.RETRY,
    ImportState.IMPORTED: Action.UNDO,
    ImportState.UNDONE: Action.REDO,
}
"""How an import goes on that a failure or an interrupt has left in this state."""

type Arguments = Callable[[argparse.ArgumentParser], None]


type Paragraph = str | Promise | Listing


@dataclass(frozen=True)
class Listing:
    """Lines of a help text, each with what one types, and below each other what that means."""

    rows: tuple[tuple[str, str | Promise], ...]
    gap: int
    title: str | Promise | None

    def laid_out(self, width: int) -> str:
        """The lines, none of them longer than so many characters where words allow."""
        column = max(len(typed) for typed, _meaning in self.rows) + self.gap
        lines = [
            textwrap.fill(
                str(meaning),
                width,
                initial_indent=f"  {typed:<{column}}",
                subsequent_indent=" " * (column + 2),
                break_on_hyphens=False,
            )
            for typed, meaning in self.rows
        ]
        title = [textwrap.fill(str(self.title), width, break_on_hyphens=False)] if self.title else []
        return "\n".join([*title, *lines])


def listing(*rows: tuple[str, str | Promise], gap: int = 3, title: str | Promise | None = None) -> Listing:
    """What one can type, and what it means, with so many blanks between; the title stands above."""
    return Listing(rows, gap, title)


def laid_out(paragraphs: Sequence[Paragraph]) -> str:
    """A help text, in the language of this moment, as wide as the terminal, or as one likes to read."""
    width = max(min(shutil.get_terminal_size().columns, 100) - 2, _NARROWEST)
    # lib-block-v1:… is one word, and so is a path.
    fill = textwrap.TextWrapper(width, break_on_hyphens=False, break_long_words=False).fill
    return "\n\n".join(text.laid_out(width) if isinstance(text, Listing) else fill(str(text)) for text in paragraphs)


def exit_codes() -> str:
    """What the command's exit codes mean, for the end of its help."""
    rows = tuple((str(code), told) for code, told in EXIT_CODES.items())
    return laid_out([listing(*rows, gap=2, title=gettext_lazy("exit codes:"))])


@dataclass(frozen=True, kw_only=True)
class Subcommand:
    """One subcommand."""

    name: str
    do: Callable[..., int | None]
    """Called with the :class:`Session` and the arguments by name; what it returns is the exit code."""
    arguments: tuple[Arguments, ...]
    told: tuple[Paragraph, ...]
    """What it is for; the first is a sentence."""
    more: tuple[Paragraph, ...]
    """What stands below its arguments."""

    @property
    def description(self) -> str:
        """What ``--help`` says of it."""
        return laid_out(self.told)

    @property
    def epilog(self) -> str:
        """What ``--help`` ends with."""
        return laid_out(self.more)

    @property
    def summary(self) -> str:
        """The first sentence, for the list of subcommands."""
        first = str(self.told[0]).rstrip(".")
        return first[0].lower() + first[1:]


def subcommand(
    *arguments: Arguments, told: tuple[Paragraph, ...], name: str = "", more: tuple[Paragraph, ...] = ()
) -> Callable[[Callable[..., int | None]], Subcommand]:
    """
    Make a function a subcommand with these arguments, called as the function is, or by ``name``.

    What it is for is ``told``, here and not in its docstring, since it is translated.
    """
    return lambda do: Subcommand(
        name=name or do.__name__.replace("_", "-"), do=do, arguments=arguments, told=told, more=more
    )


class ReaderGone(Exception):
    """What reads the output has seen enough, and went away."""


@dataclass(kw_only=True)
class Session:
    """One call of the command: who acts, where to print, and which import it is about."""

    user: Any
    stdin: TextIO = field(default_factory=lambda: sys.stdin)
    stdout: Any
    out: Console
    err: Console
    as_json: bool
    recovered: int = 0
    """Imports whose process was found to be gone when this call began."""
    import_id: str = ""
    """The import that this call is about, once that is known; errors then say how to go on with it."""
    batch_id: str = ""
    """The batch that it is about, if it is about one."""
    umask: int | None = None
    """What files are like that the user has asked for, where others of this process are not like that."""

    def find(self, name: str) -> ImportData:
        """
        The import of this ID, or of an ID that begins so, or the user's newest.

        From now on this call is about it. Raises ``NotFound``.
        """
        if name == LAST:
            newest = api.list_imports(user=self.user, username=self.user.get_username(), limit=1).items
            if not newest:
                raise api.NotFound(_("You have no imports yet. `stage` or `run` begins one."))
            run = newest[0]
        else:
            run = api.get_import(user=self.user, import_id=name)
        self.import_id = run.id
        return run

    def tell_who_writes(self) -> None:
        """Say what this call waits for; called beside it, while it waits for the database."""
        with suppress(DatabaseError):
            self.err.print(printable(_("{who} This waits for it; Ctrl-C gives up.").format(who=_who_writes())))

    def progress(self) -> ProgressBar:
        """A progress bar, to be entered."""
        return ProgressBar(self.err)

    def show(self, data: Any, *parts: RenderableType | None) -> None:
        """Print ``data`` where JSON was asked for, else the parts, ``None`` being left out."""
        if self.as_json:
            self.print_json(data)
            return
        for part in parts:
            if part is not None:
                self.say(part)

    def print_json(self, data: Any) -> None:
        """Print data as scripts can read it."""
        self.write(escaped(json.dumps(data, default=_plain, indent=2, ensure_ascii=False)) + "\n")

    def say(self, part: RenderableType, style: str | None = None) -> None:
        """
        Print something for people; tables fill lines with blanks, which are of no use in a log.

        A line with something to be typed stays one, however long: broken, it could not be copied.
        """
        with self.out.capture() as captured:
            for line in part.split("\n") if isinstance(part, str) else (part,):
                self.out.print(line, style=style, soft_wrap=isinstance(line, str) and f"{called()} " in line)
        self.write(_BLANKS_AT_END.sub("", without_isolates(captured.get())))

    def write(self, text: str) -> None:
        """Print text as it is."""
        try:
            self.stdout.write(text)
            self.stdout.flush()
        except BrokenPipeError as error:
            raise ReaderGone from error

    @contextmanager
    def writing_for_user(self) -> Iterator[None]:
        """While a file is written that is the user's own."""
        before = os.umask(self.umask) if self.umask is not None else None
        try:
            yield
        finally:
            if before is not None:
                os.umask(before)

    def can_ask(self) -> bool:
        """Whether there is a person at a terminal, and not a script that wants JSON."""
        return self.stdin.isatty() and self.out.is_terminal and not self.as_json

    def require_yes(self, question: str, words: str) -> None:
        """Have a person say yes to what is to be done, before it is. Where there is none to ask, the words do it."""
        if not self.can_ask():
            told = _("Nothing was changed, since there is nobody to ask. To do this without being asked: {command}")
            raise refusal(told.format(command=words), NOT_CONFIRMED)
        if not self.confirm(question):
            raise refusal(_("Nothing was changed."), NOT_CONFIRMED)

    def confirm(self, question: str, *, default: bool = False) -> bool:
        """Ask a person yes or no; the end of input is a no."""
        choices = _("[Y/n]") if default else _("[y/N]")
        self.err.print(without_isolates(f"{question} {choices} "), end="")
        line = self.stdin.readline()
        answer = line.strip().lower()
        # Translators: what one may type for yes, with blanks between; the first letter of it as in [Y/n].
        return answer in ("y", "yes", *_("y yes").split()) or (default and line != "" and not answer)


def arguments_of_import(parser: argparse.ArgumentParser) -> None:
    """``IMPORT``."""
    parser.add_argument(
        "import_name",
        metavar="IMPORT",
        help=_("its ID, the beginning of it, or `{last}`: your newest import").format(last=LAST),
    )


def argument_of_limit(parser: argparse.ArgumentParser) -> None:
    """``--limit``."""
    parser.add_argument(
        "--limit",
        type=_page_size,
        default=100,
        metavar="N",
        help=_("at most so many, 1 to {most} (default: 100)").format(most=PAGE),
    )


def _page_size(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= PAGE:
        raise argparse.ArgumentTypeError(_("{text!r} is not a number from 1 to {most}").format(text=text, most=PAGE))
    return int(text)


def arguments_of_tree(parser: argparse.ArgumentParser) -> None:
    """``--all``."""
    parser.add_argument("--all", action="store_true", dest="everything", help=_("show every block, with its key"))


def result(
    title: str,
    items: Sequence[Item],
    warnings: Sequence[str],
    *,
    everything: bool,
    planned: bool,
    gone_unknown: str = "",
) -> list[RenderableType | None]:
    """
    What happens, or happened, to each block, with numbers, what is gone from the source, and what is worth knowing; to
    be shown.
    """
    blocks = [item for item in items if item.state is not ConflictState.GONE]
    if not blocks:
        shown: list[RenderableType | None] = [_("There is nothing to import here.")]
    else:
        shown = [outline(title, blocks, everything=everything), "", summary(items, planned=planned)]
    gone = gone_list(
        [item for item in items if item.state is ConflictState.GONE],
        gone_unknown,
        everything=everything,
    )
    worth_knowing = notes(blocks, warnings, everything=everything)
    return [*shown, *(part for found in (gone, worth_knowing) if found for part in ("", found))]


def exit_code_of(items: Sequence[Item]) -> int:
    """Whether every block could be read."""
    return PARTLY if any(item.outcome is Outcome.FAILED for item in items) else 0


def all_of[P: Page[Any]](fetch: Callable[..., P]) -> tuple[list[Any], P]:
    """All items of a list, asked for page by page, by ``offset`` and ``limit``; and the last page."""
    items: list[Any] = []
    while True:
        page = fetch(offset=len(items), limit=PAGE)
        items += page.items
        if not page.items or len(items) >= page.total:
            return items, page


def short(import_id: str) -> str:
    """As much of an import's ID as people need."""
    return import_id[:8]


def command_line(words: str, import_id: str) -> str:
    """A line to be typed; ``{id}`` in the words stands for the import."""
    return f"{called()} {words.format(id=short(import_id))}"


def refusal(error: Exception | str, code: int) -> CommandError:
    """The error as Django's command line shows it, with an exit code."""
    return CommandError(printable(str(error)), returncode=code)


def what_would_happen(import_id: str) -> str:
    """How to see what a change of the review comes to."""
    return _("What would happen now: {command}").format(command=command_line("plan {id}", import_id))


def next_steps(run: ImportData) -> str:
    """What can be done with the import as it is now, as lines to be typed."""
    if run.state.is_running:
        follow = _("Follow it with: {command}").format(command=command_line("show {id} --watch", run.id))
        stop = _("{action} with: {command}").format(
            action=Action.CANCEL.label_in(run.state), command=command_line(_NEXT[Action.CANCEL], run.id)
        )
        return f"{follow}\n{stop}"
    possible = [
        action
        for action in run.actions
        if not (action is Action.STAGE and run.state is ImportState.STAGING_FAILED)  # To retry is the same.
    ]
    if not possible:
        return _("Nothing can be done with it any more; `stage` or `run` begins a new one.")
    return "\n".join([_("Possible now:"), *("  " + command_line(_NEXT[action], run.id) for action in possible)])


def after_failure(run: ImportData, error: Exception) -> str:
    """How to go on after a step of the import failed, or could not be begun, with this error."""
    told = _("The library is as it was.")
    action = _GO_ON.get(run.state) if run.error else None
    if run.state is ImportState.STAGED and run.error:
        told, action = _("The library is as it was, and so is what was staged before."), Action.STAGE
    if isinstance(error, api.StagedContentGone):
        action = Action.STAGE
    if action is not None:
        go_on = _("Go on from here with: {command}").format(command=command_line(_NEXT[action], run.id))
        return f"{told} {go_on}"
    return told


def after_interrupt(run: ImportData) -> str:
    """
    What is true of an import after an interrupt.

    A step may have been committed in the moment before, so only the import's own state tells.
    """
    match run.state:
        case ImportState.CREATED | ImportState.STAGING_FAILED | ImportState.IMPORT_FAILED:
            told = _("Interrupted. The library is as it was; go on with: {command}")
            words = _NEXT[_GO_ON[run.state]]
        case ImportState.STAGED:
            told = _("Interrupted. It is staged, and the library is as it was; go on with: {command}")
            words = _NEXT[_GO_ON[run.state]]
        case ImportState.IMPORTED:
            told = _("Interrupted. The import stands in the library; what it holds is shown by: {command}")
            words = "show {id}"
        case ImportState.UNDONE:
            told = _("Interrupted. The import is undone in the library; what was done is shown by: {command}")
            words = "show {id}"
        case ImportState.CANCELED:
            told = _(
                "Interrupted. The import is canceled, and the library is as it was; its history is shown by: {command}"
            )
            words = "show {id}"
        case _:
            told = _("Interrupted. The import {is_so}; see how it ends with: {command}")
            words = "show {id} --watch"
    return told.format(is_so=run.state.told, command=command_line(words, run.id))


def _who_writes() -> str:
    at_work = Import.objects.filter(state__in=STEP_OF).exclude(worker__in=("", *own_attempts())).order_by("heartbeat")
    told = [
        _("import {id} {is_so}").format(id=short(str(run.uuid)), is_so=ImportState(run.state).told)
        for run in at_work[:3]
    ]
    if not told:
        return _("The database is busy: another program is writing to it.")
    return _("The database is busy: {what}.").format(what=" · ".join(told))


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)
