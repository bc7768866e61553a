"""
Where legacy content went (platform: cms/djangoapps/modulestore_migrator/models.py).

The fields, what they refer to, and what becomes of them when that goes are the platform's.
"""

from django.db import models
from model_utils.models import TimeStampedModel
from opaque_keys.edx.django.models import LearningContextKeyField, UsageKeyField
from openedx_content.models_api import (
    Collection,
    DraftChangeLog,
    DraftChangeLogRecord,
    LearningPackage,
    PublishableEntity,
)
from user_tasks.models import UserTaskStatus

LEVELS = [(level, level.capitalize()) for level in ("component", "unit", "subsection", "section")]
STRATEGIES = [(strategy, strategy.capitalize()) for strategy in ("skip", "fork", "update")]


class ModulestoreSource(models.Model):  # noqa: DJ008
    key = LearningContextKeyField(unique=True, case_sensitive=True)
    forwarded = models.OneToOneField(
        "modulestore_migrator.ModulestoreMigration", null=True, blank=True, on_delete=models.SET_NULL
    )


class ModulestoreMigration(models.Model):  # noqa: DJ008
    source = models.ForeignKey(ModulestoreSource, on_delete=models.CASCADE, related_name="migrations")
    source_version = models.CharField(max_length=255, blank=True, null=True)  # noqa: DJ001
    composition_level = models.CharField(max_length=255, choices=LEVELS, default="component")
    repeat_handling_strategy = models.CharField(choices=STRATEGIES, default="skip", max_length=24)
    preserve_url_slugs = models.BooleanField(default=False)
    target = models.ForeignKey(LearningPackage, on_delete=models.CASCADE)
    target_collection = models.ForeignKey(Collection, on_delete=models.SET_NULL, null=True, blank=True)
    task_status = models.ForeignKey(UserTaskStatus, on_delete=models.RESTRICT, related_name="migrations")
    change_log = models.ForeignKey(DraftChangeLog, on_delete=models.SET_NULL, null=True)
    staged_content = models.OneToOneField("content_staging.StagedContent", null=True, on_delete=models.SET_NULL)
    is_failed = models.BooleanField(default=False)


class ModulestoreBlockSource(TimeStampedModel):
    overall_source = models.ForeignKey(ModulestoreSource, on_delete=models.CASCADE, related_name="blocks")
    key = UsageKeyField(case_sensitive=True, unique=True)
    forwarded = models.OneToOneField(
        "modulestore_migrator.ModulestoreBlockMigration", null=True, on_delete=models.SET_NULL
    )


class ModulestoreBlockMigration(TimeStampedModel):
    overall_migration = models.ForeignKey(
        ModulestoreMigration, on_delete=models.CASCADE, related_name="block_migrations"
    )
    source = models.ForeignKey(ModulestoreBlockSource, on_delete=models.CASCADE)
    target = models.ForeignKey(PublishableEntity, on_delete=models.CASCADE, null=True, blank=True)
    change_log_record = models.OneToOneField(DraftChangeLogRecord, null=True, on_delete=models.SET_NULL)
    unsupported_reason = models.TextField(null=True, blank=True)  # noqa: DJ001

    class Meta:
        unique_together = [("overall_migration", "source"), ("overall_migration", "target")]
