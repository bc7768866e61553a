"""Writing: a plan becomes the content of a library, and a library is set to what it was."""

from .change_log import all_or_nothing
from .job import Job, Written
from .setter import Setter, VersionOf
from .write import write_plan
from .writers import setter_for

__all__ = ["Job", "Setter", "VersionOf", "Written", "all_or_nothing", "setter_for", "write_plan"]
