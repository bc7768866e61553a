"""Archives of an export, harmed: their headers and entries, where they end."""

from __future__ import annotations

import gzip
import io
import stat
import tarfile
import warnings
import zipfile
from collections.abc import Callable

from hypothesis import strategies as st

from .exports import Files

_NAMES = (
    "../out.xml",
    "/etc/out",
    "c/../../out",
    "c\\out",
    "c/course.xml",
    "C/COURSE.XML",
    "c",
    "c/course.xml/x",
    "./c/./course.xml",
    "d/" * 1_200 + "x",
    "n" * 300,
    "c/\udcff",
    "package.toml",
    "other/course.xml",
    "__MACOSX/x",
    "c/._x",
    "",
    ".",
)
_PAX_RECORDS = (
    b"1" * 900_000,
    b"1 " * 400_000,
    b"11 path=..\n",
    b"20 size=99999999999\n",
    b"9999999 path=x\n",
    b"0 =\n",
    b"12 path=\xff\xff\xff\n",
    b"21 GNU.sparse.major=1\n31 GNU.sparse.realsize=99999999\n",
    b"25 hdrcharset=BINARYYY\n\n",
    b"=" * 1_500_000,
)

type Made = Callable[[Files], bytes]


def archives() -> st.SearchStrategy[tuple[str, Made]]:
    """The end of an archive's name, and what makes one of an export."""
    return st.one_of(
        st.tuples(st.sampled_from([".tar.gz", ".tgz", ".TAR.GZ"]), _tars().map(lambda made: _then(made, _gzipped))),
        st.tuples(st.sampled_from([".tar", ".tar.gz"]), _tars()),
        st.tuples(st.sampled_from([".zip", ".tar.gz"]), _zips()),
    ).flatmap(lambda named: st.tuples(st.just(named[0]), _damaged(named[1])))


def _then(made: Made, more: Callable[[bytes], bytes]) -> Made:
    return lambda files: more(made(files))


def _gzipped(data: bytes) -> bytes:
    return gzip.compress(data, compresslevel=1, mtime=0)


@st.composite
def _tars(draw: st.DrawFn) -> Made:
    tar_format = draw(st.sampled_from([tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]))
    more = draw(
        st.lists(
            st.tuples(
                st.sampled_from(_NAMES),
                st.sampled_from(b"0\x001234567SLKxgXDVM"),
                st.sampled_from((*_PAX_RECORDS, b"")),
            ),
            max_size=2,
        )
    )
    first = draw(st.booleans())

    def made(files: Files) -> bytes:
        out = io.BytesIO()
        own = [_member(f"c/{name}", ord("0"), content, tar_format) for name, content in files.items()]
        added = [_member(name, kind, content, tar_format) for name, kind, content in more]
        for part in added + own if first else own + added:
            out.write(part)
        return out.getvalue() + bytes(1024)

    return made


def _member(name: str, kind: int, content: bytes, tar_format: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname = bytes([kind]), len(content), "/etc/passwd"
    try:
        header = info.tobuf(tar_format, errors="surrogateescape")
    except ValueError:  # A name that the format cannot hold.
        return b""
    return header + content + bytes(-len(content) % 512)


@st.composite
def _zips(draw: st.DrawFn) -> Made:
    more = draw(
        st.lists(
            st.tuples(
                st.sampled_from(_NAMES),
                st.sampled_from([0, stat.S_IFLNK, stat.S_IFIFO, stat.S_IFDIR]),
                st.sampled_from([0, 1, 0x800, 0xFFFF]),
            ),
            max_size=2,
        )
    )
    method = draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2]))

    def made(files: Files) -> bytes:
        out = io.BytesIO()
        with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(out, "w", method) as archive:
            for name, content in files.items():
                archive.writestr(_encodable(f"c/{name}"), content)
            for name, mode, flags in more:
                info = zipfile.ZipInfo(_encodable(name) or "c/")
                info.external_attr = mode << 16
                archive.writestr(info, b"x")
                info.flag_bits |= flags  # As it is written at the end.
        return out.getvalue()

    return made


def _encodable(name: str) -> str:
    return name.encode("utf-8", "replace").decode()


@st.composite
def _damaged(draw: st.DrawFn, made: Made) -> Made:
    kinds = st.sampled_from(["", "", "", "cut", "flip", "flip", "repeat"])
    harm, places = draw(kinds), draw(st.lists(st.tuples(st.floats(0, 0.9999), st.integers(1, 255)), max_size=6))

    def damaged(files: Files) -> bytes:
        data = bytearray(made(files))
        for place, bits in places if harm == "flip" else ():
            data[int(place * len(data))] ^= bits
        if harm == "cut" and places:
            del data[int(places[0][0] * len(data)) :]
        return bytes(data) * 2 if harm == "repeat" else bytes(data)

    return damaged
