"""
What can go wrong, as exceptions that a person can act on.

Every message says what is wrong, where, and what to do about it; doors show it as it is.
"""

from collections.abc import Sequence
from typing import ClassVar

from .texts import clean


class ImportFromModulestoreError(Exception):
    """
    Base of everything that this app raises on purpose.

    ``field`` names the argument that is at fault, where one is, so that a form can show the message beside it. The
    message is text that every door can show, also where it quotes the name of a file that is none.
    """

    http_status: ClassVar[int] = 400
    """What doors over HTTP answer with."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(clean(message))
        self.field = field


class InvalidKey(ImportFromModulestoreError):
    """A key that does not parse, or is of the wrong kind."""


class InvalidOption(ImportFromModulestoreError):
    """An option with a value that is not allowed, or that contradicts another."""


class InvalidEdit(ImportFromModulestoreError):
    """
    A change to a staged block that cannot be made: its OLX is wrong, or there is nothing to decide.

    ``line`` is that of the OLX which is at fault, counted from 1, where one is.
    """

    def __init__(self, message: str, *, field: str = "", line: int | None = None) -> None:
        super().__init__(message, field=field)
        self.line = line


class NotPermitted(ImportFromModulestoreError):
    """The user may not read the source or edit the library."""

    http_status = 403


class NotFound(ImportFromModulestoreError):
    """No such source, library, import or block, or none that the user is to know of."""

    http_status = 404


class AlreadyExists(ImportFromModulestoreError):
    """What was to be made is there already, or somebody else is making it."""

    http_status = 409


class StagedContentGone(ImportFromModulestoreError):
    """What was staged is gone from the staging area, or is not what it was; staging the import anew heals it."""

    http_status = 409


class SourceError(ImportFromModulestoreError):
    """The source as a whole cannot be read (not an archive, no course in it, unsafe entries, …)."""

    http_status = 422


class SourceBeingRead(SourceError):
    """What has to be known of the source is being found out, and takes longer than a page can wait. Try again soon."""

    http_status = 503


class WrongState(ImportFromModulestoreError):
    """
    The import is not in a state that allows this step; ``state`` is the one it is in (an ``ImportState``), and empty
    where it is about several.
    """

    http_status = 409

    def __init__(self, message: str, *, state: str = "") -> None:
        super().__init__(message)
        self.state = state


class PlanBlocked(ImportFromModulestoreError):
    """The plan cannot be written as a whole, for the reasons in ``blockers``; nothing was written."""

    http_status = 409

    def __init__(self, blockers: Sequence[str]) -> None:
        super().__init__(" ".join(blockers))
        self.blockers = tuple(blockers)


class StepFailed(ImportFromModulestoreError):
    """A step failed; the import is marked with the reason and the step can be tried again."""

    http_status = 503


class StepCanceled(ImportFromModulestoreError):
    """The import was canceled while a step ran; nothing was written."""

    http_status = 409


class Undecided(StepCanceled):
    """
    A completion that writes only what is decided has found conflicts that are not; nothing was written.

    The import waits for its review. ``count`` is how many they are.
    """

    def __init__(self, message: str, *, count: int) -> None:
        super().__init__(message)
        self.count = count


class DatabaseUnavailable(ImportFromModulestoreError):
    """
    The database does not do its part: it is busy, cannot be reached, is full, … (``kind``, a word of ``Trouble``).

    ``is_passing`` says whether the same is worth another try soon. What was asked for is not done.
    """

    http_status = 503

    def __init__(self, message: str, *, kind: str = "other", is_passing: bool = False) -> None:
        super().__init__(message)
        self.kind = kind
        self.is_passing = is_passing
