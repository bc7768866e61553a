"""Reading the library. Writing to it is :mod:`import_from_modulestore.writing`."""

from .state import MET, load_library_state

__all__ = ["MET", "load_library_state"]
