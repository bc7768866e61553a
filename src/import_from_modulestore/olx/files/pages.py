"""
What pages, style sheets and scripts among a course's files load in turn.

A page in a library lies at ``…/static/<name>`` (platform: ``library_assets`` of ``content_libraries``), so the browser
asks for what it names by relative address below ``static/`` too, decoded. Each file is kept under that name. In a
course all files lie in one folder, whatever folders their names had: a file may be found there as well.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from urllib.parse import unquote

from lxml import etree

from .addresses import STATIC
from .references import Reference, code_of, parse_html, references_in_code, without_comments

_PAGES = (".html", ".htm", ".xhtml")
_STYLES = (".css",)
_SCRIPTS = (".js", ".mjs")

_LOADING = frozenset(
    [
        *((tag, "src") for tag in ("audio", "embed", "frame", "iframe", "img", "input")),
        *((tag, "src") for tag in ("script", "source", "track", "video")),
        ("body", "background"),
        ("image", "href"),
        ("object", "data"),
        ("video", "poster"),
    ]
)
_MAX_LOADED = 1000
"""How many files that one file names are looked for."""

_LINKS_THAT_LOAD = frozenset(("stylesheet", "icon", "preload", "modulepreload", "manifest"))
_CSS_ADDRESS = re.compile(
    r"""url\(\s*(?:"([^"\n]{1,1000})"|'([^'\n]{1,1000})'|([^\s"'()]{1,1000}))\s*\)|@import\s+["']([^"'\n]{1,1000})["']""",
    re.IGNORECASE,
)
_FILE_IN_QUOTES = re.compile(
    r"""(["'`])([^"'`\s\\]{1,200}\.(?:avif|bin|bmp|css|csv|dat|eot|gif|glb|gltf|gz|html?|ico|jpe?g|js|json|m4a|mjs|mp3|"""
    r"""mp4|obj|og[agv]|otf|pdf|png|srt|svg|swf|tsv|ttf|txt|vtt|wasm|wav|webm|webp|woff2?|xml|zip))(?:[?\#][^"'`\s]*)?\1""",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"[{}$*<>|]|%[sd(]")


def may_load(name: str) -> bool:
    """Whether a file of this name is one that may load others."""
    return name.lower().endswith(_PAGES + _STYLES + _SCRIPTS)


def loaded_by(name: str, text: str, folder: str) -> list[Reference]:
    """
    The files that the file ``name`` with this text loads, in order.

    ``folder`` is that of the page which loaded it: what a script asks for is relative to its page.
    """
    own_folder = posixpath.dirname(name)
    found: Iterable[Reference] = ()
    if name.lower().endswith(_STYLES):
        found = _by_style(text, own_folder)
    elif name.lower().endswith(_SCRIPTS):
        found = chain.from_iterable(_by_script(text, where) for where in dict.fromkeys((folder, own_folder)))
    elif (root := parse_html(text)) is not None:
        found = _by_page(root, own_folder)
    return list(islice(found, _MAX_LOADED))


def is_page(name: str) -> bool:
    """Whether a file of this name is a page, to which what its scripts ask for is relative."""
    return name.lower().endswith(_PAGES)


def _by_page(root: etree._Element, folder: str) -> Iterator[Reference]:
    # A page with an address of its own for what is relative loads nothing from here.
    is_elsewhere = any(_SCHEME.match(base.get("href") or "") for base in root.iter("base"))
    for node in root.iter(etree.Element):
        for name, value in node.attrib.items():
            attribute = name.rpartition(":")[2].rpartition("}")[2]
            if attribute in ("srcset", "imagesrcset"):
                addresses = [candidate.split()[0] for candidate in value.split(",") if candidate.strip()]
            elif attribute == "style":
                yield from _by_style(value, folder)
                continue
            else:
                addresses = [value]
            is_needed = (node.tag, attribute) in _LOADING or attribute in ("srcset", "imagesrcset")
            if node.tag == "link" and attribute == "href":
                is_needed = not _LINKS_THAT_LOAD.isdisjoint((node.get("rel") or "").lower().split())
            elif not is_needed and (node.tag not in ("a", "area") or attribute != "href"):
                continue
            for address in addresses:
                if not is_elsewhere or address.startswith(STATIC):
                    yield from _reference(address, folder, is_needed=is_needed)
        if node.tag == "style":
            yield from _by_style(code_of(node), folder)
        elif node.tag == "script" and node.text:
            yield from _by_script(node.text, folder)


def _by_style(text: str, folder: str) -> Iterator[Reference]:
    for match in _CSS_ADDRESS.finditer(without_comments(text)):
        yield from _reference(next(filter(None, match.groups())), folder, is_needed=True)


def _by_script(text: str, folder: str) -> Iterator[Reference]:
    """What a script names by ``/static/``; and what looks like a file's name, which it may ask for."""
    code = without_comments(text)
    yield from references_in_code(code)
    for match in _FILE_IN_QUOTES.finditer(code):
        if not match[2].startswith("/"):
            yield from _reference(match[2], folder, is_needed=False)


def _reference(address: str, folder: str, *, is_needed: bool) -> Iterator[Reference]:
    address = re.split(r"[?#]", address.strip(), maxsplit=1)[0]
    is_needed = is_needed and not _PLACEHOLDER.search(address)
    if address.startswith(STATIC):
        if name := address.removeprefix(STATIC):
            yield Reference.to_address(name, is_needed=is_needed)
        return
    if not address or address.startswith("/") or _SCHEME.match(address) or "\\" in address or "\0" in unquote(address):
        return
    kept_as, written = (posixpath.normpath(posixpath.join(folder, path)) for path in (unquote(address), address))
    if kept_as.startswith(("../", "/")) or "." not in posixpath.basename(kept_as).strip("."):
        return
    in_course = posixpath.basename(kept_as) if folder else kept_as
    yield Reference(tuple(dict.fromkeys((kept_as, written, in_course))), kept_as=kept_as, is_needed=is_needed)
