"""Requests to the REST API that may come twice."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from openedx_django_lib.fields import case_sensitive_char_field

from ..columns import DIGEST_LENGTH
from .accounts import account


class IdempotentRequest(models.Model):
    """
    A request to the REST API that carried an ``Idempotency-Key``, with the answer that it got.

    The row is made before the work, and so decides which of two equal requests does it. It is of use for a day.

    .. pii: The answers name users, as all answers about imports do. They go with the account (where the LMS deletes it,
      with the next daily housekeeping), and when they are a day old and another such request comes.
    .. pii_types: username
    .. pii_retirement: local_api
    """

    user = account(on_delete=models.CASCADE)
    key = case_sensitive_char_field(max_length=255)
    fingerprint = case_sensitive_char_field(max_length=DIGEST_LENGTH, help_text=_("Hash of method, path and body."))
    status = models.PositiveSmallIntegerField(null=True, help_text=_("Null while the first request is under way."))
    answer = models.JSONField(null=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("idempotent request")
        verbose_name_plural = _("idempotent requests")
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="msi_idempotent_request_uniq")]

    def __str__(self) -> str:
        return self.key
