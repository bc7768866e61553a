"""A progress bar for one import."""

from __future__ import annotations

from types import TracebackType

from django.utils.translation import gettext_lazy as _
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from .text import printable

PHASES = {
    "staging": _("Reading"),
    "planning": _("Planning"),
    "writing": _("Writing"),
    "publishing": _("Publishing"),
    "reverting": _("Reverting"),
    "waiting": _("Waiting"),
}
"""What is going on, by the phase that is reported."""


class ProgressBar:
    """
    A :class:`~import_from_modulestore.data.Progress` that draws itself, and leaves nothing behind.

    Draws only on a terminal, so that logs and pipes stay clean. Use as a context manager.
    """

    def __init__(self, console: Console) -> None:
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.description:<10}", markup=False),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[title]}", style="dim", markup=False),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> ProgressBar:
        self._bars.start()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._bars.stop()

    def __call__(self, phase: str, done: int, total: int, title: str = "") -> None:
        """Show that ``done`` of ``total`` are done in this phase."""
        if phase not in self._tasks:
            for task in self._tasks.values():
                self._bars.update(task, visible=False)
            self._tasks[phase] = self._bars.add_task(str(PHASES.get(phase, phase)), total=None, title="")
        self._bars.update(self._tasks[phase], completed=done, total=total or None, title=printable(title)[:50])
