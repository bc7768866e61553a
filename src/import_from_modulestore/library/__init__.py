"""Reading the library. Writing to it is :mod:`import_from_modulestore.writing`."""

from .state import load_library_state

__all__ = ["load_library_state"]
