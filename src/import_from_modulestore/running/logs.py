"""
Log lines that belong to one import.

Each begins with ``Import <ID>:`` and carries ``import_id``, ``source_key``, ``library_key`` and ``user_id`` (of who
asked for the step) as fields of the record, for handlers that write JSON. Names and titles stay out of logs.
"""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from typing import Any

from ..models import Import


class ImportLog(logging.LoggerAdapter):
    """A logger for what happens to one import."""

    def __init__(self, log: logging.Logger, run: Import) -> None:
        facts = {
            "import_id": str(run.uuid),
            "source_key": run.source_key,
            "library_key": run.library_key,
            "user_id": run.actor_id or run.user_id,
        }
        super().__init__(log, facts)

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """The message with the import's ID before it; fields of the call stand beside those of the import."""
        facts: Any = self.extra
        kwargs["extra"] = {**facts, **(kwargs.get("extra") or {})}
        return f"Import {facts['import_id']}: {msg}", kwargs


def monitor(run: Import) -> None:
    """Name the import in the monitoring of the transaction (request or task) that works on it."""
    from edx_django_utils.monitoring import set_custom_attribute  # Loads much, also what tests need.

    set_custom_attribute("import_from_modulestore.import_id", str(run.uuid))
