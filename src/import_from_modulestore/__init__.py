"""
Bring the content of a modulestore course or legacy library into a content library.

Start at :mod:`import_from_modulestore.api`: every other way in (command line, tasks, pages) calls it.
"""

__version__ = "1.0.0"
