"""
Reading a tar, forward only and with bounds.

:mod:`tarfile` reads a header of any size into memory, searches it with regular expressions that older Pythons take
hours over, and follows chains of headers by recursion; so what archives of courses can hold is read here. The format:
POSIX, ``pax``, "ustar Interchange Format" and "pax Header Block"; GNU tar manual, "Basic Tar Format" and "Storing
Sparse Files", of which the form that macOS writes unasked ("PAX Format, Version 1.0") is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from django.utils.translation import gettext as _

from .entries import PIECE, Damaged, Entry, EntryKind, NoArchive, Refused

MAX_HEADER_BYTES = 1_000_000
"""How long the additional header of an entry may be: a name, and what else systems keep with a file."""

_MAX_SPANS = 100_000
"""How many pieces a sparse file may be made of."""

_BLOCK = 512
_ZEROS = bytes(_BLOCK)
_MAX_DIGITS = 19
_KINDS = {
    **dict.fromkeys((b"0", b"\0", b"7"), EntryKind.FILE),
    b"5": EntryKind.FOLDER,
    **dict.fromkeys((b"1", b"2"), EntryKind.LINK),
}


def read_tar(read: Callable[[int], bytes]) -> Iterator[Entry]:
    """
    The entries of a tar. ``read`` gives the next bytes, as many as it is asked for: at most ``PIECE``.

    Raises :class:`NoArchive`, :class:`Damaged`, :class:`Refused`, and what ``read`` raises.
    """
    blocks = _Blocks(read)
    header = blocks.header()
    for_all: dict[bytes, bytes] = {}
    more: dict[bytes, bytes] = {}
    while header != _ZEROS:  # An archive ends in zeros.
        kind, size = header[156:157], _number(header[124:136])
        match kind:
            case b"g":
                for_all |= _records(blocks.additional(size))
            case b"x" | b"X":
                more |= _records(blocks.additional(size))
            case b"L":
                more[b"path"] = blocks.additional(size)
            case b"K":
                more[b"linkpath"] = blocks.additional(size)
            case _:
                yield _entry(header, kind, size, for_all | more, blocks)
                more = {}
        header = blocks.header()


class _Blocks:
    """The blocks of a tar, one entry after the other."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self._begun = False
        self._left = 0
        """Bytes of the entry that were not read yet."""
        self._padding = 0

    def header(self) -> bytes:
        """The next header, or the zeros at the end. What is left of the entry before it is skipped."""
        for _piece in self.content(self._left):
            pass
        self._read(self._padding)
        block = self._read(_BLOCK)
        if len(block) < _BLOCK or not (block == _ZEROS or _is_header(block)):
            if self._begun:
                raise Damaged(_("it stops in the middle of its entries"))
            raise NoArchive(_("it does not begin with an entry") if block else _("it is empty"))
        if block == _ZEROS and not self._begun:
            raise NoArchive(_("it is empty"))
        self._begun = True
        self.hold(0)
        return block

    def hold(self, size: int) -> None:
        """Take the entry to have so many bytes."""
        self._left, self._padding = size, -size % _BLOCK

    def content(self, size: int) -> Iterator[bytes]:
        """The next bytes of the entry, in pieces."""
        while size:
            piece = self._read(min(size, self._left, PIECE))
            if not piece:
                raise Damaged(_("an entry ends early"))
            size -= len(piece)
            self._left -= len(piece)
            yield piece

    def additional(self, size: int) -> bytes:
        """The content of an additional header."""
        if size > MAX_HEADER_BYTES:
            raise Refused(_("{archive} has an entry with a header that is too long."))
        self.hold(size)
        return b"".join(self.content(size))


def _entry(header: bytes, type_flag: bytes, size: int, more: dict[bytes, bytes], blocks: _Blocks) -> Entry:
    """The entry of this header; ``more`` is what additional headers say."""
    own = header[:100].partition(b"\0")[0]
    if header[257:263] == b"ustar\0" and (prefix := header[345:500].partition(b"\0")[0]):
        own = prefix + b"/" + own
    name = _text(more.get(b"GNU.sparse.name") or more.get(b"path") or own)
    kind = _KINDS.get(type_flag, EntryKind.OTHER)
    if type_flag == b"\0" and name.endswith("/"):  # How folders were written before they had a type.
        kind = EntryKind.FOLDER
    if kind is not EntryKind.FILE:
        return Entry(name, kind, 0, lambda: iter(()), target=_text(more.get(b"linkpath") or header[157:257]))
    size = _decimal(more[b"size"]) if b"size" in more else size
    blocks.hold(size)
    if more.get(b"GNU.sparse.major") == b"1":
        size = _decimal(more.get(b"GNU.sparse.realsize", b""))
        return Entry(name, kind, size, partial(_with_holes, size, blocks))
    if any(key.startswith(b"GNU.sparse.") for key in more):
        raise Refused(_("{archive} holds the entry {name!r}, a sparse file of an old form."), name=name)
    return Entry(name, kind, size, partial(blocks.content, size))


def _with_holes(size: int, blocks: _Blocks) -> Iterator[bytes]:
    """The content of a sparse file: it begins with a list of places and lengths, in lines, which fills whole blocks."""
    head = b"".join(blocks.content(_BLOCK))
    count = _decimal(head.partition(b"\n")[0])
    if count > _MAX_SPANS:
        raise Refused(_("{archive} has a sparse file of too many pieces."))
    lines = head.split(b"\n")
    while len(lines) <= 1 + 2 * count:
        head = b"".join(blocks.content(_BLOCK))
        first, *others = head.split(b"\n")
        lines[-1] += first
        lines += others
    numbers = [_decimal(line) for line in lines[1 : 1 + 2 * count]]
    position = 0
    for offset, length in zip(numbers[::2], numbers[1::2], strict=True):
        if offset < position or offset + length > size:
            raise Damaged(_("a sparse file has pieces that do not fit"))
        yield from _zeros(offset - position)
        yield from blocks.content(length)
        position = offset + length
    yield from _zeros(size - position)


def _zeros(count: int) -> Iterator[bytes]:
    for start in range(0, count, PIECE):
        yield bytes(min(PIECE, count - start))


def _is_header(block: bytes) -> bool:
    """Whether the checksum is right, which counts its own field as spaces."""
    try:
        return sum(block) - sum(block[148:156]) + 8 * ord(" ") == _number(block[148:156])
    except Damaged:
        return False


def _records(data: bytes) -> dict[bytes, bytes]:
    """Those records of a pax header that are of use here. Each is a line, ``length key=value``, of that length."""
    found = {}
    start = 0
    while start < len(data) and data[start]:
        digits = data[start : start + _MAX_DIGITS].partition(b" ")[0]
        end = start + _decimal(digits)
        key, equals, value = data[start + len(digits) + 1 : end - 1].partition(b"=")
        if not equals or data[end - 1 : end] != b"\n":
            raise Damaged(_("an entry has a header that cannot be read"))
        if key in (b"path", b"linkpath", b"size") or key.startswith(b"GNU.sparse."):
            found[key] = value
        start = end
    return found


def _number(data: bytes) -> int:
    """A number of a header: octal digits, or where its first bit is set, bytes."""
    if data[:1] in (b"\x80", b"\xff"):
        number = int.from_bytes(data[1:], signed=data[0] == 0xFF)
    else:
        try:
            number = int(data.partition(b"\0")[0].strip() or b"0", 8)
        except ValueError:
            number = -1
    if number < 0:
        raise Damaged(_("an entry has a header that cannot be read"))
    return number


def _decimal(digits: bytes) -> int:
    if not (digits.isdigit() and len(digits) <= _MAX_DIGITS):
        raise Damaged(_("an entry has a header that cannot be read"))
    return int(digits)


def _text(data: bytes) -> str:
    return data.partition(b"\0")[0].decode("utf-8", errors="surrogateescape")
