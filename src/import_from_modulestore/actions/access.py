"""Who may do what with which import."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from ..data import Forward, LibraryData
from ..errors import InvalidOption, NotFound, NotPermitted
from ..history.forwarding import forwards_none
from ..hosts import get_host
from ..hosts.links import CourseLinks
from ..hosts.sources import AllSources
from ..imports import find_import, no_such_import
from ..keys import parse_library_key, parse_source_key
from ..models import Batch, Import, ImportRecord
from ..running.recovery import recover_if_dead
from ..waiting import at_most


def require(allowed: bool, message: str) -> None:
    """Raise ``NotPermitted`` with this message unless ``allowed``."""
    if not allowed:
        raise NotPermitted(message)


def readable_sources(user: Any, source_key: Any, *, origin: str = "", export: str = "") -> AllSources:
    """
    The origins in which the user may read the source: of all, or of the one that is named.

    Raises ``NotFound`` where there is none, in words that do not tell whether there is such a source.
    """
    found = get_host().sources.readable(user, source_key, origin=origin, export=export)
    if not found:
        raise get_host().no_such_source(source_key)
    return found


def require_reading(user: Any, run: Import) -> None:
    """That the user may read the source of an import that they know of, and so the source's key."""
    source_key = parse_source_key(run.source_key)
    try:
        may = get_host().sources.readable(user, source_key, origin=run.source_origin, export=run.source_export)
    except NotFound as error:  # The site has that origin no more.
        raise NotPermitted(str(error)) from None
    require(bool(may), _("You may not read {key}.").format(key=source_key))


def require_changing_course(user: Any, run: Import, links: CourseLinks) -> None:
    """That the user may change the content of the import's course."""
    source_key = parse_source_key(run.source_key)
    may = links.can_edit(user, source_key)
    require(may, _("You may not change {key}: ask somebody of its team.").format(key=source_key))


def require_library(user: Any, run: Import) -> None:
    """That the user may change the import's library, or make it where it is still to be made."""
    library_key = parse_library_key(run.library_key)
    if run.makes_library and run.learning_package_id is None:
        library_or_one_to_make(user, library_key, run.library_title)  # Somebody else may have made it meanwhile.
    else:
        require(get_host().can_edit_library(user, library_key), _("You may not change {key}.").format(key=library_key))


def require_publishing(user: Any, library_key: Any, *, field: str = "") -> None:
    """That the user may publish in the library, if there is one: whoever makes it may. ``field`` is named in errors."""
    host = get_host()
    if host.can_publish_in_library(user, library_key):
        return
    try:
        host.get_library(library_key)
    except NotFound:
        return
    raise NotPermitted(
        _("You may change {key}, but not publish in it. Import without publishing.").format(key=library_key),
        field=field,
    )


def require_forwarding(user: Any, source_key: Any, forward: Forward | None) -> None:
    """
    That the user may have references of courses to the source forwarded, where that is asked for.

    Raises ``InvalidOption`` where this site forwards none.
    """
    if forward not in (None, Forward.NO) and get_host().forwarding() is None:
        raise InvalidOption(forwards_none(), field="forward")
    require_right_to_forward(user, source_key, forward)


def require_right_to_forward(user: Any, source_key: Any, forward: Forward | None) -> None:
    """The same of an import that was asked for: where the site has come to forward none, its plan says so."""
    forwarding = get_host().forwarding()
    if forward in (None, Forward.NO) or forwarding is None:
        return
    if not forwarding.may_forward(user, source_key):
        raise NotPermitted(
            _(
                "To have references of courses to {key} forwarded takes the right to change {key}. Import without."
            ).format(key=source_key),
            field="forward",
        )


def require_rights(user: Any, run: Import) -> None:
    """That the user may still read the source, and change the library or make it."""
    require_reading(user, run)
    require_library(user, run)


def visible_import(user: Any, import_id: str) -> Import:
    """
    The import, for a user who may know of it; where its process has died, it can be tried again from here on.

    Raises ``NotFound`` in the same words as where there is none.
    """
    run = find_import(import_id, lambda: all_visible_imports(user))
    if not visible_imports(user, [run]):
        raise no_such_import(import_id)
    with at_most(0):  # Whoever looks waits for nobody who writes.
        recover_if_dead(run)
    return run


def visible_imports(user: Any, runs: Iterable[Import]) -> list[Import]:
    """
    Those of the imports that the user may know of.

    They are those into libraries that the user may view, and the user's own where there is no library: it is still to
    be made, or is gone.
    """
    runs = list(runs)
    viewable = get_host().viewable_libraries(user, {run.library_key for run in runs})
    return [
        run
        for run in runs
        if run.library_key in viewable
        or (user.is_active and run.learning_package_id is None and run.user_id == user.pk)
    ]


def all_visible_imports(user: Any) -> QuerySet[Import]:
    """The same as a query over all imports; one query for the keys of their libraries, from an index alone."""
    # Not "is_preview=False", which Django writes as NOT: for that, SQLite reads the whole table.
    known = Import.objects.filter(is_preview__in=[False]).order_by()
    keys = set(known.values_list("library_key", flat=True).distinct())
    runs = Import.objects.filter(is_preview=False)  # And here no IN: SQLite would take that index before a better one.
    viewable = get_host().viewable_libraries(user, keys)
    if viewable >= keys:  # Among a million imports, looking for each of all keys takes seconds.
        return runs
    visible = Q(library_key__in=viewable)
    if user.is_active:
        visible |= Q(learning_package=None, user=user.pk)
    return runs.filter(visible)


def visible_batches(user: Any) -> QuerySet[Batch]:
    """Batches of imports that the user may know of, as a query; one query for the keys of their libraries."""
    keys = set(Batch.objects.order_by().values_list("library_key", flat=True).distinct())
    visible = Q(library_key__in=get_host().viewable_libraries(user, keys))
    if user.is_active:
        into_a_library = Import.objects.filter(batch=OuterRef("uuid"), learning_package__isnull=False)
        visible |= Q(~Exists(into_a_library), user=user.pk)
    return Batch.objects.filter(visible)


def visible_records(user: Any, records: Iterable[ImportRecord]) -> list[ImportRecord]:
    """Those of the records, which come with their imports, that are of imports that the user may know of."""
    found = list(records)
    runs = {record.import_run_id: record.import_run for record in found}
    visible = {run.pk for run in visible_imports(user, runs.values())}
    return [record for record in found if record.import_run_id in visible]


def library_or_one_to_make(user: Any, library_key: Any, new_library_title: str | None) -> LibraryData:
    """
    The library, for a user who may change it; else what will be made, where a title is given and the user may.

    A library that the user may not see is spoken of as one that is not there; who may make libraries is told that this
    one cannot be made.
    """
    host = get_host()
    library = None
    with suppress(NotFound):
        library = host.get_library(library_key)
    if library is not None and host.can_view_library(user, library_key):
        require(host.can_edit_library(user, library_key), _("You may not change {key}.").format(key=library_key))
        return library
    if new_library_title is not None:
        require(host.can_create_library(user), _("You may not create libraries."))
        if library is None:
            return LibraryData(key=str(library_key), title=new_library_title, package_id=0)
    raise host.no_such_library(library_key)
