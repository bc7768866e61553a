"""
Django admin: one more door onto :mod:`import_from_modulestore.api`.

``base`` is what all pages share: staff sees what the API would show them, and changes nothing but by its functions.
``bounds`` is what may be asked of a page.
``imports`` lists and starts imports and carries out their steps, each after a page that says what would happen, and
``batches`` those of several at once;
``review`` shows and changes what is staged; ``records`` is history, to be read.
"""

from .batches import BatchAdmin
from .imports import ImportAdmin
from .records import ImportRecordAdmin, ReversalAdmin, ReversalRecordAdmin

__all__ = ["BatchAdmin", "ImportAdmin", "ImportRecordAdmin", "ReversalAdmin", "ReversalRecordAdmin"]
