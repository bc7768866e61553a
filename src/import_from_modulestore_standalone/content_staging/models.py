"""Content on its way from one place to another: the fields are those of the platform's app of this label."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from openedx_django_lib.fields import MultiCollationTextField, case_insensitive_char_field, case_sensitive_char_field


class StagedContentStatus(models.TextChoices):
    """Whether staged content can be read."""

    LOADING = "loading", _("Loading")
    READY = "ready", _("Ready")
    EXPIRED = "expired", _("Expired")
    ERROR = "error", _("Error")


class StagedContent(models.Model):
    """
    One block with everything below it, as OLX, that is in no course or library at the moment.

    .. no_pii:
    """

    id = models.AutoField(primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    created = models.DateTimeField(auto_now_add=True)
    purpose = case_sensitive_char_field(max_length=64)
    status = case_sensitive_char_field(max_length=20, choices=StagedContentStatus)
    block_type = case_sensitive_char_field(max_length=100, help_text=_("The root tag of the OLX."))
    olx = MultiCollationTextField(db_collations={"sqlite": "BINARY", "mysql": "utf8mb4_bin"})
    display_name = case_insensitive_char_field(max_length=768)
    suggested_url_name = case_sensitive_char_field(max_length=1024)
    version_num = models.PositiveIntegerField(default=0)
    tags = models.JSONField(null=True, help_text=_("Tags of the source blocks, by usage key."))

    class Meta:
        verbose_name = verbose_name_plural = _("staged content")

    def __str__(self) -> str:
        return f'Staged {self.block_type} "{self.display_name}" ({self.status})'


class StagedContentFile(models.Model):
    """
    A static file that staged content names.

    .. no_pii:
    """

    for_content = models.ForeignKey(StagedContent, on_delete=models.CASCADE, related_name="files")
    filename = case_sensitive_char_field(max_length=255)
    data_file = models.FileField(upload_to="staged-content-temp/", blank=True)
    source_key_str = case_sensitive_char_field(max_length=255, blank=True)
    md5_hash = case_sensitive_char_field(max_length=32, blank=True)

    class Meta:
        verbose_name = _("file of staged content")
        verbose_name_plural = _("files of staged content")

    def __str__(self) -> str:
        return self.filename
