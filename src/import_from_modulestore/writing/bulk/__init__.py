"""
Writing in batches, into the tables of ``openedx_content`` itself.

It stands in for functions of ``openedx_content`` that write item by item, and leaves what :mod:`..reference` leaves:
``tests/test_bulk.py`` compares the two. It may run only where :mod:`..proved` knows the installed version; what it
stands in for, function by function, is listed there.
"""

from .drafts import BulkWriter
from .setting import BulkSetter

__all__ = ["BulkSetter", "BulkWriter"]
