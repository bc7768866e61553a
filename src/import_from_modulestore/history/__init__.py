"""History: a record of what happened to every block, and going back and forth in it."""

from .records import record_data, with_imports, write_records
from .reversal import plan_reversal, reversal_data, reversal_item, revert

__all__ = [
    "plan_reversal",
    "record_data",
    "reversal_data",
    "reversal_item",
    "revert",
    "with_imports",
    "write_records",
]
