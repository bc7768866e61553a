"""
Exports in one line.

    write_course(folder, section("s", subsection("b", unit("u", text("t", "<p>Hello</p>")))))

writes a course as Studio does: pointers, a file for each block, HTML bodies in files of their own.
"""

from __future__ import annotations

import tarfile
import zipfile
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from xml.sax.saxutils import quoteattr

KEY = "course-v1:Acme+C1+R1"
LIBRARY_KEY = "library-v1:Acme+L1"
TARGET = "lib:Acme:Target"


def usage_key(tag: str, url_name: str, source: str = KEY) -> str:
    """The usage key of a block of the course that :func:`write_course` writes."""
    prefix = "lib-block-v1" if source.startswith("library-v1") else "block-v1"
    return f"{prefix}:{source.partition(':')[2]}+type@{tag}+block@{url_name}"


@dataclass(frozen=True)
class Block:
    """A block to write; ``inner`` is the XML inside its definition, ``body`` the HTML of a text block."""

    tag: str
    url_name: str
    children: tuple[Block, ...] = ()
    attributes: dict[str, str] = field(default_factory=dict)
    inner: str = ""
    body: str | None = None

    def titled(self, title: str) -> Block:
        return replace(self, attributes={**self.attributes, "display_name": title})


def section(url_name: str, *children: Block, title: str | None = None) -> Block:
    return _container("chapter", url_name, children, title)


def subsection(url_name: str, *children: Block, title: str | None = None) -> Block:
    return _container("sequential", url_name, children, title)


def unit(url_name: str, *children: Block, title: str | None = None) -> Block:
    return _container("vertical", url_name, children, title)


def text(url_name: str, body: str = "<p>Text.</p>", title: str | None = None) -> Block:
    return Block("html", url_name, body=body, attributes={"display_name": title or f"Text {url_name}"})


def problem(url_name: str, inner: str = "<p>Why?</p>", title: str | None = None) -> Block:
    return block("problem", url_name, inner, display_name=title or f"Problem {url_name}")


def block(tag: str, url_name: str, inner: str = "", *children: Block, **attributes: str) -> Block:
    return Block(tag, url_name, children=children, inner=inner, attributes=attributes)


def _container(tag: str, url_name: str, children: tuple[Block, ...], title: str | None) -> Block:
    return Block(tag, url_name, children=children, attributes={"display_name": title or f"{tag} {url_name}"})


def unit_of(inner: str) -> Block:
    """A section with one unit ``u``, which holds ``inner`` as it stands."""
    return section("s", subsection("b", block("vertical", "u", inner)))


def small_course() -> tuple[Block, ...]:
    """Two sections, two subsections, three units, five components."""
    return (
        section("s1", subsection("b1", unit("u1", text("t1"), problem("p1")), unit("u2", text("t2")))),
        section("s2", subsection("b2", unit("u3", problem("p2"), text("t3")))),
    )


def write_course(
    folder: Path,
    *sections: Block,
    title: str = "A Course",
    static: dict[str, bytes] | None = None,
    files: dict[str, str | bytes] | None = None,
    run: str = "R1",
) -> Path:
    """
    Write a course export into ``folder`` and return it.

    ``static`` are files below ``static/``; ``files`` are written last and as they are, over what was written before.
    """
    pointers = "".join(_pointer(child) for child in sections)
    _write(folder, "course.xml", f'<course url_name="{run}" org="Acme" course="C1"/>')
    _write(folder, f"course/{run}.xml", f"<course display_name={quoteattr(title)}>{pointers}<wiki slug='w'/></course>")
    _write_all(folder, sections, static, files)
    return folder


def write_library(
    folder: Path, *blocks: Block, title: str = "A Library", files: dict[str, str | bytes] | None = None
) -> Path:
    """Write a legacy library export into ``folder`` and return it."""
    pointers = "".join(_pointer(child) for child in blocks)
    root = f'<library url_name="library" org="Acme" library="L1" display_name={quoteattr(title)}>{pointers}</library>'
    _write(folder, "library.xml", root)
    _write_all(folder, blocks, None, files)
    return folder


def pack(folder: Path, archive: Path) -> Path:
    """Pack an export folder as Studio does, the folder itself at the top, in the format that the name says."""
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zip_file:
            for path in sorted(folder.rglob("*")):
                zip_file.write(path, path.relative_to(folder.parent))
    else:
        with tarfile.open(archive, "w" if archive.suffix == ".tar" else "w:gz") as tar:
            tar.add(folder, arcname=folder.name)
    return archive


def write_tar(archive: Path, *entries: tuple[str, bytes] | tarfile.TarInfo) -> Path:
    """Write a ``.tar.gz`` of these entries as they stand: pairs of name and content, or headers alone."""
    with tarfile.open(archive, "w:gz") as tar:
        for entry in entries:
            if isinstance(entry, tarfile.TarInfo):
                tar.addfile(entry)
            else:
                info = tarfile.TarInfo(entry[0])
                info.size = len(entry[1])
                tar.addfile(info, BytesIO(entry[1]))
    return archive


def write_zip(archive: Path, *entries: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    """Write a zip of these entries as they stand."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zip_file:
        for name, content in entries:
            zip_file.writestr(name, content)
    return archive


def header(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    """The header of a tar entry that is no file: a link, a device, a folder."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def write_block(folder: Path, block: Block, *, under: str = "", **attributes: str) -> None:
    """Write one block and all below it; ``under="drafts/"`` writes drafts."""
    values = {**block.attributes, **attributes}
    if block.body is not None:
        _write(folder, f"{under}html/{block.url_name}.html", block.body)
        values["filename"] = block.url_name
    inner = block.inner + "".join(_pointer(child) for child in block.children)
    attribute_text = "".join(f" {name}={quoteattr(value)}" for name, value in values.items())
    _write(folder, f"{under}{block.tag}/{block.url_name}.xml", f"<{block.tag}{attribute_text}>{inner}</{block.tag}>")
    for child in block.children:
        write_block(folder, child, under=under)


def _write_all(
    folder: Path, blocks: tuple[Block, ...], static: dict[str, bytes] | None, files: dict[str, str | bytes] | None
) -> None:
    for child in blocks:
        write_block(folder, child)
    for name, data in (static or {}).items():
        _write(folder, f"static/{name}", data)
    for name, content in (files or {}).items():
        _write(folder, name, content)


def _pointer(block: Block) -> str:
    return f"<{block.tag} url_name={quoteattr(block.url_name)}/>"


def _write(folder: Path, name: str, content: str | bytes) -> None:
    path, data = folder / name, content.encode() if isinstance(content, str) else content
    try:
        path.write_bytes(data)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
