"""Blocks of courses that follow the items that they became."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from openedx_django_lib.fields import case_sensitive_char_field

from .accounts import account
from .history import ImportRecord, Reversal
from .imports import Import


class LinkChange(models.Model):
    """
    That somebody has linked blocks of a course to the items that they became, or unlinked them; in one go.

    An undo that unlinks has one too, and so has a redo. Never changed, but for the name of a user who was renamed.

    .. pii: Holds the name of the user who did it. The daily housekeeping (``remove_old_staged_content``) brings it up
      to date with the account, so that a name that was retired goes. Where the account is deleted it stays, as history.
    .. pii_types: username
    .. pii_retirement: local_api
    """

    import_run = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="link_changes")
    user = account(null=True, on_delete=models.SET_NULL)
    username = case_sensitive_char_field(max_length=150, blank=True, default="")
    made = models.DateTimeField(auto_now_add=True)
    reversal = models.ForeignKey(Reversal, null=True, on_delete=models.CASCADE, related_name="link_changes")

    class Meta:
        ordering = ["id"]
        verbose_name = _("change of links")
        verbose_name_plural = _("changes of links")

    def __str__(self) -> str:
        return f"{self.import_run_id}: {self.username}"


class BlockLink(models.Model):
    """
    That a block of a course was made to follow the item that it became.

    For example: Ada links ``block-v1:…@problem+block@moon`` to ``lb:Acme:Sea:problem:moon``, whose version 1 was made
    from it. ``before`` is what the course's block said of links until then, by field, for taking the link off; a field
    that it did not set is not in it. ``unlinked`` is the change that has taken it off; the row stays.

    .. no_pii:
    """

    record = models.ForeignKey(ImportRecord, on_delete=models.CASCADE, related_name="links")
    change = models.ForeignKey(LinkChange, on_delete=models.CASCADE, related_name="links")
    unlinked = models.ForeignKey(LinkChange, null=True, on_delete=models.SET_NULL, related_name="unlinks")
    before = models.JSONField(default=dict)
    block_version = case_sensitive_char_field(
        max_length=255,
        blank=True,
        default="",
        help_text=_("The course's version of the block once it was linked, or unlinked again."),
    )
    was_changed = models.BooleanField(
        default=False, help_text=_("Whether the course had changed the block since it was imported.")
    )

    class Meta:
        ordering = ["id"]
        verbose_name = _("link of a block")
        verbose_name_plural = _("links of blocks")

    def __str__(self) -> str:
        return f"{self.record.usage_key} → {self.record.item_key}"
