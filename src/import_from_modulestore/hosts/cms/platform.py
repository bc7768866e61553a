"""What the app has of the platform: each thing is looked up where it is used, so that loading this loads nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from opaque_keys.edx.keys import LearningContextKey
from opaque_keys.edx.locator import LibraryLocatorV2

from ...data import Branch
from ...errors import StepFailed
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


def authoring_address() -> str:
    """Where the authoring micro-frontend lives, as it is configured for this site."""
    from openedx.core.djangoapps.site_configuration import helpers

    default = getattr(settings, "COURSE_AUTHORING_MICROFRONTEND_URL", "")
    return (helpers.get_value("COURSE_AUTHORING_MICROFRONTEND_URL", default) or "").rstrip("/")
