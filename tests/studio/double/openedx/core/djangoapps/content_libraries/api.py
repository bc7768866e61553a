"""
Libraries (platform: openedx/core/djangoapps/content_libraries/api/).

What they hold is in learning packages of the test's database; who may do what with them is kept here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from common.djangoapps.student.roles import GlobalStaff
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from opaque_keys.edx.locator import LibraryLocatorV2
from openedx_content import api as content_api
from openedx_content.models_api import LearningPackage, PublishableEntity

from openedx.core import release


class ContentLibraryNotFound(ObjectDoesNotExist):
    pass


class LibraryAlreadyExists(KeyError):
    pass


class ContentLibraryBlockNotFound(ObjectDoesNotExist):
    pass


class AccessLevel:
    ADMIN_LEVEL = "admin"
    AUTHOR_LEVEL = "author"
    READ_LEVEL = "read"


@dataclass(frozen=True)
class ContentLibraryMetadata:
    key: LibraryLocatorV2
    learning_package_id: Any
    title: str


@dataclass(frozen=True)
class ContentLibrary:
    learning_package: LearningPackage

    @property
    def library_key(self) -> LibraryLocatorV2:
        return LibraryLocatorV2.from_string(self.learning_package.package_ref)

    @property
    def learning_package_id(self) -> Any:
        return self.learning_package.id


class _Libraries(list[ContentLibrary]):
    def filter(self, *, learning_package__package_ref__in: Iterable[str]) -> "_Libraries":
        wanted = set(learning_package__package_ref__in)
        return _Libraries(library for library in self if library.learning_package.package_ref in wanted)

    def values_list(self, field: str, *, flat: bool) -> list[str]:
        assert (field, flat) == ("learning_package__package_ref", True)
        return [library.learning_package.package_ref for library in self]


roles: dict[tuple[str, str], str] = {}
"""For the tests: access levels, and the role "contributor" of openedx-authz, by user's name and library key."""
creators: set[str] = set()
"""For the tests: names of users who may make libraries."""

_ALLOWED = {
    "content_libraries.edit_library_content": {"admin", "author", "contributor"},
    "content_libraries.publish_library_content": {"admin", "author"},
}


def get_libraries_for_user(
    user: Any, org: str | None = None, text_search: str | None = None, order: str | None = None
) -> _Libraries:
    packages = LearningPackage.objects.filter(package_ref__startswith="lib:").order_by(order or "pk")
    everything = GlobalStaff().has_user(user)
    return _Libraries(
        ContentLibrary(package)
        for package in packages
        if user.is_active and (everything or (user.username, package.package_ref) in roles)
    )


def get_library(library_key: LibraryLocatorV2) -> ContentLibraryMetadata:
    package = LearningPackage.objects.filter(package_ref=str(library_key)).first()
    if package is None:
        raise ContentLibraryNotFound
    return ContentLibraryMetadata(library_key, package.id, package.title)


def create_library(
    org: Any,
    slug: str,
    title: str,
    description: str = "",
    allow_public_learning: bool = False,
    allow_public_read: bool = False,
    library_license: str = "",
    learning_package: Any = None,
) -> ContentLibraryMetadata:
    key = LibraryLocatorV2(org=org.short_name, slug=slug)
    if content_api.learning_package_exists(str(key)):
        raise LibraryAlreadyExists(key)
    package = content_api.create_learning_package(str(key), title)
    return ContentLibraryMetadata(key, package.id, title)


def assign_library_role_to_user(library_key: LibraryLocatorV2, user: Any, access_level: str) -> None:
    roles[user.username, str(library_key)] = access_level


def require_permission_for_library_key(library_key: LibraryLocatorV2, user: Any, permission: Any) -> Any:
    """As openedx-authz, which knows users by name, and not whether their accounts are active."""
    get_library(library_key)
    role = roles.get((user.username, str(library_key)))
    if not (user.is_staff or user.is_superuser or role in _ALLOWED[permission.identifier]):
        raise PermissionDenied


def user_can_create_library(user: Any) -> bool:
    """Its last resort is openedx-authz, which refuses the question since 1.23: Verawood's is older."""
    if user.is_active and (GlobalStaff().has_user(user) or user.username in creators):
        return True
    if release.RELEASE_LINE == release.VERAWOOD:
        return False
    raise ValueError("Global scope wildcard '*' is not a valid scope.")


@dataclass(frozen=True)
class ContainerType:
    olx_tag: str


@dataclass(frozen=True)
class ItemMetadata:
    """Of a component, and of a container."""

    display_name: str
    published_display_name: str | None
    published_version_num: int | None
    container_type: ContainerType | None = None


_OLX_TAGS = {"unit": "vertical", "subsection": "sequential", "section": "chapter"}


def get_library_block(usage_key: Any, include_collections: bool = False) -> ItemMetadata:
    return _metadata(
        usage_key.context_key,
        component__component_type__name=usage_key.block_type,
        component__component_code=usage_key.block_id,
    )


def get_container(container_key: Any, *, include_collections: bool = False) -> ItemMetadata:
    found = _metadata(
        container_key.context_key,
        container__container_type__type_code=container_key.container_type,
        container__container_code=container_key.container_id,
    )
    return replace(found, container_type=ContainerType(_OLX_TAGS[container_key.container_type]))


def _metadata(library_key: LibraryLocatorV2, **of_item: str) -> ItemMetadata:
    entity = PublishableEntity.objects.filter(learning_package__package_ref=str(library_key), **of_item).first()
    draft, published = _versions(entity) if entity else (None, None)
    if draft is None:
        raise ContentLibraryBlockNotFound
    return ItemMetadata(
        draft.title, published.title if published else None, published.version_num if published else None
    )


def _versions(entity: PublishableEntity) -> tuple[Any, Any]:
    return content_api.get_draft_version(entity.id), content_api.get_published_version(entity.id)
