"""
One message for each import that a worker has finished, to who asked for it, with a link; where the site wants that.

What else people hear of an import is the platform's: Studio sends a message for each user task
(platform: cms/djangoapps/cms_user_tasks/signals.py), and none where there is no row of one. So the two settings belong
together: ``IMPORT_FROM_MODULESTORE_USER_TASKS`` off, ``IMPORT_FROM_MODULESTORE_EMAILS`` on.
"""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import send_mail
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from . import api
from .data import ImportData, ImportState, Outcome, tally
from .hosts import get_host
from .models import Import

_FAILED = (ImportState.STAGING_FAILED, ImportState.IMPORT_FAILED)

log = logging.getLogger(__name__)


def are_wanted() -> bool:
    """Whether this site sends them."""
    return bool(getattr(settings, "IMPORT_FROM_MODULESTORE_EMAILS", False))


def has_failed(state: ImportState | None, reason: str) -> bool:
    """Whether a worker has failed to stage or write an import that is left so; one staged before stays staged."""
    return state in _FAILED or (state is ImportState.STAGED and bool(reason))


def tell_of_end(import_id: str) -> None:
    """
    Tell who asked for the step that has just ended of how the import stands: it is imported, or has failed.

    Not where they have no address, their account is closed or retired, or they may not see the import any more. To be
    called after the commit. Raises nothing: that no message can be sent is logged, and changes nothing.
    """
    try:
        user = _reader(import_id)
        if user is None:
            return
        run = api.get_import(user=user, import_id=import_id)
        send_mail(*_message(user, run), None, [user.email])
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


def _message(user: Any, run: ImportData) -> tuple[str, str]:
    """Subject and text."""
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
    lines.append(_address_of(run) or _("Import {id}").format(id=run.id))
    return " ".join(subject.split()), "\n\n".join(filter(None, lines)) + "\n"


def _address_of(run: ImportData) -> str:
    """The page of the import, as a link in a message; empty where the site's address is not known."""
    try:
        return get_host().absolute_url(reverse("modulestore_imports:import", args=[run.id]))
    except NoReverseMatch:
        return ""
