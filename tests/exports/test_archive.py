"""Unpacking an archive: a well-made one equals its folder; any other is refused whole, with a reason."""

import gzip
import io
import os
import stat
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from import_from_modulestore.errors import SourceError
from import_from_modulestore.exports.archive import UnpackLimits, is_archive, unpack

from ..builders import header, pack, small_course, write_course, write_tar, write_zip


@pytest.fixture
def archive(tmp_path) -> Path:
    """Where a test writes its archive."""
    return tmp_path / "c1.tar.gz"


@pytest.fixture
def into(tmp_path) -> Path:
    """Where it is unpacked; not there yet."""
    return tmp_path / "cache" / "c1"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refusal_of(archive: Path, into: Path, **limits: int) -> str:
    with pytest.raises(SourceError) as caught:
        unpack(archive, into, UnpackLimits(**limits))
    assert not into.exists()
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *((name, True) for name in ("c.tar.gz", "c.tgz", "c.tar", "c.zip", "C.TAR.GZ", "c.Zip")),
        *((name, False) for name in ("._c.tar.gz", ".c.tgz", "c.tar.bz2", "c.gz", "zip")),
    ],
)
def test_archives_are_known_by_their_names(name, expected):
    assert is_archive(Path(name)) is expected


class TestWellMade:
    @pytest.mark.parametrize("name", ["c1.tar.gz", "c1.tar", "c1.zip", "c1.TGZ"])
    def test_equals_its_folder(self, tmp_path, into, name):
        folder = write_course(tmp_path / "c1", *small_course(), static={"a b.png": b"\0", "ü/ü.txt": b""})
        unpack(pack(folder, tmp_path / name), into)
        assert contents(into / "c1") == contents(folder)

    def test_may_have_the_name_of_another_format(self, tmp_path, archive, into):
        folder = write_course(tmp_path / "c1", *small_course())
        pack(folder, tmp_path / "c1.zip").rename(archive)
        unpack(archive, into)
        assert contents(into / "c1") == contents(folder)

    def test_names_that_differ_in_case_are_two(self, tmp_path, into):
        unpack(write_zip(tmp_path / "c.zip", ("a", b"1"), ("A", b"2")), into)
        assert contents(into) == {"a": b"1", "A": b"2"}

    @pytest.mark.parametrize("encoding", ["utf-8", "cp437"])
    def test_names_in_a_zip_may_be_in_either_encoding_unsaid(self, tmp_path, into, encoding):
        data = write_zip(tmp_path / "c.zip", ("mar__e.png", b"1")).read_bytes()
        name = "marée.png".encode(encoding).ljust(10, b"e")
        (tmp_path / "c.zip").write_bytes(data.replace(b"mar__e.png", name))
        unpack(tmp_path / "c.zip", into)
        assert list(contents(into)) == [name.decode(encoding)]

    @pytest.mark.parametrize("tar_format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
    def test_may_be_of_any_tar_format(self, archive, into, tar_format):
        with tarfile.open(archive, "w:gz", format=tar_format) as tar:
            info = tarfile.TarInfo(f"{'d' * 90}/{'ü' * 30}.xml")
            tar.addfile(info, io.BytesIO())
        unpack(archive, into)
        assert list(contents(into)) == [f"{'d' * 90}/{'ü' * 30}.xml"]

    def test_may_be_made_of_several_gzip_members(self, archive, into):
        data = gzip.decompress(write_tar(archive, ("a", b"1" * 600), ("b", b"2")).read_bytes())
        archive.write_bytes(gzip.compress(data[:700]) + gzip.compress(data[700:]))
        unpack(archive, into)
        assert contents(into) == {"a": b"1" * 600, "b": b"2"}

    def test_the_last_of_equal_entries_counts(self, archive, into):
        unpack(write_tar(archive, ("a", b"first"), ("a", b"2nd")), into)
        assert contents(into) == {"a": b"2nd"}

    def test_modes_are_plain(self, archive, into):
        info = tarfile.TarInfo("a")
        info.mode = 0o6777
        unpack(write_tar(archive, info), into)
        assert (into / "a").stat().st_mode & 0o7111 == 0

    @pytest.mark.skipif(not hasattr(os, "truncate"), reason="needs sparse files")
    def test_sparse_files_are_whole(self, tmp_path, archive, into):
        sparse_map = b"1\n200000\n3\n".ljust(512, b"\0")
        info = tarfile.TarInfo("GNUSparseFile.0/a")
        info.size = len(sparse_map) + 3
        info.pax_headers = {
            "GNU.sparse.major": "1",
            "GNU.sparse.minor": "0",
            "GNU.sparse.name": "a",
            "GNU.sparse.realsize": "200003",
        }
        with tarfile.open(archive, "w:gz", format=tarfile.PAX_FORMAT) as tar:
            tar.addfile(info, io.BytesIO(sparse_map + b"end"))
        unpack(archive, into)
        assert contents(into) == {"a": bytes(200000) + b"end"}

    @pytest.mark.parametrize(
        "litter", ["c/._a.xml", "c/.DS_Store", "__MACOSX/c/a.xml", "c/PaxHeader/a.xml", "c/._d/a.xml"]
    )
    def test_litter_is_left_out(self, archive, into, litter):
        unpack(write_tar(archive, (litter, b"x"), ("c/a.xml", b"y")), into)
        assert contents(into) == {"c/a.xml": b"y"}


class TestRefused:
    @pytest.mark.parametrize(
        "data", [b"", b"a text" * 500, gzip.compress(b"", mtime=0), gzip.compress(b"a text" * 500, mtime=0)]
    )
    def test_what_is_no_archive(self, archive, into, data):
        archive.write_bytes(data)
        reason = refusal_of(archive, into)
        assert "c1.tar.gz is neither a tar nor a zip archive" in reason
        assert "Studio exports courses as .tar.gz" in reason

    def test_what_is_not_there(self, archive, into):
        assert "is not there any more" in refusal_of(archive, into)

    @pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
    def test_one_whose_download_broke_off(self, tmp_path, archive, into, share):
        data = pack(write_course(tmp_path / "c", static={"a.bin": os.urandom(50_000)}), archive).read_bytes()
        archive.write_bytes(data[: int(len(data) * share)])
        reason = refusal_of(archive, into)
        assert "c1.tar.gz is cut off or damaged" in reason
        assert "Download or export it again" in reason

    @pytest.mark.parametrize("length", [512, 1024, 1500, 2048])
    def test_one_whose_tar_breaks_off(self, archive, into, length):
        data = gzip.decompress(write_tar(archive, ("a", b"1" * 1024), ("b", b"2")).read_bytes())
        archive.write_bytes(gzip.compress(data[:length]))
        assert "cut off or damaged" in refusal_of(archive, into)

    def test_one_with_a_flipped_bit(self, archive, into):
        write_tar(archive, ("a", bytes(range(256)) * 40))
        data = bytearray(archive.read_bytes())
        data[-6] ^= 1  # within the checksum
        archive.write_bytes(data)
        assert "CRC" in refusal_of(archive, into)

    def test_one_with_a_damaged_header_in_its_middle(self, archive, into):
        data = bytearray(gzip.decompress(write_tar(archive, ("a", b"1"), ("b", b"2"), ("c", b"3")).read_bytes()))
        data[1024] ^= 1
        archive.write_bytes(gzip.compress(data))
        assert "stops in the middle" in refusal_of(archive, into)

    @pytest.mark.parametrize("name", ["/etc/cron.d/x", "../x", "c/../../x", "c/..", "c\\..\\x"])
    def test_a_path_that_leads_outside(self, archive, into, name):
        reason = refusal_of(write_tar(archive, ("c/a", b""), (name, b"x")), into)
        assert "c1.tar.gz holds the entry" in reason
        assert repr(name) in reason
        assert "make the archive again without this entry" in reason

    @pytest.mark.parametrize(
        ("kind", "reason"),
        [
            (tarfile.SYMTYPE, "a link to '/etc'"),
            (tarfile.LNKTYPE, "a link to '/etc'"),
            (tarfile.FIFOTYPE, "neither a file nor a folder"),
            (tarfile.CHRTYPE, "neither a file nor a folder"),
            (tarfile.BLKTYPE, "neither a file nor a folder"),
        ],
    )
    def test_what_is_neither_file_nor_folder(self, archive, into, kind, reason):
        assert reason in refusal_of(write_tar(archive, header("c/x", kind, "/etc")), into)

    @pytest.mark.parametrize(
        ("language", "told"),
        [
            (
                "fr",
                "c1.tar.gz contient l’entrée 'c/x', un lien vers '/etc'\xa0; les exports ne contiennent pas de liens.",
            ),
            ("es", "c1.tar.gz contiene la entrada 'c/x', un enlace a '/etc'; las exportaciones no contienen enlaces."),
        ],
    )
    def test_a_refusal_is_whole_sentences_of_one_language(self, archive, into, language, told):
        with translation.override(language):
            refused = refusal_of(write_tar(archive, header("c/x", tarfile.SYMTYPE, "/etc")), into)
        assert refused.startswith(f"{told} ")

    @pytest.mark.parametrize(
        "entries",
        [
            [("c/a", b"x"), ("c", b"x")],
            [("c", b"x"), ("c/a", b"x")],
            [(".", b"x")],
            [("c", b"x"), header("c", tarfile.DIRTYPE)],
            [("n" * 300, b"x")],
            [("/".join("n" * 200 for _ in range(30)), b"x")],
        ],
        ids=["file over folder", "folder over file", "the folder itself", "folder for file", "long name", "long path"],
    )
    def test_an_entry_that_cannot_be_written(self, archive, into, entries):
        reason = refusal_of(write_tar(archive, *entries), into)
        assert "could not be written" in reason
        name = entries[-1][0] if isinstance(entries[-1], tuple) else entries[-1].name
        assert repr(name)[:300] in reason

    @pytest.mark.parametrize("write", [write_tar, write_zip])
    def test_too_many_entries(self, archive, into, write):
        entries = [(f"f{number}", b"") for number in range(11)]
        assert "more than 10 entries" in refusal_of(write(archive, *entries), into, entries=10)

    @pytest.mark.parametrize("write", [write_tar, write_zip])
    def test_folders_in_folders_in_folders(self, archive, into, write):
        entry = ("d/" * 1_200 + "x", b"")
        assert "more than 100 folders deep" in refusal_of(write(archive, entry), into)

    @pytest.mark.parametrize("name", ["c1.tar.gz", "c1.tar", "c1.zip"])
    def test_what_takes_too_long(self, tmp_path, into, name):
        archive = pack(write_course(tmp_path / "c1"), tmp_path / name)
        assert "takes more than 0 seconds to read" in refusal_of(archive, into, seconds=0)

    def test_too_many_bytes(self, archive, into):
        entries = [("small", b"x"), ("large", os.urandom(20_000))]
        assert "more than 20,000 bytes at 'large'" in refusal_of(write_tar(archive, *entries), into, total_bytes=20_000)

    @pytest.mark.parametrize("write", [write_tar, write_zip])
    def test_a_bomb(self, archive, into, write):
        reason = refusal_of(write(archive, ("zeros", bytes(50_000_000))), into, ratio_floor=1_000_000)
        assert "out of proportion" in reason

    def test_a_bomb_of_sparse_files(self, archive, into):
        info = tarfile.TarInfo("a")
        info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": str(10**15)}
        with tarfile.open(archive, "w:gz", format=tarfile.PAX_FORMAT) as tar:
            tar.addfile(info)
        assert "out of proportion" in refusal_of(archive, into)

    def test_a_header_that_would_fill_the_memory(self, archive, into):
        info = tarfile.TarInfo("a")
        info.pax_headers = {"comment": "x" * 3_000_000}
        with tarfile.open(archive, "w:gz", format=tarfile.PAX_FORMAT) as tar:
            tar.addfile(info)
        assert "header that is too long" in refusal_of(archive, into)

    @pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE])
    def test_a_header_of_digits(self, archive, into, kind):
        pax = tarfile.TarInfo("pax")
        pax.type, pax.size = kind, 900_000
        archive.write_bytes(gzip.compress(pax.tobuf() + (b"1" * 900_000).ljust(900_096, b"\0") + bytes(1024)))
        assert "a header that cannot be read" in refusal_of(archive, into)

    @pytest.mark.parametrize("records", [b"0 path=x\n", b"3 p", b"12 path=abcd", b"99 path=x\n", b" path=x\n", b"x"])
    def test_a_header_of_records_that_are_none(self, archive, into, records):
        pax = tarfile.TarInfo("pax")
        pax.type, pax.size = tarfile.XHDTYPE, len(records)
        archive.write_bytes(gzip.compress(pax.tobuf() + records.ljust(512, b"\0") + bytes(1024)))
        assert "a header that cannot be read" in refusal_of(archive, into)

    def test_a_zip_that_is_encrypted(self, tmp_path, into):
        data = bytearray(write_zip(tmp_path / "c.zip", ("a", b"secret")).read_bytes())
        data[data.index(b"PK\1\2") + 8] |= 1
        (tmp_path / "c.zip").write_bytes(data)
        assert "holds the entry 'a', which is encrypted" in refusal_of(tmp_path / "c.zip", into)

    @pytest.mark.parametrize(
        ("mode", "reason"), [(stat.S_IFLNK, "a link; exports hold no links"), (stat.S_IFIFO, "neither a file nor")]
    )
    def test_a_zip_with_what_is_neither_file_nor_folder(self, tmp_path, into, mode, reason):
        info = zipfile.ZipInfo("c/x")
        info.external_attr = (mode | 0o777) << 16
        assert reason in refusal_of(write_zip(tmp_path / "c.zip", (info, b"/etc/passwd")), into)

    @pytest.mark.parametrize("name", ["/etc/x", "../x", "c/../../x", "c\\..\\x"])
    def test_a_zip_with_a_path_that_leads_outside(self, tmp_path, into, name):
        assert "outside its folder" in refusal_of(write_zip(tmp_path / "c.zip", (name, b"x")), into)

    def test_a_zip_that_packs_in_other_ways(self, tmp_path, into):
        info = zipfile.ZipInfo("a")
        info.compress_type = zipfile.ZIP_LZMA
        assert "compressed in a way" in refusal_of(write_zip(tmp_path / "c.zip", (info, b"x")), into)

    def test_a_zip_with_an_endless_list_of_entries(self, tmp_path, into):
        data = write_zip(tmp_path / "c.zip", ("a", b"x")).read_bytes()
        end = data.index(b"PK\5\6")
        size, offset = 40_000_000, end
        record = data[end : end + 12] + struct.pack("<LLH", size, offset, 0)
        (tmp_path / "c.zip").write_bytes(data[:end] + bytes(size) + record)
        assert "a list of entries that is too long" in refusal_of(tmp_path / "c.zip", into)

    @pytest.mark.parametrize("share", [0.3, 0.9, 0.999])
    def test_a_zip_whose_download_broke_off(self, tmp_path, into, share):
        data = pack(write_course(tmp_path / "c", static={"a.bin": os.urandom(50_000)}), tmp_path / "c.zip").read_bytes()
        (tmp_path / "c.zip").write_bytes(data[: int(len(data) * share)])
        assert "c.zip is cut off or damaged" in refusal_of(tmp_path / "c.zip", into)

    def test_an_endless_chain_of_headers(self, archive, into):
        name = tarfile.TarInfo("././@LongLink")
        name.type, name.size = tarfile.GNUTYPE_LONGNAME, 1
        archive.write_bytes(gzip.compress((name.tobuf() + b"a".ljust(512, b"\0")) * 5_000))
        assert "cut off or damaged" in refusal_of(archive, into)


@given(names=st.lists(st.text(st.sampled_from("ab./\\é\n\udcff"), min_size=1, max_size=8), max_size=5))
def test_whatever_the_names_nothing_is_written_outside(tmp_path_factory, names):
    folder = tmp_path_factory.mktemp("names")
    archive = write_tar(folder / "c.tar.gz", *((name, b"x") for name in names))
    into = folder / "deep" / "into"
    try:
        unpack(archive, into)
    except SourceError:
        assert not into.exists()
    outside = [path for path in folder.rglob("*") if not path.is_relative_to(into)]
    assert sorted(outside) == [archive, folder / "deep"]


@given(data=st.data())
def test_whatever_the_damage_it_is_refused_or_read(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("damage")
    archive = write_tar(folder / "c.tar.gz", ("c/a", b"1" * 600), header("c/d", tarfile.DIRTYPE), ("c/ü" * 40, b"2"))
    raw = bytearray(gzip.decompress(archive.read_bytes()))
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, 4000))] = data.draw(st.sampled_from(b"\0\xff109a/x5LKgS"))
    archive.write_bytes(gzip.compress(raw))
    try:
        unpack(archive, folder / "into")
    except SourceError:
        assert not (folder / "into").exists()


@settings(deadline=None)
@given(data=st.data())
def test_so_it_is_with_a_zip(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("damage")
    archive = write_zip(folder / "c.zip", ("c/a", b"1" * 600), ("c/d/", b""), ("c/ü" * 40, b"2"))
    raw = bytearray(archive.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    archive.write_bytes(raw)
    try:
        unpack(archive, folder / "into")
    except SourceError:
        assert not (folder / "into").exists()


def test_a_zip_of_older_tools_of_windows_is_read(tmp_path):
    entries = []
    for name in ("course\\", "course\\static\\a.txt"):
        entry = zipfile.ZipInfo(name)
        entry.create_system = 0
        entries.append((entry, b"" if name.endswith("\\") else b"x"))
    unpack(write_zip(tmp_path / "c.zip", *entries), tmp_path / "into")
    assert (tmp_path / "into/course/static/a.txt").read_bytes() == b"x"


def test_so_is_one_that_would_leave_its_folder_refused(tmp_path):
    entry = zipfile.ZipInfo("..\\a.txt")
    entry.create_system = 0
    assert "outside its folder" in refusal_of(write_zip(tmp_path / "c.zip", (entry, b"x")), tmp_path / "into")
