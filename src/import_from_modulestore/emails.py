"""
One message for each import that a worker has finished, to who asked for it, with a link; where the site wants that. A
batch is told of as one.

What else people hear of an import is the platform's: Studio sends a message for each user task
(platform: cms/djangoapps/cms_user_tasks/signals.py), and none where there is no row of one. So the two settings belong
together: ``IMPORT_FROM_MODULESTORE_USER_TASKS`` off, ``IMPORT_FROM_MODULESTORE_EMAILS`` on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import send_mail
from django.db import transaction
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from . import api
from .data import ImportState, Outcome, tally
from .hosts import get_host, in_language_of
from .models import Batch, Import

_FAILED = (ImportState.STAGING_FAILED, ImportState.IMPORT_FAILED)

log = logging.getLogger(__name__)


def are_wanted() -> bool:
    """Whether this site sends them."""
    return bool(getattr(settings, "IMPORT_FROM_MODULESTORE_EMAILS", False))


def has_failed(state: ImportState | None, reason: str) -> bool:
    """Whether a worker has failed to stage or write an import that is left so; one staged before stays staged."""
    return state in _FAILED or (state is ImportState.STAGED and bool(reason))


def tell_of_end(import_id: str, *, alone: bool = True) -> None:
    """
    Tell who asked for the step that has just ended of how the import stands: it is imported, or has failed. Of one of a
    batch, tell how all of them stand, once nothing more is asked for; others where that is news of an import ``alone``.

    It is in the language that they read, where the host knows it. Not where they have no address, their account is
    closed or retired, or they may not see the import any more. To be called after the commit. Raises nothing: that no
    message can be sent is logged, and changes nothing.
    """
    batch_id = Import.objects.filter(uuid=import_id).values_list("batch__uuid", flat=True).first()
    if batch_id is not None:
        transaction.on_commit(partial(_tell, import_id, partial(_message_of_batch, batch_id)))  # Once it has gone on.
    elif alone:
        _tell(import_id, partial(_message, import_id))


def _tell(import_id: str, message: Callable[[Any], tuple[str, str] | None]) -> None:
    try:
        user = _reader(import_id)
        if user is None:
            return
        with in_language_of(user):
            told = message(user)
        if told:
            send_mail(*told, None, [user.email])
    except api.NotFound:
        return
    except Exception:
        log.exception("Import %s: the message about its end could not be sent", import_id)


def _reader(import_id: str) -> Any:
    """Who asked for the step; ``None`` where they are not to be written to."""
    asked = Import.objects.filter(uuid=import_id).values("actor_id")
    user: Any = get_user_model()._default_manager.filter(pk__in=asked, is_active=True).first()
    if user is None or not user.email:
        return None
    retired = getattr(settings, "RETIRED_EMAIL_DOMAIN", "")  # Of accounts that their users have closed (platform).
    return None if retired and user.email.endswith(f"@{retired}") else user


def _message_of_batch(batch_id: UUID, user: Any) -> tuple[str, str] | None:
    """Subject and text; ``None`` while something is still to be done."""
    if Batch.objects.filter(uuid=batch_id, has_queue=True).exists():
        return None
    batch = api.get_batch(user=user, batch_id=str(batch_id))
    states = [f"{state.label}: {count}" for state, count in tally(ImportState, batch.states)]
    told = ngettext("{count} source for “{library}”", "{count} sources for “{library}”", batch.size)
    subject = told.format(count=batch.size, library=batch.library_title or batch.library_key)
    lines = [f"{subject}.", "\n".join(states)]
    lines.append("\n".join(f"{run.source_title or run.source_key}: {run.error}" for run in batch.imports if run.error))
    if waiting := sum(bool(run.to_decide) and run.state is ImportState.STAGED for run in batch.imports):
        decide = ngettext(
            "{count} of them leaves conflicts to decide.", "{count} of them leave conflicts to decide.", waiting
        )
        lines.append(decide.format(count=waiting))
    lines.append(_address("batch", batch.id) or _("Batch {id}").format(id=batch.id))
    return " ".join(f"{subject}: {', '.join(states)}".split()), "\n\n".join(filter(None, lines)) + "\n"


def _message(import_id: str, user: Any) -> tuple[str, str]:
    """Subject and text."""
    run = api.get_import(user=user, import_id=import_id)
    names = {"source": run.source_title or run.source_key, "library": run.library_title or run.library_key}
    if has_failed(run.state, run.error):
        subject = _("“{source}” could not be imported into “{library}”").format(**names)
        lines = [
            _("The import of “{source}” into “{library}” has failed. The library is as it was.").format(**names),
            run.error,
        ]
    else:
        subject = _("“{source}” is imported into “{library}”").format(**names)
        told = (f"{outcome.label}: {count}" for outcome, count in tally(Outcome, run.counts))
        lines = [_("“{source}” is imported into “{library}”.").format(**names), "\n".join(told)]
        if count := api.list_work(user=user, import_id=run.id, limit=1).open:
            could_not = ngettext(
                "{count} block could not go, or not as it should.",
                "{count} blocks could not go, or not as they should.",
                count,
            )
            lines.append(could_not.format(count=count))
    lines.append(_address("import", run.id) or _("Import {id}").format(id=run.id))
    return " ".join(subject.split()), "\n\n".join(filter(None, lines)) + "\n"


def _address(page: str, found_id: str) -> str:
    """A page as a link in a message; empty where the site's address is not known."""
    try:
        return get_host().absolute_url(reverse(f"modulestore_imports:{page}", args=[found_id]))
    except NoReverseMatch:
        return ""
