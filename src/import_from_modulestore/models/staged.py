"""What an import has staged, as planning and review see it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from openedx_django_lib.fields import case_sensitive_char_field

from ..columns import DIGEST_LENGTH, text_field, title_field
from ..data import BlockKind, Contents, Decision
from .imports import Import


class StagedRoot(models.Model):
    """
    One piece of staged content of an import: a section of the course, or a whole legacy library, or a part of either.

    ``staged_content`` points at the platform's ``content_staging`` app by label, so that the same column serves in
    Studio and standalone.

    .. no_pii:
    """

    import_run = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="roots")
    order = models.PositiveIntegerField()
    usage_key = case_sensitive_char_field(max_length=255)
    staged_content = models.ForeignKey(
        "content_staging.StagedContent", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    first_num = models.PositiveIntegerField(
        help_text=_("``num`` of a block less its place in the root, both counted depth-first.")
    )

    class Meta:
        ordering = ["order"]
        verbose_name = _("staged root")
        verbose_name_plural = _("staged roots")
        constraints = [
            models.UniqueConstraint(fields=["import_run", "order"], name="msi_staged_root_uniq_order"),
        ]

    def __str__(self) -> str:
        return f"{self.order} {self.usage_key}"


class StagedSource(models.Model):
    """
    What the source of an import was when it was staged, so that who stages it again knows whether it still is.

    There is one for as long as all that was staged is there, and what a review has made of it can be told from it. See
    :mod:`.staging.again`. Once the import is completed, it may also say by what others know that they would come to the
    same: :mod:`.completion.again`.

    .. no_pii:
    """

    import_run = models.OneToOneField(Import, on_delete=models.CASCADE, related_name="staged_source")
    stamp = case_sensitive_char_field(
        max_length=DIGEST_LENGTH, help_text=_("Hash of all that decides what is staged of the source.")
    )
    facts = models.JSONField(
        default=dict, help_text=_("What was said of the source, and what of its blocks is not in their rows.")
    )
    records_stamp = case_sensitive_char_field(
        max_length=DIGEST_LENGTH,
        blank=True,
        default="",
        help_text=_("Hash of all that decides what the import has recorded, where another would record the same."),
    )

    class Meta:
        verbose_name = _("staged source")
        verbose_name_plural = _("staged sources")

    def __str__(self) -> str:
        return f"{self.import_run_id}: {self.stamp}"

    @classmethod
    def forget(cls, run: Import) -> None:
        """Have nobody take over what an import has staged: it goes, or can no longer be told from its rows."""
        cls.objects.filter(import_run=run).delete()


class StagedBlock(models.Model):
    """
    One block inside staged content, as planning and review see it.

    ``num`` counts the blocks of an import depth-first in the order of the source, so that ``ORDER BY num`` is the tree,
    and a block with everything below it is the rows from ``num`` up to, and without, ``end_num``. What is inside a
    component that is made of other blocks has rows as well, whatever becomes of it. A block that the source shows in
    several places has one row for each; all but the first point at the first with ``repeats``.

    ``selected``, ``decision``, ``contents``, ``edited_title`` and ``edited_olx`` are what a reviewer says. The columns
    from ``title`` to ``warnings`` describe the block as it then is, but for those called ``source_…``, ``problem`` and
    ``reading_warnings``, which tell of the source; they are made again when it is edited. The OLX in
    ``content_staging`` stays as it was staged, for taking an edit back.

    .. no_pii:
    """

    import_run = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="blocks")
    root = models.ForeignKey(StagedRoot, on_delete=models.CASCADE, related_name="blocks")
    num = models.PositiveIntegerField()
    end_num = models.PositiveIntegerField()
    parent_num = models.PositiveIntegerField(null=True)
    depth = models.PositiveSmallIntegerField()
    child_count = models.PositiveIntegerField(default=0)
    repeats = models.PositiveIntegerField(null=True)

    usage_key = case_sensitive_char_field(max_length=255)
    block_type = case_sensitive_char_field(max_length=100)
    block_id = case_sensitive_char_field(max_length=255)
    kind = case_sensitive_char_field(max_length=20, choices=BlockKind)
    title = title_field(max_length=500, blank=True)
    name = title_field(
        max_length=500, blank=True, default="", help_text=_("What people call it, where it has no title of its own.")
    )

    olx_digest = case_sensitive_char_field(
        max_length=DIGEST_LENGTH, blank=True, help_text=_("Hash of the exact text that the library would store.")
    )
    normal_digest = case_sensitive_char_field(
        max_length=DIGEST_LENGTH, blank=True, help_text=_("Hash of the OLX with formatting left aside.")
    )
    digest = case_sensitive_char_field(
        max_length=DIGEST_LENGTH,
        blank=True,
        help_text=_("Hash of everything that makes up the item: OLX, title, files."),
    )
    source_digest = case_sensitive_char_field(
        max_length=DIGEST_LENGTH, blank=True, default="", help_text=_("The same of what was staged, before any edit.")
    )
    source_title = title_field(max_length=500, blank=True, default="")
    files = models.JSONField(
        default=list,
        help_text=_("Files that the OLX names and the source holds: name, digest, size, staged file's ID."),
    )
    source_files = models.JSONField(default=list, help_text=_("The same before any edit, where the OLX was edited."))
    missing_files = models.JSONField(default=list, help_text=_("Files that the OLX names and the source lacks."))

    problem = text_field(blank=True, help_text=_("Why the block could not be read."))
    refusal = text_field(blank=True, help_text=_("Why a library cannot hold the block."))
    reading_warnings = models.JSONField(default=list, help_text=_("What was noticed when the source was read."))
    warnings = models.JSONField(default=list, help_text=_("What there is to know of the block as it is."))

    selected = models.BooleanField(default=True)
    decision = case_sensitive_char_field(
        max_length=20, choices=Decision, blank=True, default="", help_text=_("For this very block; else the import's.")
    )
    contents = case_sensitive_char_field(
        max_length=20,
        choices=Contents,
        blank=True,
        default="",
        help_text=_("For what is inside this very block, where a library cannot hold it; else the import's."),
    )
    edited_title = title_field(max_length=500, blank=True, default="", help_text=_("For blocks that hold others."))
    edited_olx = text_field(blank=True, default="", help_text=_("For components."))
    choices_from = models.ForeignKey(
        Import,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text=_("The import whose review has said this of the block, for as long as it stands as it was."),
    )
    merge_choices = models.JSONField(
        default=dict,
        help_text=_("What is chosen for the pieces of a merge, and a digest of the versions that it is for."),
    )

    class Meta:
        ordering = ["num"]
        verbose_name = _("staged block")
        verbose_name_plural = _("staged blocks")
        constraints = [
            models.UniqueConstraint(fields=["import_run", "num"], name="msi_staged_block_uniq_num"),
        ]
        indexes = [models.Index(fields=["import_run", "usage_key"], name="msi_staged_block_usage_key")]

    def __str__(self) -> str:
        return f"{self.num} {self.usage_key}"

    @property
    def called(self) -> str:
        """What people call it."""
        return self.name or self.title
