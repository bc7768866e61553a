"""
Files of the library in its storage, which no transaction covers: what is lost there is written again.

``openedx_content`` (to 1.15) keeps a file by the hash of its content, and writes it when the row of that hash is made.
Once there is a row, it trusts that the file is there; and where a write was broken off, it puts the file beside what is
there, under a name that nobody looks for (``Media.write_file``, ``FileSystemStorage``).
"""

from __future__ import annotations

from itertools import batched
from typing import Any

from django.core.files.base import ContentFile, File
from openedx_content.applets.media.models import get_storage
from openedx_content.models_api import LearningPackage, Media, MediaType

from ..models import Import
from ..staging.files import read_file

_BATCH_SIZE = 500


def write_lost_files(run: Import, package_id: LearningPackage.ID) -> int:
    """
    Write again what an import has staged and the library has lost; returns how many files. Adds nothing to the library.

    Cost: a query, and one for each 500 files that are staged; each that the library has is looked up in the storage.
    Raises ``StagedContentGone`` where the staged copy is lost as well.
    """
    staged: dict[str, dict[str, Any]] = {}
    for files in run.blocks.exclude(files=[]).order_by().values_list("files", flat=True).iterator():
        staged.update({file["digest"]: file for file in files})
    written: set[str] = set()
    for digests in batched(staged, _BATCH_SIZE):
        # With their types, they are found by an index; else all media of the library are gone through.
        kept = Media.objects.filter(
            learning_package_id=package_id,
            media_type__in=MediaType.objects.values("pk"),
            hash_digest__in=digests,
            has_file=True,
        )
        for media in kept.select_related("learning_package"):
            if not is_stored(media):
                write_again(media, ContentFile(read_file(staged[media.hash_digest])))
                written.add(media.hash_digest)
    return len(written)


def is_stored(media: Media) -> bool:
    """Whether the storage has a file of this size. It is opened, and not read."""
    try:
        with media.read_file() as stored:
            return stored.size == media.size
    except OSError:
        return False


def write_again(media: Media, content: File[Any]) -> None:
    """Put this content in the place of whatever is there."""
    storage = get_storage()
    if storage.exists(media.path):
        storage.delete(media.path)
    media.write_file(content)
