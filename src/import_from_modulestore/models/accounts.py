"""Links to users."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models


def account(**options: Any) -> models.ForeignKey:
    """
    A link to a user that holds no account in the database: it may lead nowhere, until the daily housekeeping.

    In Open edX the LMS deletes accounts in the same database, and does not know these tables. So whoever follows such a
    link looks for the user, and names are kept beside it.
    """
    return models.ForeignKey(settings.AUTH_USER_MODEL, related_name="+", db_constraint=False, **options)
