"""Writing: a plan becomes the content of a library."""

from .change_log import all_or_nothing
from .job import Written
from .write import write_plan

__all__ = ["Written", "all_or_nothing", "write_plan"]
