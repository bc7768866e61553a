"""Files in the staging area, as they were staged: one that is gone, or is not what it was, is an error that says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.apps import apps
from django.db.models.fields.files import FieldFile
from django.utils.translation import gettext as _
from openedx_django_lib.fields import create_hash_digest

from ..errors import StagedContentGone
from ..quoting import shortened
from ..rows import select


class StagedRow(NamedTuple):
    """A row of a staged file, without what an instance of the platform's model costs; has what is asked of both."""

    pk: int
    filename: str
    md5_hash: str
    data_file: FieldFile


def staged_rows(model: Any, content_id: int) -> dict[str, StagedRow]:
    """The files that are staged with a root, by name. One query."""
    field: Any = model._meta.get_field("data_file")
    rows = select(model, (model._meta.pk.name, "filename", "md5_hash", "data_file"), "for_content", content_id)
    return {
        filename: StagedRow(pk, filename, md5_hash, field.attr_class(None, field, stored))
        for pk, filename, md5_hash, stored in rows
    }


@contextmanager
def opened(row: Any) -> Iterator[Any]:
    """
    The content of a staged file.

    Raises ``StagedContentGone`` where it cannot be read; which file of the server that is, is nobody's business.
    """
    try:
        with row.data_file.open("rb") as file:
            yield file
    except OSError as error:
        raise file_gone(row.filename) from error


def read_file(file: dict[str, Any]) -> bytes:
    """
    The content of one of :attr:`.models.StagedBlock.files`, which is kept in memory as a whole. One query.

    Raises ``StagedContentGone`` where it is not what was staged.
    """
    row = apps.get_model("content_staging", "StagedContentFile")._default_manager.filter(pk=file["staged_file"]).first()
    if row is None:
        raise file_gone(file["name"])
    with opened(row) as stored:
        data: bytes = stored.read()
    if create_hash_digest(data) != file["digest"]:
        raise file_changed(file["name"])
    return data


def file_gone(name: str) -> StagedContentGone:
    """What to say of a staged file that cannot be read."""
    return _gone(_("The file {name} is gone from the staging area.").format(name=shortened(name)))


def file_changed(name: str) -> StagedContentGone:
    """What to say of a staged file with another content than when it was staged."""
    return _gone(_("The file {name} in the staging area is not what was staged.").format(name=shortened(name)))


def content_gone(usage_key: str) -> StagedContentGone:
    """What to say of a root whose OLX is gone, or is another."""
    return _gone(_("What was staged of {key} is gone from the staging area.").format(key=shortened(usage_key)))


def _gone(what: str) -> StagedContentGone:
    way_out = _("Stage the import anew: what the review has chosen and edited is kept.")
    return StagedContentGone(f"{what} {way_out}")
