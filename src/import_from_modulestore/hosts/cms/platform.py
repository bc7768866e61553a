"""What the app has of the platform: each thing is looked up where it is used, so that loading this loads nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from threading import get_ident
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from opaque_keys.edx.keys import LearningContextKey
from opaque_keys.edx.locator import LibraryLocatorV2

from ...data import Branch
from ...errors import StepFailed
from ...keys import UsageKeys
from ...olx.blocks import is_component


def modulestore() -> Any:
    """The modulestore of the site."""
    from xmodule.modulestore.django import modulestore

    return modulestore()


def libraries_api() -> Any:
    """What the platform does with libraries."""
    from openedx.core.djangoapps.content_libraries import api

    return api


def staged_content_model() -> Any:
    """The model of what is staged."""
    from openedx.core.djangoapps.content_staging.models import StagedContent

    return StagedContent


def block_class(block_type: str) -> Any:
    """The class of a block type; ``None`` where it is not installed."""
    from xblock.core import XBlock
    from xblock.plugin import PluginMissingError

    try:
        return XBlock.load_class(block_type)
    except PluginMissingError:
        return None


def holds_blocks(block_type: str) -> bool:
    """Whether blocks of this type are made of others: containers, and components that a library cannot hold."""
    return not is_component(block_type) or (is_installed(block_type) and block_class(block_type).has_children)


def is_installed(block_type: str) -> bool:
    """Whether this Studio has the block type."""
    return block_class(block_type) is not None


def raise_if_of_the_site(error: Exception) -> None:
    """Let errors pass that no block is to blame for: a database or a storage that does not answer, or take so much."""
    from pymongo.errors import PyMongoError

    if isinstance(error, DatabaseError | OSError | PyMongoError | StepFailed):
        raise error


@contextmanager
def reading(source_key: LearningContextKey, branch: Branch) -> Iterator[None]:
    """Read one branch of a source, each document of the modulestore once."""
    from xmodule.modulestore import ModuleStoreEnum

    branches = {
        Branch.DRAFT: ModuleStoreEnum.Branch.draft_preferred,
        Branch.PUBLISHED: ModuleStoreEnum.Branch.published_only,
    }
    store = modulestore()
    with store.branch_setting(branches[branch], source_key), store.bulk_operations(source_key, emit_signals=False):
        yield


@contextmanager
def changing(course_key: LearningContextKey) -> Iterator[None]:
    """Change drafts of a course: all at once, as one version of it. The platform's events come after that."""
    from xmodule.modulestore import ModuleStoreEnum

    store = modulestore()
    draft = ModuleStoreEnum.Branch.draft_preferred
    with store.branch_setting(draft, course_key), store.bulk_operations(course_key):
        yield


@contextmanager
def export_settings_kept() -> Iterator[None]:
    """The serializer patches this for a while, and leaves it patched for good where a block fails."""
    from xmodule.xml_block import XmlMixin

    export_to_file = XmlMixin.export_to_file
    try:
        yield
    finally:
        XmlMixin.export_to_file = export_to_file


type Tags = Mapping[str, Mapping[int, list[str]]]
"""Tags of blocks: values by primary key of their taxonomy, by usage key."""


def tags_of(source_key: LearningContextKey) -> Tags:
    """
    The tags of all blocks of a source, as the serializer asks for those of one (platform:
    ``openedx/core/djangoapps/content_tagging/api.py``, ``get_all_object_tags``, which knows no legacy libraries). One
    query.
    """
    from openedx_tagging.models import ObjectTag

    found: dict[str, dict[int, list[str]]] = {}
    tagged: Any = ObjectTag
    rows = tagged.objects.filter(
        object_id__startswith=UsageKeys(source_key).beginning, tag__taxonomy__isnull=False
    ).order_by("object_id", "tag__taxonomy_id", "pk")
    for usage_key, taxonomy, value in rows.values_list("object_id", "tag__taxonomy_id", "tag__value"):
        found.setdefault(usage_key, {}).setdefault(taxonomy, []).append(value)
    return found


@contextmanager
def tags_known(source_key: LearningContextKey, tags: Tags) -> Iterator[None]:
    """
    Have the serializer know the tags of a source's blocks (:func:`tags_of`): it asks for those of each by a query.

    Whoever else asks it meanwhile, in another thread, or about other content, is answered as ever.
    """
    from openedx.core.lib.xblock_serializer import block_serializer

    ask, asking, beginning = block_serializer.get_all_object_tags, get_ident(), UsageKeys(source_key).beginning

    def answer(content_key: Any, *args: Any, **kwargs: Any) -> Any:
        usage_key = str(content_key)
        if get_ident() != asking or not usage_key.startswith(beginning):
            return ask(content_key, *args, **kwargs)
        return {usage_key: tags.get(usage_key, {})}, {}

    block_serializer.get_all_object_tags = answer
    try:
        yield
    finally:
        block_serializer.get_all_object_tags = ask
        asking = 0  # Should two threads give each other's back, it knows nothing any more.


def versions_of(source_keys: Iterable[LearningContextKey]) -> dict[str, str]:
    """The versions of the branches that authors see. One query."""
    from common.djangoapps.split_modulestore_django.models import SplitModulestoreCourseIndex

    rows = SplitModulestoreCourseIndex.objects.filter(course_id__in=list(source_keys))
    return {
        str(key): library_version or draft_version
        for key, draft_version, library_version in rows.values_list("course_id", "draft_version", "library_version")
    }


def may(user: Any, library_key: LibraryLocatorV2, permission: Any) -> bool:
    """In either of the platform's two systems of permissions; where there is no such library, nobody may."""
    if not user.is_active:
        return False
    libraries = libraries_api()
    try:
        libraries.require_permission_for_library_key(library_key, user, permission)
    except (libraries.ContentLibraryNotFound, PermissionDenied):
        return False
    return True


def may_create_libraries(user: Any) -> bool:
    """
    Whether Studio lets somebody make libraries.

    Of who may not, Verawood says so. On the newest line the question is an error then: the last that it asks is
    openedx-authz, about "*", which is no scope there since 1.23.
    """
    try:
        return user.is_active and libraries_api().user_can_create_library(user)
    except ValueError:
        return False


def language_of(user: Any) -> str:
    """The language that somebody has chosen for their account; empty where they have not."""
    from openedx.core.djangoapps.lang_pref import LANGUAGE_KEY
    from openedx.core.djangoapps.user_api.models import UserPreference

    return UserPreference.get_value(user, LANGUAGE_KEY) or ""


def authoring_address() -> str:
    """Where the authoring micro-frontend lives, as it is configured for this site."""
    from openedx.core.djangoapps.site_configuration import helpers

    default = getattr(settings, "COURSE_AUTHORING_MICROFRONTEND_URL", "")
    return (helpers.get_value("COURSE_AUTHORING_MICROFRONTEND_URL", default) or "").rstrip("/")
