"""Imports, and batches of them."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _
from openedx_content import models_api as content_models
from openedx_django_lib.fields import case_sensitive_char_field

from ..columns import text_field, title_field
from ..data import BlockIds, Branch, CompositionLevel, Contents, Decision, Forward, ImportState
from .accounts import account


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
