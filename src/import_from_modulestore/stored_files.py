"""
Files of components wherever they are kept: in the staging area, or among the media of a library.

A file is what :attr:`.models.StagedBlock.files` has of it: name, digest, size, and ``staged_file``, the ID of the
staged file, or ``media``, that of a library's.
"""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import IO, Any

from django.apps import apps
from django.utils.translation import gettext as _
from openedx_content.models_api import Media

from .errors import NotFound
from .models import Import
from .olx.files.references import MAX_READ_BYTES
from .quoting import shortened
from .staging.files import file_gone, read_file


def read_stored(file: Mapping[str, Any]) -> bytes | None:
    """
    The content of a file; ``None`` for one that is larger than a text, and for one that a library's storage has lost.

    One query. Raises ``StagedContentGone``.
    """
    if file["size"] > MAX_READ_BYTES:
        return None
    if "media" not in file:
        return read_file(dict(file))
    media = Media.objects.get(pk=file["media"])
    if not media.has_file:
        return (media.text or "").encode()
    try:
        with media.read_file() as opened:
            data: bytes = opened.read()
    except OSError:
        return None
    return data


def open_stored(run: Import, file: Mapping[str, Any]) -> IO[bytes]:
    """
    A file to read from; whoever asks for it closes it. It has to be one of the import, or of its library.

    One query. Raises ``StagedContentGone``, and ``NotFound`` where the library does not hold it any more.
    """
    if "media" in file:
        return _open_media(run, file)
    model: Any = apps.get_model("content_staging", "StagedContentFile")
    own = model.objects.filter(pk=file["staged_file"], for_content__in=run.roots.values("staged_content"))
    row = own.first()
    if row is None or not row.data_file:
        raise file_gone(file["name"])
    try:
        opened: IO[bytes] = row.data_file.open("rb")
    except OSError as error:
        raise file_gone(file["name"]) from error
    return opened


def _open_media(run: Import, file: Mapping[str, Any]) -> IO[bytes]:
    media = Media.objects.filter(pk=file["media"], learning_package=run.learning_package_id).first()
    try:
        if media is not None and media.has_file:
            opened: IO[bytes] = media.read_file()
            return opened
    except OSError:
        media = None
    if media is None:
        raise NotFound(_("The library does not hold the file {name} any more.").format(name=shortened(file["name"])))
    return BytesIO((media.text or "").encode())
