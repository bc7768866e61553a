"""Reading the target library. Writing to it is :mod:`import_from_modulestore.writing`."""

from .state import load_target_state

__all__ = ["load_target_state"]
