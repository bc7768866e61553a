"""What came of imports, of their undos and redos, and what people say of that."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from openedx_content import models_api as content_models
from openedx_django_lib.fields import case_sensitive_char_field

from ..columns import DIGEST_LENGTH, text_field, title_field
from ..data import BlockKind, ConflictState, Contents, Decision, Outcome, ReversalKind, ReversalOutcome
from .accounts import account
from .imports import Import


class ImportRecord(models.Model):
    """
    What happened to one source block in one import. Never deleted while the import stands, and never changed, but for
    ``undone``: whether what it tells of was taken back since.

    A block that the source has lost has a record too, in the state ``gone``: of the item that was removed, or kept.

    ``draft_before`` and ``draft_after`` are the item's draft versions around the import, ``published_before`` and
    ``published_after`` the published ones; a missing version is null (nothing there, or deleted) and so is its number.
    ``source_digest`` and ``item_digest`` say what the source held, before any edit in the review, and what the
    library held afterwards, for telling later which of the two has changed since. Where these are not the same, the
    source's own is kept in ``source_content``; else the library has it, as the version ``draft_after``.

    .. no_pii:
    """

    import_run = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="records")
    num = models.PositiveIntegerField()
    depth = models.PositiveSmallIntegerField()
    usage_key = case_sensitive_char_field(max_length=255, db_index=True)
    block_type = case_sensitive_char_field(max_length=100)
    kind = case_sensitive_char_field(verbose_name=_("kind"), max_length=20, choices=BlockKind)
    title = title_field(verbose_name=_("title"), max_length=500, blank=True)
    name = title_field(
        max_length=500, blank=True, default="", help_text=_("What people call it, where it has no title of its own.")
    )

    state = case_sensitive_char_field(verbose_name=_("state"), max_length=20, choices=ConflictState)
    decision = case_sensitive_char_field(max_length=20, choices=Decision, blank=True, default="")
    outcome = case_sensitive_char_field(verbose_name=_("outcome"), max_length=20, choices=Outcome)
    reason = text_field(verbose_name=_("reason"), blank=True, default="")

    item_key = case_sensitive_char_field(max_length=600, blank=True, default="", db_index=True)
    collected = models.BooleanField(
        verbose_name=_("collected"), default=False, help_text=_("Whether the import put the item into its collection.")
    )
    tags = models.JSONField(
        default=dict, help_text=_("Tags that the import gave the item: values by ID of their taxonomy.")
    )
    tags_left_out = models.JSONField(
        default=dict, help_text=_("Tags whose taxonomy is not here: values by the export ID of their taxonomy.")
    )
    undone = models.BooleanField(verbose_name=_("undone"), default=False)
    entity = models.ForeignKey(content_models.PublishableEntity, null=True, on_delete=models.SET_NULL, related_name="+")
    draft_before = models.ForeignKey(
        content_models.PublishableEntityVersion, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    draft_after = models.ForeignKey(
        content_models.PublishableEntityVersion, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    published_before = models.ForeignKey(
        content_models.PublishableEntityVersion, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    published_after = models.ForeignKey(
        content_models.PublishableEntityVersion, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    draft_before_num = models.PositiveIntegerField(null=True)
    draft_after_num = models.PositiveIntegerField(null=True)
    published_before_num = models.PositiveIntegerField(null=True)
    published_after_num = models.PositiveIntegerField(null=True)

    source_digest = case_sensitive_char_field(max_length=DIGEST_LENGTH, blank=True, default="")
    item_digest = case_sensitive_char_field(max_length=DIGEST_LENGTH, blank=True, default="")
    source_content = models.JSONField(
        default=dict, help_text=_("What the source held, where the library holds an edit of it: title, OLX, files.")
    )

    warnings = models.JSONField(default=list)
    files = models.JSONField(default=list)
    missing_files = models.JSONField(default=list)
    left_out = models.JSONField(default=list)
    contents = case_sensitive_char_field(
        verbose_name=_("contents"),
        max_length=20,
        choices=Contents,
        blank=True,
        default="",
        help_text=_("What became of the blocks inside one that a library cannot hold."),
    )
    inside = models.JSONField(
        default=list, help_text=_("What is around a block that is inside such a block, from that one down.")
    )
    choices_from = models.ForeignKey(
        Import,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text=_("The earlier import whose review has said what was done with the block, where this one let it be."),
    )

    class Meta:
        ordering = ["num"]
        verbose_name = _("import record")
        verbose_name_plural = _("import records")
        constraints = [
            models.UniqueConstraint(fields=["import_run", "num"], name="msi_record_uniq_num"),
        ]

    def __str__(self) -> str:
        return f"{self.usage_key}: {self.outcome}"

    @property
    def called(self) -> str:
        """What people call it."""
        return self.name or self.title


class DoneMark(models.Model):
    """
    That somebody says of a record on an import's work list: done.

    .. pii: Holds the name of the user who said so. The daily housekeeping (``remove_old_staged_content``) brings it up
      to date with the account, so that a name that was retired goes. Where the account is deleted it stays, as history.
    .. pii_types: username
    .. pii_retirement: local_api
    """

    record = models.OneToOneField(ImportRecord, on_delete=models.CASCADE, related_name="done_mark")
    user = account(null=True, on_delete=models.SET_NULL)
    username = case_sensitive_char_field(max_length=150, blank=True, default="")
    marked = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("mark as done")
        verbose_name_plural = _("marks as done")

    def __str__(self) -> str:
        return f"{self.record}: done"


class Reversal(models.Model):
    """
    One undo or redo of an import, once it was carried out. Never changed, but for the name of a user who was renamed.

    .. pii: Holds the name of the user who did it. The daily housekeeping (``remove_old_staged_content``) brings it up
      to date with the account, so that a name that was retired goes. Where the account is deleted it stays, as history.
    .. pii_types: username
    .. pii_retirement: local_api
    """

    import_run = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="reversals")
    kind = case_sensitive_char_field(verbose_name=_("kind"), max_length=10, choices=ReversalKind)
    user = account(null=True, on_delete=models.SET_NULL)
    username = case_sensitive_char_field(verbose_name=_("username"), max_length=150, blank=True, default="")
    forced = models.BooleanField(verbose_name=_("forced"), default=False)
    counts = models.JSONField(default=dict, help_text=_("Items by outcome."))
    finished = models.DateTimeField(verbose_name=_("finished"))
    draft_change_logs = models.ManyToManyField(content_models.DraftChangeLog, related_name="+")
    publish_logs = models.ManyToManyField(content_models.PublishLog, related_name="+")

    class Meta:
        ordering = ["id"]
        verbose_name = _("undo or redo")
        verbose_name_plural = _("undos and redos")

    def __str__(self) -> str:
        return f"{self.kind} of {self.import_run}"


class ReversalRecord(models.Model):
    """
    What an undo or redo did with the item of one import record. Never changed.

    The numbers are those of the item's versions around it, null where there was no such version.

    .. no_pii:
    """

    reversal = models.ForeignKey(Reversal, on_delete=models.CASCADE, related_name="records")
    record = models.ForeignKey(ImportRecord, on_delete=models.CASCADE, related_name="reversal_records")
    outcome = case_sensitive_char_field(verbose_name=_("outcome"), max_length=20, choices=ReversalOutcome)
    reason = text_field(verbose_name=_("reason"), blank=True, default="")
    draft_before_num = models.PositiveIntegerField(null=True)
    draft_after_num = models.PositiveIntegerField(null=True)
    published_before_num = models.PositiveIntegerField(null=True)
    published_after_num = models.PositiveIntegerField(null=True)

    class Meta:
        ordering = ["record__num"]
        verbose_name = _("item of an undo or redo")
        verbose_name_plural = _("items of undos and redos")
        constraints = [models.UniqueConstraint(fields=["reversal", "record"], name="msi_reversal_record_uniq")]

    def __str__(self) -> str:
        return f"{self.record.usage_key}: {self.outcome}"
