"""Platform: openedx/core/djangoapps/content_staging/models.py; the app of the same label serves here."""

from import_from_modulestore_standalone.content_staging.models import StagedContent, StagedContentFile

__all__ = ["StagedContent", "StagedContentFile"]
