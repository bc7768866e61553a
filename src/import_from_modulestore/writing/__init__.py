"""Writing: a plan becomes the content of a library."""

from .write import Written, write_plan

__all__ = ["Written", "write_plan"]
