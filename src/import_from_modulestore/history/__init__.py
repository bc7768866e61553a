"""History: what each import did, block by block."""

from .records import record_data, write_records

__all__ = ["record_data", "write_records"]
