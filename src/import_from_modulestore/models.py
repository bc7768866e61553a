"""
What is stored about imports.

An :class:`Import` is one run from a source into a library. While it is open it owns :class:`StagedRoot` and
:class:`StagedBlock` rows, an index over the OLX in ``content_staging`` that also holds what a reviewer changed. Once
written it has one :class:`ImportRecord` per source block that was considered, and one :class:`Reversal` for each undo
and redo since; these are history.

History outlives what it describes: every link to a user, to staged content or to the library is nulled when that
goes, and the facts (names, keys, version numbers) stand beside the links.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from openedx_content import models_api as content_models
from openedx_django_lib.fields import case_sensitive_char_field

from .columns import text_field, title_field
from .data import (
    BlockIds,
    BlockKind,
    Branch,
    CompositionLevel,
    ConflictState,
    Contents,
    Decision,
    Forward,
    ImportState,
    Outcome,
    ReversalKind,
    ReversalOutcome,
)

_DIGEST_LENGTH = 40


def account(**options: Any) -> models.ForeignKey:
    """
    A link to a user that holds no account in the database: it may lead nowhere, until the daily housekeeping.

    In Open edX the LMS deletes accounts in the same database, and does not know these tables. So whoever follows such a
    link looks for the user, and names are kept beside it.
    """
    return models.ForeignKey(settings.AUTH_USER_MODEL, related_name="+", db_constraint=False, **options)


class Batch(models.Model):
    """
    Several sources that are imported into one library, each with an import of its own.

    The steps that workers do of these imports are done one after another, in the order in which they were asked for:
    that order is with the imports (``queued``), and what goes on is a matter of :mod:`.running.queue`.

    .. pii: Holds the name of the user who made it. The daily housekeeping (``remove_old_staged_content``) brings it up
      to date with the account, so that a name that was retired goes. Where the account is deleted it stays, as history.
    .. pii_types: username
    .. pii_retirement: local_api
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    library_key = case_sensitive_char_field(max_length=255, db_index=True)
    library_title = title_field(max_length=500, blank=True, default="")
    user = account(null=True, on_delete=models.SET_NULL)
    username = case_sensitive_char_field(verbose_name=_("username"), max_length=150, blank=True, default="")
    created = models.DateTimeField(verbose_name=_("created"), auto_now_add=True)
    has_queue = models.BooleanField(
        default=False, db_index=True, help_text=_("Whether steps of its imports were asked for that are not all done.")
    )
    task_id = case_sensitive_char_field(
        max_length=36,
        blank=True,
        default="",
        help_text=_("The user's task that stands for all that was asked for last, until that has ended."),
    )

    class Meta:
        ordering = ["-id"]
        verbose_name = _("batch")
        verbose_name_plural = _("batches")

    def __str__(self) -> str:
        return f"{self.uuid} → {self.library_key}"


class Import(models.Model):
    """
    One run from a source into a library.

    For example: Ada imports ``course-v1:Acme+Tides+2026`` into ``lib:Acme:Sea`` at level ``section``. The row is made
    when she asks for it (``created``), passes through staging, and ends as ``imported`` with ``counts`` filled in. Its
    ``state`` is only ever changed by :mod:`.running.lifecycle`.

    .. pii: Holds the name of the user who imported. The daily housekeeping (``remove_old_staged_content``) brings it up
      to date with the account, so that a name that was retired goes. Where the account is deleted it stays, as history.
    .. pii_types: username
    .. pii_retirement: local_api
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)

    source_key = case_sensitive_char_field(max_length=255, db_index=True)
    source_title = title_field(max_length=255, blank=True, default="")
    source_version = case_sensitive_char_field(max_length=255, blank=True, default="")
    source_origin = case_sensitive_char_field(
        max_length=50,
        blank=True,
        default="",
        help_text=_("Where the source comes from: the modulestore, a folder of exports, an upload."),
    )
    source_export = case_sensitive_char_field(
        max_length=500,
        blank=True,
        default="",
        help_text=_("The export that it is read from, where sources are exports: one source may have several."),
    )

    library_key = case_sensitive_char_field(max_length=255, db_index=True)
    library_title = title_field(max_length=500, blank=True, default="")
    learning_package = models.ForeignKey(
        content_models.LearningPackage, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    makes_library = models.BooleanField(
        default=False, help_text=_("Whether the library is to be made when the import is written.")
    )
    is_preview = models.BooleanField(
        default=False, help_text=_("Whether this only serves a preview: it is no history, and is removed after it.")
    )

    batch = models.ForeignKey(Batch, to_field="uuid", null=True, on_delete=models.SET_NULL, related_name="imports")
    to_decide = models.PositiveIntegerField(
        null=True,
        help_text=_("Of a batch: how many conflicts nobody has decided about, where nothing has changed since."),
    )

    user = account(null=True, on_delete=models.SET_NULL)
    username = case_sensitive_char_field(verbose_name=_("username"), max_length=150, blank=True, default="")

    state = case_sensitive_char_field(
        verbose_name=_("state"), max_length=20, choices=ImportState, default=ImportState.CREATED, db_index=True
    )
    error = text_field(blank=True, default="")
    warnings = models.JSONField(default=list, help_text=_("What was noticed about the source as a whole."))
    is_partial = models.BooleanField(
        default=False, help_text=_("Whether blocks may be missing among the staged ones that are in the source.")
    )

    level = case_sensitive_char_field(
        verbose_name=_("level"), max_length=20, choices=CompositionLevel, default=CompositionLevel.SECTION
    )
    on_conflict = case_sensitive_char_field(max_length=20, choices=Decision, default=Decision.SKIP)
    unmerged = case_sensitive_char_field(
        max_length=20,
        choices=Decision,
        blank=True,
        default="",
        help_text=_("For merges that need somebody; empty where the import waits for that."),
    )
    publish = models.BooleanField(default=True)
    block_ids = case_sensitive_char_field(max_length=20, choices=BlockIds, default=BlockIds.KEEP)
    branch = case_sensitive_char_field(max_length=20, choices=Branch, default=Branch.DRAFT)
    selection = models.JSONField(default=list)
    contents = case_sensitive_char_field(max_length=20, choices=Contents, default=Contents.LEAVE_OUT)
    as_last_time = models.BooleanField(
        default=True, help_text=_("Whether the review begins with what earlier ones have said of the blocks.")
    )
    forward = case_sensitive_char_field(
        max_length=20,
        choices=Forward,
        blank=True,
        default="",
        help_text=_("Whether references of courses are forwarded; empty where the first import of a library does."),
    )
    collection_wanted = models.BooleanField(default=False)
    collection_code = case_sensitive_char_field(max_length=255, blank=True, default="")
    collection_title = title_field(max_length=500, blank=True, default="")

    block_count = models.PositiveIntegerField(default=0, help_text=_("Blocks that were staged."))
    counts = models.JSONField(default=dict, help_text=_("Source blocks by outcome, once imported."))
    revision = models.PositiveIntegerField(
        default=0, help_text=_("Counts the changes that a review made: what it is, a plan was made from.")
    )

    created = models.DateTimeField(verbose_name=_("created"), auto_now_add=True)
    staged = models.DateTimeField(null=True)
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)
    staged_removed = models.DateTimeField(null=True, help_text=_("When what was staged was removed again."))

    actor = account(null=True, on_delete=models.SET_NULL, help_text=_("Who asked for the step that runs or is queued."))
    force = models.BooleanField(
        default=False, help_text=_("Whether the running undo or redo also takes what was changed since.")
    )
    if_decided = models.BooleanField(
        default=False, help_text=_("Whether the completion writes nothing where nobody has decided about a conflict.")
    )
    queued = models.DateTimeField(null=True, help_text=_("When the step was asked for that no worker has taken yet."))
    asked = models.DateTimeField(
        null=True, help_text=_("When a worker was asked for the last step; empty when that was done without one.")
    )
    worker = case_sensitive_char_field(
        max_length=255,
        blank=True,
        default="",
        help_text=_("The attempt at the current step, as host:pid:start:number; empty when none is at it."),
    )
    heartbeat = models.DateTimeField(null=True)
    put_off = models.PositiveSmallIntegerField(
        default=0, help_text=_("How often the step was put off, since the database was busy or could not be reached.")
    )

    draft_change_log = models.ForeignKey(
        content_models.DraftChangeLog, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    publish_logs = models.ManyToManyField(content_models.PublishLog, related_name="+")
    collection = models.ForeignKey(content_models.Collection, null=True, on_delete=models.SET_NULL, related_name="+")
    collection_made = models.BooleanField(default=False, help_text=_("Whether the import made its collection."))
    contents_collections = models.JSONField(
        default=list,
        help_text=_(
            "The collections of what is inside components that a library cannot hold: of each, the number and key of "
            "the component, the collection's primary key and code, the title under which it was made, if it was, and "
            "the entities that were not in it before."
        ),
    )

    forwarding = models.JSONField(
        default=dict,
        help_text=_(
            "What the host keeps of the references that it forwards for this import, for withdrawing that; or that it "
            "was withdrawn by an undo."
        ),
    )

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["is_preview", "library_key"], name="msi_import_library_key"),
            models.Index(fields=["created"], name="msi_import_created"),
            models.Index(fields=["finished"], name="msi_import_finished"),
        ]
        verbose_name = _("import")
        verbose_name_plural = _("imports")

    def __str__(self) -> str:
        return f"{self.source_key} → {self.library_key} ({self.state})"


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
        max_length=_DIGEST_LENGTH, blank=True, help_text=_("Hash of the exact text that the library would store.")
    )
    normal_digest = case_sensitive_char_field(
        max_length=_DIGEST_LENGTH, blank=True, help_text=_("Hash of the OLX with formatting left aside.")
    )
    digest = case_sensitive_char_field(
        max_length=_DIGEST_LENGTH,
        blank=True,
        help_text=_("Hash of everything that makes up the item: OLX, title, files."),
    )
    source_digest = case_sensitive_char_field(
        max_length=_DIGEST_LENGTH, blank=True, default="", help_text=_("The same of what was staged, before any edit.")
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
        max_length=_DIGEST_LENGTH, blank=True, default="", help_text=_("Of what the source held then.")
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

    source_digest = case_sensitive_char_field(max_length=_DIGEST_LENGTH, blank=True, default="")
    item_digest = case_sensitive_char_field(max_length=_DIGEST_LENGTH, blank=True, default="")
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
    fingerprint = case_sensitive_char_field(max_length=_DIGEST_LENGTH, help_text=_("Hash of method, path and body."))
    status = models.PositiveSmallIntegerField(null=True, help_text=_("Null while the first request is under way."))
    answer = models.JSONField(null=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("idempotent request")
        verbose_name_plural = _("idempotent requests")
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="msi_idempotent_request_uniq")]

    def __str__(self) -> str:
        return self.key
