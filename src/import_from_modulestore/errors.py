"""
What can go wrong, as exceptions that a person can act on.

Every message says what is wrong, where, and what to do about it; doors show it as it is.
"""


class ImportFromModulestoreError(Exception):
    """Base of everything that this app raises on purpose."""


class InvalidKey(ImportFromModulestoreError):
    """A key that does not parse, or is of the wrong kind."""


class InvalidOption(ImportFromModulestoreError):
    """An option with a value that is not allowed, or that contradicts another."""


class NotPermitted(ImportFromModulestoreError):
    """The user may not read the source or edit the target."""


class NotFound(ImportFromModulestoreError):
    """No such source, library or import."""


class SourceError(ImportFromModulestoreError):
    """The source as a whole cannot be read (not an archive, no course in it, unsafe entries, …)."""


class WrongState(ImportFromModulestoreError):
    """The import is not in a state that allows this step."""


class PlanBlocked(ImportFromModulestoreError):
    """The plan cannot be written as a whole; nothing was written."""


class StepFailed(ImportFromModulestoreError):
    """Staging or writing failed; the import is marked with the reason and the step can be tried again."""
