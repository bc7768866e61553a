"""What reviews say, beside the staged blocks themselves: as last time, of what is gone, and to take back."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from openedx_content import models_api as content_models
from openedx_django_lib.fields import case_sensitive_char_field

from ..columns import DIGEST_LENGTH, text_field, title_field
from ..data import Contents, Decision
from .imports import Import


class BlockChoices(models.Model):
    """
    What a review says of a block in one place: ``showing`` counts the places of a block that the source shows in
    several.

    .. no_pii:
    """

    usage_key = case_sensitive_char_field(max_length=255)
    showing = models.PositiveIntegerField()
    selected = models.BooleanField()
    decision = case_sensitive_char_field(max_length=20, choices=Decision, blank=True, default="")
    contents = case_sensitive_char_field(max_length=20, choices=Contents, blank=True, default="")
    edited_title = title_field(max_length=500, blank=True, default="")
    edited_olx = text_field(blank=True, default="")
    source_digest = case_sensitive_char_field(
        max_length=DIGEST_LENGTH, blank=True, default="", help_text=_("Of what the source held then.")
    )

    class Meta:
        abstract = True

    choices_from_id: int | None
    """The import whose review has said so, where it is another."""

    @property
    def changes_it(self) -> bool:
        """Whether the block is decided about or edited; whether it is selected is another matter."""
        return bool(self.decision or self.contents or self.edited_title or self.edited_olx)


class ReviewedBlock(BlockChoices):
    """
    What a review had made of a block when its source began to be staged anew; gone once it is staged.

    It is there for as long as that takes, and a staging that fails in between takes nothing from it. A block without
    a row is as staging makes it, or new.

    .. no_pii:
    """

    import_run = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="reviewed")
    choices_from = models.ForeignKey(
        Import, null=True, on_delete=models.SET_NULL, related_name="+", help_text=_("As with the staged block.")
    )
    merge_choices = models.JSONField(default=dict, help_text=_("As with the staged block."))

    class Meta:
        verbose_name = _("reviewed block")
        verbose_name_plural = _("reviewed blocks")

    def __str__(self) -> str:
        return f"{self.import_run_id}: {self.usage_key}"

    @property
    def changes_it(self) -> bool:
        """As of any choice, or pieces of its merge are chosen."""
        return super().changes_it or bool(self.merge_choices)


class StandingChoice(BlockChoices):
    """
    What a review has said of a source block, for a library: the next import of the source into it begins with that.

    Written when an import is, and gone when a later one stages the block and says nothing of it. An undo takes none
    back. Blocks without a row are imported as their source has them, by the import's options; what is in one that is
    left out has rows of its own.

    .. no_pii:
    """

    learning_package = models.ForeignKey(content_models.LearningPackage, on_delete=models.CASCADE, related_name="+")
    source_key = case_sensitive_char_field(max_length=255)
    source_title = title_field(max_length=500, blank=True, default="", help_text=_("What the source called it then."))
    choices_from = models.ForeignKey(
        Import, on_delete=models.CASCADE, related_name="+", help_text=_("The import whose review has said so.")
    )

    class Meta:
        verbose_name = _("standing choice")
        verbose_name_plural = _("standing choices")
        constraints = [
            models.UniqueConstraint(
                fields=["learning_package", "source_key", "usage_key", "showing"], name="msi_standing_choice_uniq"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source_key}: {self.usage_key}"


class Removal(models.Model):
    """
    A reviewer's wish to take an item out of the library with an import, since the source has lost its block.

    It stands while the item's block is gone. ``insisted`` says that the item was edited or in use when it was chosen by
    name, and is to go all the same; without, it stays if that has become so since.

    .. no_pii:
    """

    import_run = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="removals")
    entity = models.ForeignKey(content_models.PublishableEntity, on_delete=models.CASCADE, related_name="+")
    insisted = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("removal")
        verbose_name_plural = _("removals")
        constraints = [models.UniqueConstraint(fields=["import_run", "entity"], name="msi_removal_uniq")]

    def __str__(self) -> str:
        return f"{self.import_run_id}: {self.entity_id}"


class LastChange(models.Model):
    """
    How the blocks stood before the last change of a review, for taking it back; gone once they are staged anew.

    ``number`` is the import's revision with the change: where it has another, something else was changed since.

    .. no_pii:
    """

    import_run = models.OneToOneField(Import, on_delete=models.CASCADE, related_name="last_change")
    number = models.PositiveIntegerField()
    blocks = models.JSONField(
        default=list,
        help_text=_(
            "Lists of what was said of blocks (selected, decision, contents, primary key of the import of "
            "choices_from), and the first and last numbers of those of which it was said."
        ),
    )
    removals = models.JSONField(
        default=dict, help_text=_("By entity of an item that is gone: whether its removal was insisted; null for none.")
    )

    class Meta:
        verbose_name = _("last change")
        verbose_name_plural = _("last changes")

    def __str__(self) -> str:
        return f"{self.import_run_id}: {self.number}"
