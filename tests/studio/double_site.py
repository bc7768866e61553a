"""A site on the double of the platform."""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import xblock.plugin
from cms.djangoapps.contentstore.models import ComponentLink, ContainerLink
from cms.djangoapps.contentstore.views import course as course_views
from cms.lib.xblock.upstream_sync import NoUpstream, UpstreamLink
from common.djangoapps.student import auth
from django.contrib.auth import get_user_model
from django.core.cache import cache
from lxml import etree
from opaque_keys.edx.locator import LibraryLocator
from openedx.core.djangoapps import waffle_utils
from openedx.core.djangoapps.authz import decorators
from openedx.core.djangoapps.content_libraries import api as libraries_api
from openedx.core.djangoapps.content_staging import api as staging_api
from openedx.core.djangoapps.content_tagging import utils as tagging_utils
from openedx.core.djangoapps.site_configuration import helpers
from openedx.core.djangoapps.user_api import models as user_preferences
from openedx_content.models_api import LearningPackage
from openedx_tagging import api as tagging_api
from openedx_tagging.models import Taxonomy
from xblock.core import XBlock
from xmodule.contentstore.content import StaticContent
from xmodule.contentstore.django import contentstore
from xmodule.modulestore import ModuleStoreEnum
from xmodule.modulestore.django import Block, BlockData, BlockKey, EditInfo, Structure, modulestore

from import_from_modulestore.data import Branch
from import_from_modulestore.exports.export import Export
from import_from_modulestore.hosts.cms import FLAG
from import_from_modulestore.olx.blocks import CONTAINER_KINDS, PARENT_TYPES, ROOT_TAGS
from import_from_modulestore.olx.units import UNIT_TAG

from .site import Link, Site, context, usage

_INSTALLED = {
    **dict.fromkeys(
        ("html", "problem", "video", "word_cloud", "drag-and-drop-v2", "poll", "discussion", "lti_consumer"), False
    ),
    **dict.fromkeys(("library_content", "split_test", "conditional", "itembank"), True),
    **dict.fromkeys(("course", "chapter", "sequential", "vertical", "library"), True),
}
_found: dict[Any, Any] = {}
"""The classes of block types that tests have asked for; to look for one among all that is installed takes long."""

_BRANCHES = {
    ModuleStoreEnum.Branch.draft_preferred: Branch.DRAFT,
    ModuleStoreEnum.Branch.published_only: Branch.PUBLISHED,
}
_KEPT = (
    (auth, "readers"),
    (auth, "writers"),
    (ComponentLink, "rows"),
    (ContainerLink, "rows"),
    (waffle_utils, "for_all"),
    (waffle_utils, "for_orgs"),
    (user_preferences, "preferences"),
    (decorators, "auditors"),
    (libraries_api, "roles"),
    (libraries_api, "creators"),
    (staging_api, "not_written"),
    (staging_api, "transcripts"),
    (tagging_utils, "orgs"),
    (helpers, "values"),
)


class DoubleSite(Site):
    """A modulestore in memory, and everybody's rights in sets."""

    auditors = decorators.auditors
    configuration = helpers.values
    creators = libraries_api.creators
    library_roles = libraries_api.roles
    loaded = property(lambda self: modulestore().loaded)
    not_written = staging_api.not_written
    transcripts = staging_api.transcripts

    def __init__(self) -> None:
        self._exports: dict[str, Path] = {}

    def load(self, folder: Path) -> str:
        export = Export(folder, folder.name)
        self._exports[str(export.key)] = folder
        branches = {name: _structure(export, branch) for name, branch in _BRANCHES.items()}
        modulestore().branches[export.key] = branches
        draft, published = branches.values()
        for key, data in published.blocks.items():
            if key in draft.blocks and _same(draft.blocks[key], data):
                data.edit_info.source_version = draft.version_of(key)
        static = folder / "static"
        for file in static.rglob("*") if static.is_dir() else ():
            if file.is_file():
                self.add_file(str(export.key), file.relative_to(static).as_posix(), file.read_bytes())
        return str(export.key)

    def export(self, source_key: str, folder: Path) -> Path:
        """Only right where nothing was changed since it was loaded."""
        return self._exports[source_key]

    def add_file(self, source_key: str, name: str, data: bytes) -> None:
        contentstore().files[str(StaticContent.compute_location(context(source_key), name))] = data

    def edit(self, usage_key: str, olx: str) -> None:
        data = self._changed(usage_key)
        data.definition = etree.fromstring(olx)
        data.fields["display_name"] = data.definition.get("display_name")

    def configure(self, usage_key: str, **fields: Any) -> None:
        data = self._changed(usage_key)
        for name, value in fields.items():
            if name in Block.fields:
                data.fields[name] = value
            if not name.startswith("upstream"):
                data.definition.set(name, value if isinstance(value, str) else json.dumps(value))

    def lose(self, usage_key: str) -> None:
        key = usage(usage_key)
        for structure in modulestore().branches[key.course_key].values():
            structure.blocks.pop(BlockKey(key.block_type, key.block_id), None)

    def break_block(self, usage_key: str) -> None:
        self._changed(usage_key).definition.set("unserializable", "true")

    def break_loading(self, usage_key: str, error: Exception | None = None) -> None:
        """Make a block one that raises when it is loaded."""
        modulestore().broken[usage(usage_key)] = error or ValueError("The definition is not there")

    def rename(self, usage_key: str, block_id: str) -> None:
        """Give a block an ID that no export can, as courses of other times have them."""
        key = usage(usage_key)
        old, new = BlockKey(key.block_type, key.block_id), BlockKey(key.block_type, block_id)
        for structure in modulestore().branches[key.course_key].values():
            structure.blocks[new] = structure.blocks.pop(old)
            for data in structure.blocks.values():
                data.fields["children"] = [new if each == old else each for each in data.fields.get("children", ())]

    def withdraw(self, source_key: str) -> None:
        """Make a course one of which nothing was ever published."""
        del modulestore().branches[context(source_key)][ModuleStoreEnum.Branch.published_only]

    def person(self, username: str, **fields: Any) -> Any:
        return get_user_model().objects.create(username=username, **fields)

    def let_read(self, user: Any, source_key: str) -> None:
        auth.readers.add((user.username, source_key))

    def let_change(self, user: Any, source_key: str) -> None:
        auth.writers.add((user.username, source_key))

    def let_edit(self, user: Any, library_key: str) -> None:
        libraries_api.roles[user.username, library_key] = "author"

    def let_contribute(self, user: Any, library_key: str) -> None:
        libraries_api.roles[user.username, library_key] = "contributor"

    def let_create_libraries(self, user: Any) -> None:
        libraries_api.creators.add(user.username)

    def take_rights(self, user: Any) -> None:
        for pairs in (auth.readers, auth.writers, decorators.auditors):
            pairs.difference_update([pair for pair in pairs if pair[0] == user.username])
        for pair in [pair for pair in libraries_api.roles if pair[0] == user.username]:
            del libraries_api.roles[pair]
        libraries_api.creators.discard(user.username)

    def close_account(self, user: Any) -> None:
        user.is_active = False
        user.save()

    def sign_in(self, client: Any, user: Any) -> None:
        client.force_login(user)

    def _delete_library(self, library_key: str) -> None:
        LearningPackage.objects.get(package_ref=library_key).delete()

    def link_of(self, usage_key: str) -> Link | None:
        try:
            link = UpstreamLink.get_for_block(modulestore().get_item(usage(usage_key)))
        except NoUpstream:
            return None
        return Link(
            item=link.upstream_ref,
            synced=link.version_synced,
            available=link.version_available,
            top=link.top_level_parent_key or "",
            customized=tuple(link.downstream_customized),
        )

    def row_of(self, usage_key: str) -> tuple[str, int, str] | None:
        key = usage(usage_key)
        row = ComponentLink.rows.get(key) or ContainerLink.rows.get(key)
        if row is None:
            return None
        top = row.top_level_parent
        return row.upstream, row.version_synced, str(top.downstream_usage_key) if top else ""

    def has_draft(self, usage_key: str) -> bool:
        key = usage(usage_key)
        branches = modulestore().branches[key.course_key]
        draft, published = (branches[name] for name in _BRANCHES)

        def differs(each: BlockKey) -> bool:
            if each not in published.blocks or draft.version_of(each) != published.version_of(each):
                return True
            return any(map(differs, draft.blocks[each].fields.get("children", ())))

        return differs(BlockKey(key.block_type, key.block_id))

    def tag(self, usage_key: str, *values: str, orgs: tuple[str, ...] = ()) -> None:
        name = f"Topics of {', '.join(orgs) or 'all'}"
        taxonomy = Taxonomy.objects.filter(name=name).first() or tagging_api.create_taxonomy(name)
        known = set(taxonomy.tag_set.values_list("value", flat=True))
        for value in set(values) - known:
            tagging_api.add_tag_to_taxonomy(taxonomy, value)
        if orgs:
            tagging_utils.orgs[taxonomy.pk] = set(orgs)
        tagging_api.tag_object(usage_key, taxonomy, list(values))

    def switch(self, *, on: bool, org: str = "") -> None:
        if org:
            waffle_utils.for_orgs[FLAG, org] = on
        else:
            waffle_utils.for_all[FLAG] = on

    def _changed(self, usage_key: str) -> BlockData:
        """The block in a new version of the draft branch."""
        key = usage(usage_key)
        branches = modulestore().branches[key.course_key]
        name = ModuleStoreEnum.Branch.draft_preferred
        branches[name] = Structure(branches[name].root, copy.deepcopy(branches[name].blocks))
        data = branches[name].blocks[BlockKey(key.block_type, key.block_id)]
        data.edit_info = EditInfo(branches[name].version)
        return data


@contextmanager
def double_site(monkeypatch: Any) -> Iterator[DoubleSite]:
    """A site, and nothing of it afterwards."""
    classes = [(name, _entry_point(name, has_children)) for name, has_children in _INSTALLED.items()]
    monkeypatch.setattr(XBlock, "extra_entry_points", classes)
    monkeypatch.setattr(xblock.plugin, "PLUGIN_CACHE", _found)
    monkeypatch.setattr("xmodule.modulestore.django._versions", itertools.count(1))  # What is kept names them.
    store, files = modulestore(), contentstore().files
    assert course_views  # Known to be importable, as in Studio.
    cache.clear()  # It has what another site has loaded in a version of the same number.
    try:
        yield DoubleSite()
    finally:
        for module, name in _KEPT:
            getattr(module, name).clear()
        for kept in (store.branches, store.broken, store.loaded, store.updated, files):
            kept.clear()


def _same(one: BlockData, other: BlockData) -> bool:
    def told(data: BlockData) -> tuple[Any, bytes]:
        return data.fields, b"" if data.definition is None else etree.tostring(data.definition)

    return told(one) == told(other)


def _entry_point(name: str, has_children: bool) -> Any:
    block_class = type(name, (XBlock,), {"has_children": has_children})
    return SimpleNamespace(name=name, group="xblock.v1", dist=None, load=lambda: block_class)


def _structure(export: Export, branch: Branch) -> Structure:
    """What an import of the export makes of a branch."""
    is_library = isinstance(export.key, LibraryLocator)
    root = BlockKey("library", "library") if is_library else BlockKey("course", "course")
    blocks: dict[BlockKey, BlockData] = {}
    tops = []
    for read in export.read(branch):
        tops += [_add(child, blocks) for child in read.element] if is_library else [_add(read.element, blocks)]
    title = export.title
    blocks[root] = BlockData({"display_name": title, "children": tops})
    return Structure(root, blocks)


def _add(element: etree._Element, blocks: dict[BlockKey, BlockData]) -> BlockKey:
    key = BlockKey(element.tag, element.get("url_name", ""))
    own = copy.deepcopy(element)
    children = []
    if element.tag in CONTAINER_KINDS or element.tag in ROOT_TAGS or element.tag in PARENT_TYPES:
        for child in [*own]:
            own.remove(child)
            # Only this app makes units for components that stand in none.
            made = child.tag == UNIT_TAG and child.get("url_name", "").endswith("~unit")
            children += [_add(each, blocks) for each in ([*child] if made else [child])]
    fields = {"display_name": element.get("display_name"), "children": children}
    if groups := element.get("group_access"):
        fields["group_access"] = json.loads(groups)
    blocks[key] = BlockData(fields, own)
    return key
