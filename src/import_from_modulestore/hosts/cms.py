"""
The host inside Studio, the ``cms`` service of an Open edX site.

This is the only module that imports the platform, and it does so inside its functions: loading it loads nothing, so
that the app starts, and is tested, where there is no platform. All that it uses of the platform is listed in
``docs/platform_contract.md``.
"""

from __future__ import annotations

import hashlib
import json
import logging
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.core.exceptions import PermissionDenied
from django.core.files import File
from django.db import DatabaseError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from lxml import etree
from opaque_keys.edx.keys import LearningContextKey, UsageKey
from opaque_keys.edx.locator import LibraryContainerLocator, LibraryLocator, LibraryLocatorV2

from ..data import BlockKind, Branch, LibraryData, Notice, SourceData, SourceKind, StagedRoot
from ..errors import InvalidKey, NotFound, SourceError, StepFailed
from ..keys import parse_item_key, parse_source_key
from ..olx.blocks import CONTAINER_KINDS, NOT_CONTENT_TAGS, ROOT_TAGS, is_component, kind_of
from ..olx.course_bound import take_off_groups
from ..olx.files.addresses import CourseName, OwnAddresses
from ..olx.files.closure import Gathered, gather
from ..olx.files.references import MAX_READ_BYTES
from ..olx.parsing import parse_xml
from ..olx.pieces import pieces_of
from ..olx.studio import give_name, is_named, mend, restore_cdata_ends, stub
from ..olx.tree import walk
from ..olx.units import UNIT_TAG, UnitMaker, holds_units, runs
from ..packets import StatementTooLarge, measured
from .base import Host

# .. toggle_name: modulestore_imports.enabled
# .. toggle_implementation: CourseWaffleFlag
# .. toggle_default: False
# .. toggle_description: Lets courses and legacy libraries be imported into content libraries. Installing the app makes
#   the flag, on for everyone. To have it on for some organizations only, set it to "No" for everyone, and add waffle
#   flag org overrides (or course overrides). What was imported while it was on can be undone and redone after.
# .. toggle_use_cases: opt_in
# .. toggle_creation_date: 2026-11-23
FLAG = "modulestore_imports.enabled"
"""The waffle flag that says from which courses and legacy libraries may be imported."""

_MAX_FILENAME = 255
_IN_MEMORY = 5_000_000
"""Bytes of a file that are held in memory while it is copied; the rest goes to disk."""
_COUNTS_KEPT_FOR = 30 * 24 * 3600

log = logging.getLogger(__name__)


class StudioHost(Host):
    """
    The modulestore for courses, ``content_libraries`` for libraries, and Studio's own permissions on both.

    Sources are named by ``course-v1:`` and ``library-v1:`` keys; which of the course's two branches is read is a matter
    of choice, while a legacy library has but one.

    Who has closed their account has no rights. That is looked at here: the platform does not, where it asks for global
    staff, or for roles of ``openedx-authz``.
    """

    # Sources

    def list_sources(self, user: Any) -> Iterator[SourceData]:
        """As Studio's own lists of courses and legacy libraries. A fixed number of queries, and no course is loaded."""
        from cms.djangoapps.contentstore.views.course import get_courses_accessible_to_user

        if not user.is_active:
            return
        request = HttpRequest()
        request.user = user
        overviews, _being_made = get_courses_accessible_to_user(request)
        for overview in overviews:
            yield self._source(overview.id, overview.display_name)
        for summary in _modulestore().get_library_summaries():
            key = summary.location.library_key
            if self.can_read_source(user, key):
                yield self._source(key, summary.display_name)

    def describe_sources(self, sources: Sequence[SourceData]) -> Sequence[SourceData]:
        """
        With block counts and the version that they are of, and a ``problem`` where imports are switched off.

        One query for the versions, and the flag's own for each source. A course whose blocks were not counted since it
        changed costs the reading of its structure: one document, and no blocks.
        """
        keys = {source.key: parse_source_key(source.key) for source in sources}
        versions = _versions(keys.values())
        known = _cache().get_many([_cache_key(key, version) for key, version in versions.items()])
        described = []
        for source in sources:
            key = keys[source.key]
            problem = self.refusal_of_source(key)
            facts = known.get(_cache_key(source.key, versions.get(source.key, "")))
            if facts is None:
                try:
                    facts = _outline(key, Branch.DRAFT).facts()
                    _cache().set(_cache_key(source.key, facts["version"]), facts, _COUNTS_KEPT_FOR)
                except (NotFound, SourceError) as error:
                    facts, problem = {}, str(error)
            described.append(replace(source, **facts, problem=problem))
        return described

    def get_source(
        self, source_key: LearningContextKey, branch: Branch, export: str = "", user: Any = None
    ) -> SourceData:
        """The version is that of the structure that was read, which changes with every edit of the branch."""
        if export:
            raise NotFound(_("Studio has no exports to choose from. Leave the name of the export out."))
        outline = _outline(source_key, branch)
        return replace(self._source(source_key, outline.title), **outline.facts())

    def refusal_of_source(self, source_key: LearningContextKey) -> str:
        """That the flag :data:`FLAG` is on neither for the course, nor for its organization, nor for everybody."""
        from openedx.core.djangoapps.waffle_utils import CourseWaffleFlag

        if CourseWaffleFlag(FLAG, __name__).is_enabled(source_key):
            return ""
        return _("Importing is not switched on for courses of {org}. Ask those who run this site.").format(
            org=getattr(source_key, "org", source_key)
        )

    def stage(
        self, source_key: LearningContextKey, *, branch: Branch, user: Any, purpose: str, export: str = ""
    ) -> Iterator[StagedRoot]:
        """
        One section at a time, through the platform's ``content_staging``.

        Where the platform fails with a section, for the sake of one of its blocks, the section is put together from its
        components, and the bad ones are named.
        """
        outline = _outline(source_key, branch)
        assets = _Assets(source_key)
        units = UnitMaker(source_key, lambda name: (UNIT_TAG, name) not in outline.blocks)
        for usage_key in outline.roots:
            with _reading(source_key, branch), measured(str(usage_key)):
                staged = _Stager(source_key, user, purpose, outline, assets, units).stage(usage_key)
            yield from staged

    # Permissions

    def can_read_source(self, user: Any, source_key: LearningContextKey, export: str = "") -> bool:
        """As Studio: by roles in ``openedx-authz`` where the site uses them for courses, else by course roles."""
        from common.djangoapps.student.auth import has_studio_read_access
        from openedx.core.djangoapps.authz.constants import LegacyAuthoringPermission
        from openedx.core.djangoapps.authz.decorators import user_has_course_permission
        from openedx_authz.constants.permissions import COURSES_VIEW_COURSE

        if not user.is_active:
            return False
        if isinstance(source_key, LibraryLocator):
            return has_studio_read_access(user, source_key)
        permission = COURSES_VIEW_COURSE.identifier
        return user_has_course_permission(user, permission, source_key, LegacyAuthoringPermission.READ)

    def can_view_library(self, user: Any, library_key: LibraryLocatorV2) -> bool:
        return bool(self.viewable_libraries(user, {str(library_key)}))

    def can_edit_library(self, user: Any, library_key: LibraryLocatorV2) -> bool:
        from openedx_authz.constants.permissions import EDIT_LIBRARY_CONTENT

        return _may(user, library_key, EDIT_LIBRARY_CONTENT)

    def can_publish_in_library(self, user: Any, library_key: LibraryLocatorV2) -> bool:
        """Contributors, a role of ``openedx-authz``, may edit and not publish."""
        from openedx_authz.constants.permissions import PUBLISH_LIBRARY_CONTENT

        return _may(user, library_key, PUBLISH_LIBRARY_CONTENT)

    def viewable_libraries(self, user: Any, library_keys: Collection[str]) -> set[str]:
        """Global staff may also see what became of libraries that are gone."""
        from common.djangoapps.student.roles import GlobalStaff

        if not user.is_active:
            return set()
        if GlobalStaff().has_user(user):
            return set(library_keys)
        libraries = _libraries_api().get_libraries_for_user(user)
        found = libraries.filter(learning_package__package_ref__in=library_keys)
        return set(found.values_list("learning_package__package_ref", flat=True))

    def can_create_library(self, user: Any) -> bool:
        try:
            return user.is_active and _libraries_api().user_can_create_library(user)
        except ValueError:  # The last that it asks is openedx-authz, about "*": since 1.23 that is no scope.
            return False

    # Libraries

    def list_libraries(self, user: Any) -> Sequence[LibraryData]:
        libraries = _libraries_api().get_libraries_for_user(user, order="title")
        return [
            self._library(library.library_key, library.learning_package.title, library.learning_package_id)
            for library in libraries
            if library.learning_package_id is not None
        ]

    def get_library(self, library_key: LibraryLocatorV2) -> LibraryData:
        libraries = _libraries_api()
        try:
            library = libraries.get_library(library_key)
        except libraries.ContentLibraryNotFound:
            raise self.no_such_library(library_key) from None
        return self._library(library.key, library.title, library.learning_package_id)

    def create_library(self, library_key: LibraryLocatorV2, *, title: str, user: Any) -> LibraryData:
        """The user becomes its administrator, as in Studio."""
        from organizations.api import ensure_organization
        from organizations.exceptions import InvalidOrganizationException
        from organizations.models import Organization

        libraries = _libraries_api()
        try:
            ensure_organization(library_key.org)
        except InvalidOrganizationException:
            raise InvalidKey(
                _("There is no organization {org} on this site. Choose another, or have it made first.").format(
                    org=library_key.org
                )
            ) from None
        try:
            made = libraries.create_library(
                org=Organization.objects.get(short_name=library_key.org), slug=library_key.slug, title=title
            )
        except libraries.LibraryAlreadyExists:
            raise self.library_exists(library_key) from None
        libraries.assign_library_role_to_user(made.key, user, libraries.AccessLevel.ADMIN_LEVEL)
        return self._library(made.key, made.title, made.learning_package_id)

    # Links

    @property
    def site_name(self) -> str:
        return str(getattr(settings, "STUDIO_NAME", "") or super().site_name)

    @property
    def site_url(self) -> str:
        return f"{getattr(settings, 'CMS_ROOT_URL', '')}/home/"

    def absolute_url(self, path: str) -> str:
        base = getattr(settings, "CMS_ROOT_URL", "")
        return f"{base}{path}" if base else ""

    def source_url(self, source_key: LearningContextKey) -> str:
        base = _authoring_address()
        if isinstance(source_key, LibraryLocator):
            return f"{getattr(settings, 'CMS_ROOT_URL', '')}/library/{source_key}"
        return f"{base}/course/{source_key}" if base else ""

    def library_url(self, library_key: LibraryLocatorV2) -> str:
        base = _authoring_address()
        return f"{base}/library/{library_key}" if base else ""

    def item_url(self, item_key: str) -> str:
        if not _authoring_address():
            return ""
        key = parse_item_key(item_key)
        base = self.library_url(key.context_key)
        if isinstance(key, LibraryContainerLocator):
            return f"{base}/{key.container_type}/{key}"
        return f"{base}/components/{key}"

    # What a library takes

    def block_limit(self, library_key: LibraryLocatorV2) -> int:
        return settings.MAX_BLOCKS_PER_CONTENT_LIBRARY

    def refusal_of(self, block_type: str) -> str:
        if not _is_installed(block_type):
            return _("The block type “{type}” is not installed in this Studio.").format(type=block_type)
        if _holds_blocks(block_type):
            return _("A library cannot hold a component that contains other blocks.")
        return ""

    def warning_about(self, block_type: str) -> str:
        if block_type in getattr(settings, "LIBRARY_ENABLED_BLOCKS", (block_type,)):
            return ""
        return _(
            "Studio does not offer the block type “{type}” in libraries. It is imported, but may not be editable there."
        ).format(type=block_type)

    def permitted_taxonomies(self, library_key: LibraryLocatorV2, taxonomy_ids: Collection[int]) -> set[int]:
        """A taxonomy is for all organizations, or for some."""
        from openedx.core.djangoapps.content_tagging.utils import check_taxonomy_context_key_org
        from openedx_tagging.models import Taxonomy

        taxonomies = Taxonomy._default_manager.filter(pk__in=taxonomy_ids, enabled=True)
        return {taxonomy.pk for taxonomy in taxonomies if check_taxonomy_context_key_org(taxonomy, library_key)}

    def _source(self, source_key: LearningContextKey, title: str | None) -> SourceData:
        is_library = isinstance(source_key, LibraryLocator)
        return SourceData(
            key=str(source_key),
            title=title or str(source_key),
            kind=SourceKind.LIBRARY if is_library else SourceKind.COURSE,
            location=self.source_url(source_key),
        )

    def _library(self, library_key: LibraryLocatorV2, title: str, package_id: Any) -> LibraryData:
        url = self.library_url(library_key)
        return LibraryData(key=str(library_key), title=title, package_id=package_id, url=url)


@dataclass
class _Outline:
    """What the structure of a course says of it, without any block being loaded."""

    title: str
    version: str
    roots: list[UsageKey]
    counts: dict[str, int]
    types: dict[str, int]
    blocks: Mapping[Any, Any]
    """All blocks as the structure has them, by type and ID."""
    gone: dict[str, list[str]] = field(default_factory=dict)
    """By usage key: children that a block names, and that are not there."""

    def title_of(self, usage_key: UsageKey) -> str | None:
        """What a block is called, whether or not it can be loaded."""
        block = self.blocks.get((usage_key.block_type, usage_key.block_id))
        return block.fields.get("display_name") if block else None

    def groups_of(self, block_type: str, block_id: str) -> Any:
        """The groups of the course that a block is limited to, by group configuration."""
        block = self.blocks.get((block_type, block_id))
        return block.fields.get("group_access") if block else None

    def facts(self) -> dict[str, Any]:
        return {"version": self.version, "counts": self.counts, "types": self.types}


def _outline(source_key: LearningContextKey, branch: Branch) -> _Outline:
    """
    Read a source's structure: one document, and the definition of its root.

    Raises ``NotFound``, and ``SourceError`` where the modulestore fails.
    """
    store = _modulestore()
    is_library = isinstance(source_key, LibraryLocator)
    with _reading(source_key, branch):
        try:
            root = store.get_library(source_key) if is_library else store.get_course(source_key)
            if root is not None:
                return _read_outline(source_key, root)
        except Exception as error:
            log.exception("%s could not be read", source_key)
            raise SourceError(
                _("{key} could not be read from the modulestore: {error}").format(key=source_key, error=error)
            ) from error
    if branch is Branch.PUBLISHED and not is_library:
        raise NotFound(_("There is no course {key}, or nothing of it is published.").format(key=source_key))
    raise NotFound(_("There is no {key} in the modulestore.").format(key=source_key))


def _read_outline(source_key: Any, root: Any) -> _Outline:
    """Walk the structure that ``root`` was loaded from; components are counted, and not entered."""
    structure = root.runtime.course_entry.structure
    blocks: Mapping[Any, Any] = structure["blocks"]
    top = structure["root"]
    roots = [source_key.make_usage_key(child.type, child.id) for child in _children(blocks, top)]
    kinds: Counter[str] = Counter()
    types: Counter[str] = Counter()
    gone: dict[str, list[str]] = {}
    stack = [top]
    met = set(stack)
    while stack:
        parent = stack.pop()
        children = _children(blocks, parent)
        if holds_units(parent.type):
            kinds[BlockKind.UNIT.value] += len(runs([child for child in children if child in blocks], _type_of))
        for child in children:
            if child in met or child.type in NOT_CONTENT_TAGS:
                continue
            met.add(child)
            if child not in blocks:
                key = str(source_key.make_usage_key(parent.type, parent.id))
                gone.setdefault(key, []).append(f"{child.type} {child.id}")
                continue
            kind = kind_of(child.type)
            kinds[kind.value] += 1
            if kind is BlockKind.COMPONENT:
                types[child.type] += 1
            else:
                stack.append(child)
    is_library = isinstance(source_key, LibraryLocator)
    return _Outline(
        title=root.display_name or "",
        version=str(structure["_id"]),
        roots=[source_key.make_usage_key(top.type, top.id)] if is_library else roots,
        counts=dict(kinds),
        types=dict(types),
        blocks=blocks,
        gone=gone,
    )


def _type_of(key: Any) -> str:
    return key.type


def _children(blocks: Mapping[Any, Any], key: Any) -> Iterable[Any]:
    return blocks[key].fields.get("children", ()) if key in blocks else ()


class _Stager:
    """Stages the roots of one source; to be used while it is being read (:func:`_reading`)."""

    def __init__(
        self,
        source_key: LearningContextKey,
        user: Any,
        purpose: str,
        outline: _Outline,
        assets: _Assets,
        units: UnitMaker,
    ) -> None:
        self._source_key: Any = source_key
        self._addresses = OwnAddresses(CourseName.of_key(str(source_key)))
        self._assets = assets
        self._user = user
        self._purpose = purpose
        self._outline = outline
        self._units = units
        self._problems: dict[str, str] = {}
        self._warnings: dict[str, list[str]] = {}
        self._notices: Counter[Notice] = Counter()

    def stage(self, usage_key: UsageKey) -> list[StagedRoot]:
        try:
            block = _modulestore().get_item(usage_key, depth=None)
            self._note_edits(block)
            content, element = self._whole(block)
        except StatementTooLarge as error:
            log.info("%s is staged in parts: %s", usage_key, error)
            content, element = self._in_parts(usage_key)
        except Exception as error:
            _raise_if_of_the_site(error)
            log.warning("%s could not be staged as a whole: %s", usage_key, error, exc_info=True)
            content, element = self._in_parts(usage_key)
        else:
            if not is_named(element, block.usage_key):
                log.warning("%s: the platform's serializer does not write copied_from_block", usage_key)
                self._notices[Notice.UNNAMED_BLOCKS] += 1
                content, element = self._in_parts(usage_key, content)
        self._note_gone(element)
        self._problems.update(mend(element, _is_installed, self._outline.title_of))
        self._restore_groups(element)
        for key, warning in take_off_groups(element, self._source_key):
            self._warn(key, warning)
        self._notices[Notice.UNITS_MADE] += self._units.make(element)
        files = _Files(content, self._assets)
        self._add_files(files, gather(element, files))
        return [
            StagedRoot(
                staged_content_id=pk,
                usage_key=str(usage_key),
                problems=self._problems,
                warnings={key: tuple(warnings) for key, warnings in self._warnings.items()},
                notices={} if order else +self._notices,
                continues=continues,
            )
            for order, (pk, continues) in enumerate(self._in_pieces(content, element))
        ]

    def _in_pieces(self, content: Any, element: etree._Element) -> Iterator[tuple[int, int]]:
        """Write what is staged, in pieces where it is too large: IDs of staged content, and what each continues."""
        tags, file_rows = content.tags, list(content.files.all())
        beside = (content.display_name, content.suggested_url_name, json.dumps(tags))
        for order, piece in enumerate(pieces_of(element, *beside)):
            content.olx = piece.olx
            with measured(piece.name):
                if order == 0:
                    content.save(update_fields=["olx"])
                else:
                    content.pk, content.tags = None, {}
                    content.save(force_insert=True)
                    for row in file_rows:
                        row.pk, row.for_content = None, content
                    content.files.model.objects.bulk_create(file_rows)
            yield content.pk, piece.continues

    def _whole(self, block: Any) -> tuple[Any, etree._Element]:
        from openedx.core.djangoapps.content_staging.api import stage_xblock_temporarily

        with _export_settings_kept():
            content = stage_xblock_temporarily(block, self._user.pk, self._purpose)
        element = parse_xml(self._addresses.rewrite(content.olx))
        restore_cdata_ends(element, self._text_of)
        return content, element

    def _text_of(self, url_name: str) -> str:
        return _modulestore().get_item(self._source_key.make_usage_key("html", url_name)).data

    def _in_parts(self, usage_key: UsageKey, *parts_before: Any) -> tuple[Any, etree._Element]:
        """
        A root put together from components that are staged one by one, also those inside others; files and tags also
        from ``parts_before``.
        """
        parts = list(parts_before)
        element = self._part(usage_key, parts)
        model = _staged_content_model()
        tags: dict[str, Any] = {}
        for part in parts:
            tags.update(part.tags or {})
        content = model.objects.create(
            user_id=self._user.pk,
            purpose=self._purpose,
            status="ready",
            block_type=usage_key.block_type,
            olx="",  # Written when it is mended, in pieces perhaps.
            display_name=element.get("display_name", ""),
            suggested_url_name=usage_key.block_id,
            tags=tags,
        )
        for part in parts:
            part.files.update(for_content=content)
            part.delete()
        return content, element

    def _part(self, usage_key: UsageKey, parts: list[Any]) -> etree._Element:
        title = self._outline.title_of(usage_key)
        children: list[UsageKey] = []
        try:
            block = _modulestore().get_item(usage_key)
            if _holds_blocks(usage_key.block_type):
                children = list(block.children)
            if is_component(usage_key.block_type):
                with measured(title or str(usage_key)):
                    element = self._alone(block, children, parts)
            else:
                element = stub(usage_key, title)
        except Exception as error:
            _raise_if_of_the_site(error)
            told = _("Studio could not write it as OLX: {error} Open it in Studio, correct it and save it.").format(
                error=_sentence(error)
            )
            if children:  # They are as good as ever.
                self._warn(str(usage_key), told)
            else:
                self._problems[str(usage_key)] = told
            element = stub(usage_key, title)
        element.extend(self._part(child, parts) for child in children)
        return element

    def _alone(self, block: Any, children: list[UsageKey], parts: list[Any]) -> etree._Element:
        """A component without the blocks inside it: hidden, as the platform's serializer does to tell files apart."""
        if children:
            block.children = []
        try:
            content, element = self._whole(block)
        finally:
            if children:
                block.children = children
        if not is_named(element, block.usage_key):
            give_name(element, block.usage_key)
        parts.append(content)
        return element

    def _note_edits(self, block: Any) -> None:
        if str(block.runtime.course_entry.structure["_id"]) != self._outline.version:
            self._warn(
                str(block.usage_key),
                _("It was staged after an edit that somebody made while the parts before it were being staged."),
            )

    def _note_gone(self, element: etree._Element) -> None:
        for node in element.iter(*CONTAINER_KINDS, *ROOT_TAGS):
            key = str(self._source_key.make_usage_key(node.tag, node.get("url_name", "")))
            for child in self._outline.gone.get(key, ()):
                self._warn(key, _("It names the block {child}, which is not there any more.").format(child=child))

    def _restore_groups(self, element: etree._Element) -> None:
        """Write out which groups may see a block: the platform does not, of texts, and no more do stubs."""
        for block in walk(element):
            groups = self._outline.groups_of(block.block_type, block.block_id)
            if groups and "group_access" not in block.element.attrib:
                block.element.set("group_access", json.dumps(groups))

    def _warn(self, usage_key: str, warning: str) -> None:
        self._warnings.setdefault(usage_key, []).append(warning)

    # Files

    def _add_files(self, files: _Files, gathered: Gathered[Any]) -> None:
        """
        Stage the files that ``content_staging`` left out, and those that were made here.

        Left out are files of more than 10 MB, transcripts and others that are not named by address, the library of
        Python problems, and what pages load.
        """
        for name, file in gathered.files.items():
            files.stage(name, file)
        for name, data in gathered.made.items():
            files.stage_made(name, data)
        for block, warning in gathered.warnings:
            self._warn(str(self._source_key.make_usage_key(block.block_type, block.block_id)), warning)


class _Assets:
    """The files of a course in the contentstore; each name is looked up once."""

    def __init__(self, source_key: LearningContextKey) -> None:
        self._source_key = source_key
        self._known: dict[str, Any] = {}

    def find(self, name: str) -> Any:
        """The key of the asset that has this name; ``None`` where there is none."""
        from xmodule.contentstore.content import StaticContent

        if len(name) > _MAX_FILENAME:
            return None
        if name not in self._known:
            asset_key = StaticContent.compute_location(self._source_key, name)
            with self.open(asset_key) as found:
                self._known[name] = asset_key if found is not None else None
        return self._known[name]

    @contextmanager
    def open(self, asset_key: Any) -> Iterator[Any]:
        """A stream of the asset; ``None`` where it is not there."""
        from xmodule.contentstore.django import contentstore

        found = contentstore().find(asset_key, throw_on_not_found=False, as_stream=True)
        try:
            yield found
        finally:
            if found is not None:
                found.close()


class _Files:
    """
    The files that a root may name: those that ``content_staging`` has staged with it, and the assets of the course.

    Transcripts that a site keeps elsewhere are only among the former, files of more than 10 MB only among the latter.
    """

    def __init__(self, content: Any, assets: _Assets) -> None:
        self._content = content
        self._assets = assets
        self._rows = {row.filename: row for row in content.files.all()}

    def find(self, name: str) -> Any:
        """A row of a staged file, or the key of an asset."""
        row = self._rows.get(name)
        return row if row is not None and row.data_file else self._assets.find(name)

    def alike(self, name: str) -> Any:
        """An asset under the composed name or the decomposed one, where there is only one of the two."""
        forms = (unicodedata.normalize(form, name) for form in ("NFC", "NFD"))
        found = {asset for form in forms if form != name and (asset := self._assets.find(form)) is not None}
        return found.pop() if len(found) == 1 else None

    def read(self, file: Any) -> bytes | None:
        """The content, unless it is too large to be looked into."""
        with self._open(file) as pieces:
            data = b""
            for piece in pieces:
                data += piece
                if len(data) > MAX_READ_BYTES:
                    return None
        return data

    def stage(self, name: str, file: Any) -> None:
        """Stage a file under this name, in pieces, where it is not staged yet."""
        row = self._rows.get(name)
        if row is None or not row.data_file:
            with self._open(file) as pieces:
                self._add(name, pieces, getattr(file, "source_key_str", str(file)))

    def stage_made(self, name: str, data: bytes) -> None:
        """Stage what was made here, rather than copied."""
        self._add(name, [data], "")

    @contextmanager
    def _open(self, file: Any) -> Iterator[Iterable[bytes]]:
        if hasattr(file, "data_file"):
            with file.data_file.open("rb") as opened:
                yield opened.chunks()
        else:
            with self._assets.open(file) as found:
                yield found.stream_data() if found is not None else ()

    def _add(self, name: str, pieces: Iterable[bytes], source_key: str) -> None:
        row = self._rows.get(name) or self._content.files.model(for_content=self._content, filename=name)
        md5 = hashlib.md5(usedforsecurity=False)
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
            for piece in pieces:
                md5.update(piece)
                file.write(piece)
            file.seek(0)
            row.md5_hash = md5.hexdigest()
            row.source_key_str = source_key[:255]
            row.data_file.save(name.rpartition("/")[2][-80:], File(file))
        self._rows[name] = row


@contextmanager
def _reading(source_key: LearningContextKey, branch: Branch) -> Iterator[None]:
    """Read one branch of a source, each document of the modulestore once."""
    from xmodule.modulestore import ModuleStoreEnum

    branches = {
        Branch.DRAFT: ModuleStoreEnum.Branch.draft_preferred,
        Branch.PUBLISHED: ModuleStoreEnum.Branch.published_only,
    }
    store = _modulestore()
    with store.branch_setting(branches[branch], source_key), store.bulk_operations(source_key, emit_signals=False):
        yield


@contextmanager
def _export_settings_kept() -> Iterator[None]:
    """The serializer patches this for a while, and leaves it patched for good where a block fails."""
    from xmodule.xml_block import XmlMixin

    export_to_file = XmlMixin.export_to_file
    try:
        yield
    finally:
        XmlMixin.export_to_file = export_to_file


def _versions(source_keys: Iterable[LearningContextKey]) -> dict[str, str]:
    """The versions of the branches that authors see. One query."""
    from common.djangoapps.split_modulestore_django.models import SplitModulestoreCourseIndex

    rows = SplitModulestoreCourseIndex.objects.filter(course_id__in=list(source_keys))
    return {
        str(key): library_version or draft_version
        for key, draft_version, library_version in rows.values_list("course_id", "draft_version", "library_version")
    }


def _cache() -> Any:
    return caches[getattr(settings, "IMPORT_FROM_MODULESTORE_CACHE", "default")]


def _cache_key(source_key: str, version: str) -> str:
    digest = hashlib.sha1(f"{source_key} {version}".encode(), usedforsecurity=False)
    return f"modulestore_imports:counts:{digest.hexdigest()}"


def _may(user: Any, library_key: LibraryLocatorV2, permission: Any) -> bool:
    """In either of the platform's two systems of permissions; where there is no such library, nobody may."""
    if not user.is_active:
        return False
    libraries = _libraries_api()
    try:
        libraries.require_permission_for_library_key(library_key, user, permission)
    except (libraries.ContentLibraryNotFound, PermissionDenied):
        return False
    return True


def _authoring_address() -> str:
    """Where the authoring micro-frontend lives, as it is configured for this site."""
    from openedx.core.djangoapps.site_configuration import helpers

    default = getattr(settings, "COURSE_AUTHORING_MICROFRONTEND_URL", "")
    return (helpers.get_value("COURSE_AUTHORING_MICROFRONTEND_URL", default) or "").rstrip("/")


def _modulestore() -> Any:
    from xmodule.modulestore.django import modulestore

    return modulestore()


def _libraries_api() -> Any:
    from openedx.core.djangoapps.content_libraries import api

    return api


def _staged_content_model() -> Any:
    from openedx.core.djangoapps.content_staging.models import StagedContent

    return StagedContent


def _block_class(block_type: str) -> Any:
    """The class of a block type; ``None`` where it is not installed."""
    from xblock.core import XBlock
    from xblock.plugin import PluginMissingError

    try:
        return XBlock.load_class(block_type)
    except PluginMissingError:
        return None


def _holds_blocks(block_type: str) -> bool:
    """Whether blocks of this type are made of others: containers, and components that a library cannot hold."""
    return not is_component(block_type) or (_is_installed(block_type) and _block_class(block_type).has_children)


def _is_installed(block_type: str) -> bool:
    return _block_class(block_type) is not None


def _raise_if_of_the_site(error: Exception) -> None:
    """Let errors pass that no block is to blame for: a database or a storage that does not answer, or take so much."""
    from pymongo.errors import PyMongoError

    if isinstance(error, DatabaseError | OSError | PyMongoError | StepFailed):
        raise error


def _sentence(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text if text.endswith(".") else f"{text}."
