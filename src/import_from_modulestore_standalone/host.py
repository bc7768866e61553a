"""The standalone host: exports for courses, learning packages for libraries, Django's users for permissions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import Any, BinaryIO

from django.conf import settings
from django.core.files import File
from django.core.files.base import ContentFile
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from lxml import etree
from opaque_keys.edx.keys import LearningContextKey
from opaque_keys.edx.locator import LibraryLocatorV2
from openedx_content import api as content_api
from openedx_content.models_api import LearningPackage

from import_from_modulestore.data import Branch, LibraryData, Notice, SourceData, StagedRoot
from import_from_modulestore.errors import NotFound, SourceBeingRead, SourceError
from import_from_modulestore.exports.export import Export
from import_from_modulestore.exports.shelf import Shelf
from import_from_modulestore.exports.static_files import asset_name, md5_of
from import_from_modulestore.exports.uploads import Uploads, is_upload, may_read
from import_from_modulestore.hosts.base import Host
from import_from_modulestore.olx.blocks import title_of
from import_from_modulestore.olx.course_bound import take_off_groups
from import_from_modulestore.olx.files.closure import gather
from import_from_modulestore.olx.files.references import PYTHON_LIBRARY
from import_from_modulestore.olx.pieces import pieces_of
from import_from_modulestore.olx.tree import walk
from import_from_modulestore.packets import measured
from import_from_modulestore.writing.tags import as_staged, known_taxonomies

from .content_staging.models import StagedContent, StagedContentFile, StagedContentStatus
from .grants import Role, give, has_role, libraries_of

_MAX_KEY = 255

_SECONDS_FOR_A_PAGE = 2.0
"""How long somebody who asks for a page waits for archives that were not read before; most are, by then."""

_patience: ContextVar[float | None] = ContextVar("_patience", default=None)


def answered_soon(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: what is looked up for a page is not waited for as a command or a worker would."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        before = _patience.set(_SECONDS_FOR_A_PAGE)
        try:
            return get_response(request)
        finally:
            _patience.reset(before)

    return answer


class StandaloneHost(Host):
    """
    A folder of exports (``COURSES_DIR``), what people upload beside it, and the learning packages of this database.

    Who may do what is a matter of :mod:`.grants`.
    """

    # Sources

    def list_sources(self, user: Any) -> Iterable[SourceData]:
        """Own uploads first."""
        if user.is_active:
            yield from uploads().list(user)
        if has_role(user, Role.READER):
            yield from _shelf().list()

    def find_sources(self, user: Any, source_keys: Collection[str], exports: Collection[str]) -> Iterable[SourceData]:
        """Exports that are not named are not looked into."""
        if not exports:
            yield from super().find_sources(user, source_keys, exports)
            return
        on_shelf = {export for export in exports if not is_upload(export)}
        found: list[SourceData] = []
        if len(on_shelf) < len(exports) and user.is_active:
            found += uploads().list(user)
        if on_shelf and has_role(user, Role.READER):
            found += _shelf().list(on_shelf)
        yield from (source for source in found if source.key in source_keys and source.export in exports)

    def nothing_to_import(self) -> str:
        return _("Nothing here yet. Put a Studio export (.tar.gz, .zip or a folder) into the courses folder.")

    def describe_sources(self, sources: Sequence[SourceData]) -> Sequence[SourceData]:
        uploaded = iter(uploads().describe([source for source in sources if is_upload(source.export)]))
        others = iter(_shelf().describe([source for source in sources if not is_upload(source.export)]))
        return [next(uploaded if is_upload(source.export) else others) for source in sources]

    def get_source(
        self, source_key: LearningContextKey, branch: Branch, export: str = "", user: Any = None
    ) -> SourceData:
        """The newest that the user may read is looked for on the shelf and among their own uploads."""
        return _of_branch(self._get_source(source_key, export, user), branch)

    def _get_source(self, source_key: LearningContextKey, export: str, user: Any) -> SourceData:
        if is_upload(export):
            return uploads().get(source_key, export)
        found: list[SourceData] = []
        told: Exception = self.no_such_source(source_key)
        if user is None or has_role(user, Role.READER):
            try:
                found.append(_shelf().get(source_key, export))
            except SourceBeingRead:  # It may be newer than an upload.
                raise
            except (NotFound, SourceError) as error:
                told = error
        if user is not None and not export and (upload := uploads().newest(source_key, user)):
            found.append(upload)
        if not found:
            raise told
        return max(found, key=lambda source: source.modified or datetime.min.replace(tzinfo=UTC))

    def read_source(self, source_key: LearningContextKey, branch: Branch, export: str = "") -> SourceData:
        if is_upload(export):
            return _of_branch(uploads(patience=None).read(source_key, export), branch)
        return _of_branch(_shelf(patience=None).read(source_key, export), branch)

    def stage(
        self, source_key: LearningContextKey, *, branch: Branch, user: Any, purpose: str, export: str = ""
    ) -> Iterator[StagedRoot]:
        shelf, name = _shelf(patience=None), export
        if is_upload(export):
            shelf, name = uploads(patience=None).shelf(export)
        with shelf.reading(source_key, name) as opened:
            yield from self._stage(opened, branch, user, purpose)

    def _stage(self, opened: Export, branch: Branch, user: Any, purpose: str) -> Iterator[StagedRoot]:
        source_key: Any = opened.key
        store = _FileStore(purpose)
        tags = _Tags(opened)
        for root in opened.read(branch):
            for key, warning in take_off_groups(root.element, opened.key):
                root.warnings.setdefault(key, []).append(warning)
            # Files first: copying them takes long, and a transaction keeps others from writing.
            gathered = gather(root.element, opened.static_files)
            files = {name: stored for name, path in gathered.files.items() if (stored := store.put(path)) is not None}
            files |= {name: store.put_made(name, data) for name, data in gathered.made.items()}
            for block, warning in gathered.warnings:
                usage_key = str(source_key.make_usage_key(block.block_type, block.block_id))
                root.warnings.setdefault(usage_key, []).append(warning)
            if gathered.running_python and PYTHON_LIBRARY in opened.static_files.left_out:
                root.notices[Notice.PYTHON_LIBRARY_LEFT_OUT] = gathered.running_python
            tagged, without_taxonomy = tags.below(root.element)
            if without_taxonomy:
                root.notices[Notice.TAGS_WITHOUT_TAXONOMY] = without_taxonomy
            title, url_name = title_of(root.element), root.element.get("url_name", "")
            for order, piece in enumerate(pieces_of(root.element, title, url_name, json.dumps(tagged))):
                is_first = order == 0
                with measured(piece.name), transaction.atomic():
                    content = StagedContent.objects.create(
                        user=user,
                        purpose=purpose,
                        status=StagedContentStatus.READY,
                        block_type=root.element.tag,
                        olx=piece.olx,
                        display_name=title,
                        suggested_url_name=url_name,
                        tags=tagged if is_first else {},
                    )
                    StagedContentFile.objects.bulk_create(
                        _file_row(content, name, stored, opened.key) for name, stored in files.items()
                    )
                yield StagedRoot(
                    staged_content_id=content.id,
                    usage_key=root.usage_key,
                    problems=root.problems,
                    warnings={key: tuple(warnings) for key, warnings in root.warnings.items()},
                    notices=root.notices if is_first else {},
                    continues=piece.continues,
                )

    def forget(self, purpose: str) -> None:
        _FileStore(purpose).remove_all()

    # Uploads

    def refusal_of_uploads(self, user: Any) -> str:
        """For all who may import at all: who may change a library, or make one."""
        libraries = LearningPackage.objects.filter(package_ref__startswith="lib:")
        may = (
            self.can_create_library(user)
            or has_role(user, Role.EDITOR)
            or libraries_of(user, Role.EDITOR, libraries).exists()
        )
        return "" if may else _("You may not upload exports: that takes the right to change a library, or to make one.")

    def upload_limit(self, user: Any) -> int:
        return uploads().limit(user)

    def upload_export(self, user: Any, file: BinaryIO, name: str) -> SourceData:
        return uploads().add(user, file, name)

    def can_remove_export(self, user: Any, export: str) -> bool:
        return may_read(user, export)

    def remove_export(self, export: str) -> None:
        uploads().remove(export)

    # Permissions

    def can_read_source(self, user: Any, source_key: LearningContextKey, export: str = "") -> bool:
        """What is on the shelf is for readers; an upload is for who made it, and for superusers."""
        if is_upload(export):
            return may_read(user, export)
        return has_role(user, Role.READER) or (not export and user.is_active and uploads().may_hold(source_key, user))

    def can_view_library(self, user: Any, library_key: LibraryLocatorV2) -> bool:
        return bool(_with_role(user, Role.VIEWER, {str(library_key)}))

    def can_edit_library(self, user: Any, library_key: LibraryLocatorV2) -> bool:
        return bool(_with_role(user, Role.EDITOR, {str(library_key)}))

    def viewable_libraries(self, user: Any, library_keys: Collection[str]) -> set[str]:
        return _with_role(user, Role.VIEWER, set(library_keys))

    def editable_libraries(self, user: Any, library_keys: Collection[str]) -> set[str]:
        return _with_role(user, Role.EDITOR, set(library_keys))

    def can_back_up_library(self, user: Any, library_key: LibraryLocatorV2) -> bool:
        """Viewers see all that is in it."""
        return True

    def can_create_library(self, user: Any) -> bool:
        return has_role(user, Role.CREATOR)

    # Its pages

    def absolute_url(self, path: str) -> str:
        address = settings.PUBLIC_ADDRESS
        return f"{address.origin}{path}" if address else ""

    @property
    def sign_out_url(self) -> str:
        return reverse("sign_out")

    # Libraries

    def list_libraries(self, user: Any) -> Sequence[LibraryData]:
        packages = LearningPackage.objects.filter(package_ref__startswith="lib:").order_by("package_ref")
        return [_library_data(package) for package in libraries_of(user, Role.VIEWER, packages)]

    def get_library(self, library_key: LibraryLocatorV2) -> LibraryData:
        try:
            return _library_data(content_api.get_learning_package_by_ref(str(library_key)))
        except LearningPackage.DoesNotExist:
            raise self.no_such_library(library_key) from None

    def no_such_library(self, library_key: LibraryLocatorV2) -> NotFound:
        return NotFound(
            _("There is no library {key}, or none that you may see. Choose another, or let the import make it.").format(
                key=library_key
            )
        )

    def create_library(self, library_key: LibraryLocatorV2, *, title: str, user: Any) -> LibraryData:
        with transaction.atomic():
            if content_api.learning_package_exists(str(library_key)):
                raise self.library_exists(library_key)
            package = content_api.create_learning_package(str(library_key), title)
            give(user, Role.EDITOR, package)
        return _library_data(package)

    def block_limit(self, library_key: LibraryLocatorV2) -> int:
        return settings.MAX_BLOCKS_PER_CONTENT_LIBRARY

    def refusal_of(self, block_type: str) -> str:
        return ""  # The backup may be restored where the type exists.

    def permitted_taxonomies(self, library_key: LibraryLocatorV2, taxonomy_ids: Collection[int]) -> set[int]:
        """All that are here; organizations are not."""
        from openedx_tagging.models import Taxonomy

        return set(Taxonomy._default_manager.filter(pk__in=taxonomy_ids, enabled=True).values_list("pk", flat=True))

    def warning_about(self, block_type: str) -> str:
        if block_type in settings.STOCK_BLOCK_TYPES:
            return ""
        return _(
            "The block type “{type}” is not part of a stock Open edX platform; it works where it is installed."
        ).format(type=block_type)


def _shelf(**more: Any) -> Shelf:
    return Shelf(Path(settings.COURSES_DIR), Path(settings.EXPORTS_CACHE_DIR), **{"patience": _patience.get(), **more})


def uploads(**more: Any) -> Uploads:
    """What people have uploaded; waited for as the shelf is."""
    return Uploads(
        Path(settings.UPLOADS_DIR), Path(settings.EXPORTS_CACHE_DIR), **{"patience": _patience.get(), **more}
    )


def _of_branch(source: SourceData, branch: Branch) -> SourceData:
    return replace(source, is_partial=source.is_partial and branch is Branch.DRAFT)  # Only drafts can be missing.


def _with_role(user: Any, role: Role, library_keys: set[str]) -> set[str]:
    """Of these libraries, which may be gone, those that the user has the role of; who has it of all, has it of all."""
    if has_role(user, role):
        return library_keys
    packages = LearningPackage.objects.filter(package_ref__in=library_keys)
    return set(libraries_of(user, role, packages).values_list("package_ref", flat=True)) & library_keys


def _library_data(package: LearningPackage) -> LibraryData:
    return LibraryData(key=package.package_ref, title=package.title, package_id=package.id)


class _Tags:
    """The tags of an export, root by root, each block's once."""

    def __init__(self, export: Export) -> None:
        self._source_key: Any = export.key
        self._left = dict(export.tags.of_blocks)
        self._known = known_taxonomies({export_id for tags in self._left.values() for export_id in tags})

    def below(self, root: etree._Element) -> tuple[dict[str, dict[str, list[str]]], int]:
        """What to stage of a root's tags, by usage key; and how many blocks have some without a taxonomy here."""
        found: dict[str, dict[str, list[str]]] = {}
        without = 0
        for block in walk(root) if self._left else ():
            tags = self._left.pop((block.block_type, block.block_id), None)
            if tags:
                found[str(self._source_key.make_usage_key(block.block_type, block.block_id))] = as_staged(tags)
                without += not self._known.keys() >= tags.keys()
        return found, without


@dataclass(frozen=True)
class _Stored:
    """A file in the staging storage."""

    name: str
    md5: str


class _FileStore:
    """
    Puts the files that are staged for one purpose into the storage, each content once.

    Purposes share nothing: what one import removes, another never needs.
    """

    def __init__(self, purpose: str) -> None:
        field: Any = StagedContentFile._meta.get_field("data_file")
        self._storage = field.storage
        self._prefix = f"{field.upload_to}{purpose.rpartition(':')[2]}-"
        self._stored: dict[Path, _Stored | None] = {}

    def put(self, path: Path) -> _Stored | None:
        """Copy a file in pieces, unless its content is there; ``None`` for one that cannot be read."""
        if path not in self._stored:
            try:
                md5 = md5_of(path)
            except OSError:
                self._stored[path] = None
                return None
            suffix = path.suffix.lower()[:16]
            name = f"{self._prefix}{md5}{suffix if suffix.isascii() else ''}"
            if self._storage.exists(name) and self._storage.size(name) != path.stat().st_size:
                self._storage.delete(name)  # A copy that was broken off.
            if not self._storage.exists(name):
                with path.open("rb") as file:
                    name = self._storage.save(name, File(file, name=name))
            self._stored[path] = _Stored(name, md5)
        return self._stored[path]

    def put_made(self, name: str, data: bytes) -> _Stored:
        """Store what was made here, rather than copied."""
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        path = f"{self._prefix}{md5}{PurePath(name).suffix.lower()[:16]}"
        if self._storage.exists(path):
            self._storage.delete(path)
        return _Stored(self._storage.save(path, ContentFile(data)), md5)

    def remove_all(self) -> None:
        """Also those of which no row tells: the disk was full, or the process ended, before there was one."""
        folder, _sep, beginning = self._prefix.rpartition("/")
        with suppress(FileNotFoundError):
            for name in self._storage.listdir(folder)[1]:
                if name.startswith(beginning):
                    self._storage.delete(f"{folder}/{name}")


def _file_row(content: StagedContent, name: str, stored: _Stored, source_key: Any) -> StagedContentFile:
    asset_key = str(source_key.make_asset_key("asset", asset_name(name)))
    row = StagedContentFile(
        for_content=content,
        filename=name,
        md5_hash=stored.md5,
        source_key_str=asset_key if len(asset_key) <= _MAX_KEY else "",
    )
    row.data_file.name = stored.name
    return row
