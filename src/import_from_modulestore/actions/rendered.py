"""
Blocks as learners see them, and their files.

A rendering is shown in a frame that sends no cookies, so its images have addresses that let whoever has them read one
file for some minutes. Rights are checked when such an address is made; whoever loses them can read until it ends.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from django.core.signing import BadSignature, Signer
from django.utils import timezone
from django.utils.translation import gettext as _

from ..data import OpenedFile, RenderedBlock, Side, SignedFile
from ..errors import InvalidOption, NotFound
from ..models import Import
from ..review import file_of, find_block, rendered_block
from ..review.rendered import File
from ..stored_files import open_stored
from .review import planned, reviewable

SECONDS = 600
"""For how long an address is good at least; it ends with a span of this length, and stays the same within one."""

_SALT = "import_from_modulestore.files"


def render_block(
    *, user: Any, import_id: str, usage_key: str, side: Side = Side.BLOCK, address: Callable[[str], str]
) -> RenderedBlock:
    """
    A block as learners see it, as one HTML document that runs nothing: what would be written, what the library holds,
    or both with marks at what differs.

    ``address`` gives the address at which :func:`open_signed_file` is asked with a signed text.

    Cost: a fixed number of statements, and one for each transcript of a video. Raises ``NotFound``, ``NotPermitted``,
    ``WrongState``, ``StagedContentGone``.
    """
    run = reviewable(user, import_id)
    until = _until()

    def address_of(file: File) -> str:
        return address(_signed(run, file, until))

    return rendered_block(find_block(run, usage_key), planned(run), side, address_of)


def sign_file(*, user: Any, import_id: str, usage_key: str, side: Side = Side.BLOCK, name: str) -> SignedFile:
    """
    A file of a block, or of the library's item in its place, for :func:`open_signed_file`.

    Raises ``NotFound``, ``NotPermitted``, ``WrongState``, ``StagedContentGone``, ``InvalidOption`` (a comparison has no
    files of its own).
    """
    run, file = _file(user, import_id, usage_key, side, name)
    until = _until()
    signed = _signed(run, file, until)
    return SignedFile(name=name, size=file["size"], signed=signed, until=datetime.fromtimestamp(until, UTC))


def open_file(*, user: Any, import_id: str, usage_key: str, side: Side = Side.BLOCK, name: str) -> OpenedFile:
    """
    A file of a block, or of the library's item in its place, to read from; it is not read as a whole.

    Raises what :func:`sign_file` does.
    """
    run, file = _file(user, import_id, usage_key, side, name)
    return OpenedFile(name=name, content=open_stored(run, file))


def open_signed_file(*, signed: str) -> OpenedFile:
    """
    The file that a signed text names, whoever asks; it names one and no other.

    Two statements. Raises ``NotFound`` (it was never signed here, or is too old), ``StagedContentGone``.
    """
    try:
        import_id, file, until = Signer(salt=_SALT).unsign_object(signed)
    except (BadSignature, ValueError, UnicodeError, TypeError) as error:
        raise _no_good() from error
    if until <= timezone.now().timestamp():
        raise _no_good()
    with suppress(Import.DoesNotExist):
        content = open_stored(Import.objects.get(uuid=import_id), file)
        return OpenedFile(name=file["name"], content=content, until=datetime.fromtimestamp(until, UTC))
    raise _no_good()


def _file(user: Any, import_id: str, usage_key: str, side: Side, name: str) -> tuple[Import, File]:
    run = reviewable(user, import_id)
    if side is Side.COMPARISON:
        raise InvalidOption(_("A comparison has no files of its own. Ask for those of one side."), field="side")
    return run, file_of(find_block(run, usage_key), planned(run), side, name)


def _signed(run: Import, file: File, until: int) -> str:
    kept = {key: file[key] for key in ("name", "staged_file", "media") if key in file}
    return Signer(salt=_SALT).sign_object([str(run.uuid), kept, until])


def _until() -> int:
    return (int(timezone.now().timestamp()) // SECONDS + 2) * SECONDS


def _no_good() -> NotFound:
    return NotFound(_("This address of a file is not good any more. Load the page again that showed it."))
