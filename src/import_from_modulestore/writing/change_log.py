"""One transaction and one change log for one write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime

from django.db import transaction
from openedx_content import api as content_api
from openedx_content.models_api import Container, DraftChangeLog, LearningPackage

from ..garbage import no_garbage
from ..proved import is_bulk


@contextmanager
def all_or_nothing() -> Iterator[None]:
    """
    A transaction for writing to a library.

    When it is rolled back, so is what ``openedx_content`` (to 1.15) remembers outside of the database: it keeps the
    rows of container types on their classes, and would refer to rows that are gone until the process ends.

    What writes in bulk leaves little garbage, and none is looked for.
    """
    try:
        with transaction.atomic(), no_garbage() if is_bulk() else nullcontext():
            yield
    except BaseException:
        Container.reset_cache()
        raise


@contextmanager
def one_change_log(
    package_id: LearningPackage.ID, *, changed_by: int | None, changed_at: datetime
) -> Iterator[DraftChangeLog]:
    """
    ``bulk_draft_changes_for``, made safe to leave by an exception. Must be inside :func:`all_or_nothing`.

    The context of ``openedx_content`` (to 1.15) runs its callbacks also when it is left by an exception, and before it
    leaves its atomic block. A callback that fails then hides the first error, and leaves the connection one block too
    deep, so that the outer transaction is never rolled back. Here callbacks are dropped on an error, the nesting is put
    right, and the first error is the one that comes out.
    """
    connection = transaction.get_connection()
    depth = len(connection.savepoint_ids), len(connection.atomic_blocks)
    context = content_api.bulk_draft_changes_for(package_id, changed_by=changed_by, changed_at=changed_at)
    first_error: BaseException | None = None
    try:
        with context as change_log:
            try:
                yield change_log
            except BaseException as error:
                first_error = error
                context.exit_callbacks = []
                raise
    except BaseException as error:
        del connection.savepoint_ids[depth[0] :]
        del connection.atomic_blocks[depth[1] :]
        connection.needs_rollback = True
        if first_error is not None and error is not first_error:
            raise first_error from first_error.__cause__  # What is wrong with a database is told by the cause.
        raise
