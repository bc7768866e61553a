"""All the files that belong to a component: those that it names, and those that these load in turn."""

from __future__ import annotations

import posixpath
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from lxml import etree

from ..blocks import has_children
from ..tree import OlxBlock, walk
from .addresses import foreign_files
from .pages import is_page, loaded_by, may_load
from .references import (
    PYTHON_LIBRARY,
    Files,
    Names,
    Reference,
    is_of_platform,
    names_in,
    resolve,
)
from .transcripts import SJSON, SRT, set_transcripts, srt_of, subs_file, transcript_files, video_ids

MAX_FILES = 1000
"""How many files of a component are followed."""

MAX_LOOKUPS = 20_000
"""How many times a file of a component is looked for, which may cost a query each."""

MAX_FOLLOWED_BYTES = 50_000_000
"""Bytes of pages, style sheets and scripts that are read for one component."""

MAX_DEPTH = 10
"""How many files in a row are followed, each loaded by the one before."""


@dataclass(frozen=True)
class NamedFile[F]:
    """A file of a component: ``file`` is ``None`` where it is needed and the source does not hold it."""

    name: str
    file: F | None
    named_by: str = ""
    """The file that names it; empty for the component itself."""


@dataclass
class ComponentFiles[F]:
    """
    The files of one component; ``is_cut`` says that there are more than are followed. ``addresses`` are as in
    :class:`.references.Names`.
    """

    addresses: list[str]
    found: list[NamedFile[F]] = field(default_factory=list)
    is_cut: bool = False


class Closure[F]:
    """
    Finds the files of components.

    What a file loads is looked at once for each name: ``loads`` keeps it, and may outlive this, for files that tell
    their content apart.
    """

    def __init__(self, files: Files[F], loads: dict[tuple[F, str, str], list[Reference]] | None = None) -> None:
        self._files = files
        self._loads = {} if loads is None else loads
        self._read_bytes: dict[F, int] = {}

    def of(self, names: Names) -> ComponentFiles[F]:
        """
        The files that a component names, those that they load, and so on, each once, in order.

        Among them are the files that are needed and not there. The library of Python problems is not: whether a problem
        needs it cannot be told.
        """
        result: ComponentFiles[F] = ComponentFiles(names.addresses)
        if not names.references:
            return result
        met: set[str] = set()
        missing: set[str] = set()
        read = 0
        lookups = 0
        queue = deque((reference, "", "", 0) for reference in names.references)
        while queue:
            reference, named_by, folder, depth = queue.popleft()
            lookups += 1
            if len(met) >= MAX_FILES or lookups > MAX_LOOKUPS:
                result.is_cut = True
                break
            resolved = resolve(reference, self._files)
            if resolved is None:
                if reference.is_needed and reference.name not in missing and not is_of_platform(reference.name):
                    missing.add(reference.name)
                    result.found.append(NamedFile(reference.name, None, named_by))
                continue
            name, file = resolved
            if name in met:
                continue
            met.add(name)
            result.found.append(NamedFile(name, file, named_by))
            if not may_load(name):
                continue
            if depth >= MAX_DEPTH or read >= MAX_FOLLOWED_BYTES:
                result.is_cut = True
                continue
            folder = posixpath.dirname(name) if is_page(name) or not named_by else folder
            loads = self._loaded_by(file, name, folder)
            read += self._read_bytes.get(file, 0)
            queue.extend((loaded, name, folder, depth + 1) for loaded in loads)
        return result

    def _loaded_by(self, file: F, name: str, folder: str) -> list[Reference]:
        known = (file, name, folder)
        if known not in self._loads:
            data = self._files.read(file) or b""
            self._read_bytes[file] = len(data)
            self._loads[known] = loaded_by(name, data.decode("utf-8", errors="replace"), folder)
        return self._loads[known]


@dataclass
class Gathered[F]:
    """What is to be staged with a root: files of the source by name, files made of them, and what to say of blocks."""

    files: dict[str, F] = field(default_factory=dict)
    made: dict[str, bytes] = field(default_factory=dict)
    names: dict[tuple[str, str], Names] = field(default_factory=dict)
    """What each component names, by type and ID: of those that are shown again, where they stand first."""
    warnings: list[tuple[OlxBlock, str]] = field(default_factory=list)
    running_python: int = 0
    """How many problems run Python."""


def gather[F](root: etree._Element, files: Files[F]) -> Gathered[F]:
    """
    Find the files of all components below a staged root, and give its videos transcripts that a library plays.

    Changes ``root``. Files of other courses that the source holds under the same name are among what is found, so that
    a reviewer can use them. Cost: the files that may load others, read once each.
    """
    gathered: Gathered[F] = Gathered()
    closure = Closure(files)
    for block in walk(root):
        if block.kind.is_container or has_children(block.element):
            continue
        for video in block.element.iter("video", "videoalpha"):
            gathered.warnings += [(block, warning) for warning in _mend_transcripts(video, files, gathered.made)]
        names = names_in(block.element)
        gathered.names.setdefault((block.block_type, block.block_id), names)
        if not names.has_any:
            continue
        named = closure.of(names)
        found = [(each.name, each.file) for each in named.found]
        others = [PYTHON_LIBRARY] if names.runs_python else []
        gathered.running_python += len(others)
        others += [foreign.name for foreign in foreign_files(named.addresses)]
        found += [(name, files.find(name)) for name in others]
        gathered.files.update({name: file for name, file in found if file is not None})
    return gathered


def _mend_transcripts[F](video: etree._Element, files: Files[F], made: dict[str, bytes]) -> Iterator[str]:
    """Add what only a course plays to ``transcripts``, in a form that a library plays; yields what cannot be."""
    given = transcript_files(video)
    played = dict(given)
    ids = video_ids(video)
    own_language = (video.get("transcript_language") or "en").strip()
    for language in dict.fromkeys((*given, "en", own_language)):
        named = given.get(language, "")
        if named.endswith(SRT) and files.find(named) is not None:
            continue
        candidates = [named] if named.endswith(SJSON) else []
        candidates += [subs_file(video_id, language) for video_id in ids]
        source = next((name for name in candidates if files.find(name) is not None), "")
        if not source:
            if named and not named.endswith(SRT) and files.find(named) is not None:
                yield _(
                    "A library plays transcripts of the form .srt only, and so not {name}. Upload an .srt file instead."
                ).format(name=named)
            continue
        content = srt_of(files.read(file) or b"") if (file := files.find(source)) is not None else None
        if content is None:
            yield _(
                "The transcript {name} could not be made into an .srt file, the only form that a library plays: it "
                "holds no text with times. Upload the transcript again."
            ).format(name=source)
            continue
        name = _free_name(source.removesuffix(SJSON).removesuffix(SRT), files, made, content)
        made[name] = content
        played[language] = name
    if played != given:
        set_transcripts(video, played)


def _free_name[F](stem: str, files: Files[F], made: dict[str, bytes], content: bytes) -> str:
    """A name that no other file has."""
    name, number = f"{stem}{SRT}", 1
    while files.find(name) is not None or made.get(name, content) != content:
        number += 1
        name = f"{stem}_{number}{SRT}"
    return name
