"""
Links of a course's blocks to items of a library: what Studio itself writes into a block that is added from a library.

A block that follows an item says so in fields (platform: ``cms/lib/xblock/upstream_sync.py``, ``UpstreamSyncMixin``):
``upstream`` and ``upstream_version``; what its customizable fields held when it last took an update
(``get_customizable_fields``), and which of them the course has customized (``downstream_customized``); and, in a
container that follows an item as well, the outermost one (``top_level_downstream_parent_key``), which alone is offered
updates. Besides, the platform has a row for each link, which its receivers of ``XBLOCK_UPDATED`` keep
(``cms/djangoapps/contentstore/signals/handlers.py``). They take no rows away, and may run before the transaction of a
request has ended, or a block before the one around it: so the rows are written here as well, outermost first.

Sections and subsections have no drafts: the modulestore publishes them with every change, without what is in them
(``split_draft.py``: ``_auto_publish_no_children``). Learners see nothing of these fields.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from opaque_keys.edx.keys import LearningContextKey, UsageKey
from opaque_keys.edx.locator import LibraryLocator

from ...data import Branch
from ...errors import InvalidOption
from ...olx.blocks import NOT_CONTENT_TAGS, is_component
from ..links import CourseBlock, CourseLinks, MadeLink, WantedLink
from .outline import Outline, outline_of
from .platform import changing, modulestore

_FIELDS = (
    "upstream",
    "upstream_version",
    "upstream_version_declined",
    "downstream_customized",
    "top_level_downstream_parent_key",
)
"""The fields of a link, without those that keep what customizable fields held."""


class StudioLinks(CourseLinks):
    """Links of the courses in the modulestore."""

    def refusal_of(self, key: LearningContextKey) -> str:
        if isinstance(key, LibraryLocator):
            return _("Only blocks of courses can follow a library, and this was imported from a legacy library.")
        return ""

    def can_edit(self, user: Any, key: LearningContextKey) -> bool:
        """As Studio: by roles in ``openedx-authz`` where the site uses them for courses, else by course roles."""
        from openedx.core.djangoapps.authz.constants import LegacyAuthoringPermission
        from openedx.core.djangoapps.authz.decorators import user_has_course_permission
        from openedx_authz.constants.permissions import COURSES_EDIT_COURSE_CONTENT

        if not user.is_active:
            return False
        permission = COURSES_EDIT_COURSE_CONTENT.identifier
        return user_has_course_permission(user, permission, key, LegacyAuthoringPermission.WRITE)

    def read(
        self, key: LearningContextKey, *, version: str = "", branch: Branch = Branch.DRAFT
    ) -> Mapping[str, CourseBlock]:
        """One document, and where the published branch was imported, two; no blocks."""
        outline = outline_of(key, Branch.DRAFT)
        published = outline_of(key, branch).blocks if branch is Branch.PUBLISHED else None
        key_of: Any = key.make_usage_key  # type: ignore[attr-defined]
        found: dict[str, CourseBlock] = {}
        for block_key, block in outline.blocks.items():
            usage_key = str(key_of(block_key.type, block_key.id))
            found[usage_key] = CourseBlock(
                usage_key=usage_key,
                children=tuple(
                    str(key_of(child.type, child.id))
                    for child in block.fields.get("children", ())
                    if child.type not in NOT_CONTENT_TAGS and child in outline.blocks
                ),
                upstream=block.fields.get("upstream") or "",
                upstream_version=block.fields.get("upstream_version"),
                version=str(block.edit_info.update_version),
                is_changed=_is_changed(block, version, None if published is None else published.get(block_key)),
                warnings=tuple(_warnings(block_key.type, block.fields)),
            )
        return found

    def link(self, key: LearningContextKey, wanted: Sequence[WantedLink], user: Any) -> Sequence[MadeLink]:
        """Each block is loaded and asked before any is written; they are written as one version of the course."""
        store = modulestore()
        with changing(key):
            blocks = {link.usage_key: store.get_item(UsageKey.from_string(link.usage_key)) for link in wanted}
            before = {usage_key: _said(block) for usage_key, block in blocks.items()}
            for link in wanted:
                _follow(blocks[link.usage_key], link, user)
            outline = outline_of(key, Branch.DRAFT)
            upstreams = _upstreams(outline) | {_block_key(block): block.upstream for block in blocks.values()}
            tops = _tops(outline, upstreams)
            _refuse_colons(tops[_block_key(block)] for block in blocks.values())
            for block in blocks.values():
                _set(block, "top_level_downstream_parent_key", _told_as_top(tops[_block_key(block)]))
            others = _with_another_top(outline, tops, {_block_key(block) for block in blocks.values()})
            changed = [*blocks.values(), *_settled(key, others, tops)]
            for block in changed:
                store.update_item(block, user.pk)
        versions = _recorded(key, [block.usage_key for block in changed])
        return [
            MadeLink(
                usage_key=link.usage_key,
                item_key=link.item_key,
                before=before[link.usage_key],
                version=versions[link.usage_key],
            )
            for link in wanted
        ]

    def unlink(self, key: LearningContextKey, links: Sequence[MadeLink], user: Any) -> Mapping[str, str]:
        """Blocks that are not in the course any more are passed over."""
        store = modulestore()
        with changing(key):
            outline = outline_of(key, Branch.DRAFT)
            upstreams = _upstreams(outline)
            blocks: dict[Any, Any] = {}
            for link in links:
                usage_key = UsageKey.from_string(link.usage_key)
                block_key = (usage_key.block_type, usage_key.block_id)
                if upstreams.get(block_key) == link.item_key:
                    blocks[block_key] = block = store.get_item(usage_key)
                    _say_again(block, link.before)
                    upstreams[block_key] = block.upstream
            tops = _tops(outline, upstreams)
            others = _with_another_top(outline, tops, blocks.keys())
            changed = [*blocks.values(), *_settled(key, others, tops)]
            for block in changed:
                store.update_item(block, user.pk)
        versions = _recorded(key, [block.usage_key for block in changed])
        return {str(block.usage_key): versions[str(block.usage_key)] for block in blocks.values()}


def _is_changed(block: Any, version: str, published: Any) -> bool:
    """
    Whether a block was changed since the course had this version. Versions are made one after another, and their names
    are in that order: they begin with the time (``bson.ObjectId``).

    Where the published branch was read, ``published`` is the block there: a draft that is not published is other than
    what was read, however old it is.
    """
    if published is None:
        return str(block.edit_info.update_version) > version
    read = published.edit_info.source_version or published.edit_info.update_version
    now = block.edit_info.source_version or block.edit_info.update_version
    return bool(read != now) or str(published.edit_info.update_version) > version


def _warnings(block_type: str, fields: Mapping[str, Any]) -> Iterable[str]:
    """An update sets all fields of a component but the customizable ones, ``LmsBlockMixin``'s among them."""
    if is_component(block_type) and fields.get("group_access"):
        yield _("Only some groups see it in the course: an update from the library will show it to everyone.")
    if is_component(block_type) and fields.get("visible_to_staff_only"):
        yield _("Only the course team sees it: an update from the library will show it to everyone.")


def _follow(block: Any, link: WantedLink, user: Any) -> None:
    """Have a block that is loaded follow an item. Raises ``InvalidOption``."""
    from cms.lib.xblock.upstream_sync import UpstreamLink, UpstreamLinkException

    block.upstream = link.item_key
    block.upstream_version = link.version
    block.upstream_version_declined = None
    try:
        UpstreamLink.get_for_block(block)
        _keep_customizable(block, link, user)
    except UpstreamLinkException as error:
        raise InvalidOption(
            _("{name} cannot follow {key}: {error} Leave it out.").format(
                name=block.display_name or link.usage_key, key=link.item_key, error=error
            ),
            field="usage_keys",
        ) from error


def _keep_customizable(block: Any, link: WantedLink, user: Any) -> None:
    """
    Note what the customizable fields hold: the block's own, as when one is pasted from a library (platform:
    ``contentstore/helpers.py``, ``_fetch_and_set_upstream_link``), so that updates change them.

    Where the course has changed the block since, it is what the library has, and what differs is the course's own.
    """
    from cms.lib.xblock.upstream_sync_block import fetch_customizable_fields_from_block
    from cms.lib.xblock.upstream_sync_container import fetch_customizable_fields_from_container

    customizable = _customizable(block)
    if not link.is_changed:
        for name, kept in customizable.items():
            setattr(block, kept, getattr(block, name))
    elif is_component(block.usage_key.block_type):
        fetch_customizable_fields_from_block(downstream=block, user=user)
    else:
        fetch_customizable_fields_from_container(downstream=block)
    own = [name for name, kept in customizable.items() if getattr(block, name) != getattr(block, kept)]
    _set(block, "downstream_customized", own or None)


def _customizable(block: Any) -> dict[str, str]:
    """The fields that a course may customize, and where each keeps what the library has."""
    fields: Mapping[str, str | None] = block.get_customizable_fields()
    return {name: kept for name, kept in fields.items() if kept and name in block.fields and kept in block.fields}


def _set(block: Any, name: str, value: Any) -> None:
    if value is None:
        block.fields[name].delete_from(block)
    else:
        setattr(block, name, value)


def _said(block: Any) -> dict[str, Any]:
    """What a block says of links: the fields that it sets, as JSON."""
    fields = {name: block.fields[name] for name in (*_FIELDS, *_customizable(block).values())}
    return {name: field.read_json(block) for name, field in fields.items() if field.is_set_on(block)}


def _say_again(block: Any, before: Mapping[str, Any]) -> None:
    for name in (*_FIELDS, *_customizable(block).values()):
        value = before.get(name)
        _set(block, name, None if value is None else block.fields[name].from_json(value))


# What is outermost


def _block_key(block: Any) -> tuple[str, str]:
    return (block.usage_key.block_type, block.usage_key.block_id)


def _upstreams(outline: Outline) -> dict[Any, str | None]:
    return {tuple(key): block.fields.get("upstream") for key, block in outline.blocks.items()}


def _tops(outline: Outline, upstreams: Mapping[Any, str | None]) -> dict[Any, Any]:
    """Of every block that follows an item: the outermost block around it of those that do, or ``None``."""
    tops: dict[Any, Any] = {}
    pending: list[tuple[Any, Any]] = [((root.block_type, root.block_id), None) for root in outline.roots]
    while pending:
        key, top = pending.pop()
        if key in tops or key not in outline.blocks:
            continue
        follows = bool(upstreams.get(key))
        tops[key] = top if follows else None
        below = (top or key) if follows else None
        pending += [(tuple(child), below) for child in outline.blocks[key].fields.get("children", ())]
    return tops


def _with_another_top(outline: Outline, tops: Mapping[Any, Any], changed: Collection[Any]) -> list[Any]:
    """Blocks around or in which links have changed, and that are to name another outermost block than they do."""
    named = {_told_as_top(key) for key in changed} | {_told_as_top(tops[key]) for key in changed if tops.get(key)}
    found = []
    for key, top in tops.items():
        said = outline.blocks[key].fields.get("top_level_downstream_parent_key")
        told = _told_as_top(top)
        if key not in changed and said != told and (said in named or told in named):
            found.append(key)
    return found


def _told_as_top(key: Any) -> str | None:
    """As ``top_level_downstream_parent_key`` names a block (platform: ``xmodule/util/keys.py``, ``BlockKey``)."""
    return ":".join(key) if key else None


def _refuse_colons(tops: Iterable[Any]) -> None:
    """Where a block names one with a colon in its ID, the platform fails with every page that shows it."""
    for top in tops:
        if top and ":" in top[1]:
            raise InvalidOption(
                _(
                    "{type} {id} has a colon in its ID, which Studio's updates cannot deal with. Leave it out, and "
                    "link what is in it."
                ).format(type=top[0], id=top[1]),
                field="usage_keys",
            )


def _settled(source_key: Any, keys: Iterable[Any], tops: Mapping[Any, Any]) -> list[Any]:
    """These blocks, each with the outermost block that it is to name."""
    blocks = [modulestore().get_item(source_key.make_usage_key(*key)) for key in keys]
    for block in blocks:
        _set(block, "top_level_downstream_parent_key", _told_as_top(tops[_block_key(block)]))
    return blocks


# Rows of the platform


def _recorded(source_key: LearningContextKey, usage_keys: Sequence[Any]) -> dict[str, str]:
    """Have the platform's rows say what these blocks say, outermost first; returns their versions."""
    from cms.djangoapps.contentstore.models import ComponentLink, ContainerLink
    from cms.djangoapps.contentstore.utils import create_or_update_xblock_upstream_link

    outline = outline_of(source_key, Branch.DRAFT)
    followed = [key for key in usage_keys if outline.blocks[key.block_type, key.block_id].fields.get("upstream")]
    gone = set(usage_keys) - set(followed)
    for model in (ComponentLink, ContainerLink) if gone else ():
        model.objects.filter(downstream_usage_key__in=gone).delete()
    depths = _depths(outline)
    for key in sorted(followed, key=lambda key: depths[key.block_type, key.block_id]):
        create_or_update_xblock_upstream_link(modulestore().get_item(key))
    return {str(key): str(outline.blocks[key.block_type, key.block_id].edit_info.update_version) for key in usage_keys}


def _depths(outline: Outline) -> dict[Any, int]:
    depths: dict[Any, int] = {}
    level = [(root.block_type, root.block_id) for root in outline.roots]
    depth = 0
    while level:
        depths.update({key: depth for key in level if key not in depths})
        level = [
            tuple(child)
            for key in level
            if key in outline.blocks
            for child in outline.blocks[key].fields.get("children", ())
            if tuple(child) not in depths
        ]
        depth += 1
    return depths
