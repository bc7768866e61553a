"""Studio's libraries: who may do what with them, where they are seen, and what they take."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from opaque_keys.edx.locator import LibraryContainerLocator, LibraryLocatorV2

from ...data import LibraryData
from ...errors import InvalidKey
from ...keys import parse_item_key
from ..libraries import Libraries
from .platform import authoring_address, holds_blocks, is_installed, libraries_api, may, may_create_libraries


class StudioLibraries(Libraries):
    """``content_libraries``, and Studio's own permissions."""

    # Permissions

    def can_view_library(self, user: Any, library_key: LibraryLocatorV2) -> bool:
        return bool(self.viewable_libraries(user, {str(library_key)}))

    def can_edit_library(self, user: Any, library_key: LibraryLocatorV2) -> bool:
        from openedx_authz.constants.permissions import EDIT_LIBRARY_CONTENT

        return may(user, library_key, EDIT_LIBRARY_CONTENT)

    def can_publish_in_library(self, user: Any, library_key: LibraryLocatorV2) -> bool:
        """Contributors, a role of ``openedx-authz``, may edit and not publish."""
        from openedx_authz.constants.permissions import PUBLISH_LIBRARY_CONTENT

        return may(user, library_key, PUBLISH_LIBRARY_CONTENT)

    def viewable_libraries(self, user: Any, library_keys: Collection[str]) -> set[str]:
        """Global staff may also see what became of libraries that are gone."""
        from common.djangoapps.student.roles import GlobalStaff

        if not user.is_active:
            return set()
        if GlobalStaff().has_user(user):
            return set(library_keys)
        libraries = libraries_api().get_libraries_for_user(user)
        found = libraries.filter(learning_package__package_ref__in=library_keys)
        return set(found.values_list("learning_package__package_ref", flat=True))

    def can_create_library(self, user: Any) -> bool:
        return may_create_libraries(user)

    # Libraries

    def list_libraries(self, user: Any) -> Sequence[LibraryData]:
        libraries = libraries_api().get_libraries_for_user(user, order="title")
        return [
            self._library(library.library_key, library.learning_package.title, library.learning_package_id)
            for library in libraries
            if library.learning_package_id is not None
        ]

    def get_library(self, library_key: LibraryLocatorV2) -> LibraryData:
        libraries = libraries_api()
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

        libraries = libraries_api()
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

    def library_url(self, library_key: LibraryLocatorV2) -> str:
        base = authoring_address()
        return f"{base}/library/{library_key}" if base else ""

    def collection_url(self, library_key: LibraryLocatorV2, code: str) -> str:
        """As ``library-authoring/routes.ts`` of the authoring front-end has it."""
        base = self.library_url(library_key)
        return f"{base}/collection/{code}" if base else ""

    def item_url(self, item_key: str) -> str:
        if not authoring_address():
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
        if not is_installed(block_type):
            return _("The block type “{type}” is not installed in this Studio.").format(type=block_type)
        if holds_blocks(block_type):
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

    def _library(self, library_key: LibraryLocatorV2, title: str, package_id: Any) -> LibraryData:
        url = self.library_url(library_key)
        return LibraryData(key=str(library_key), title=title, package_id=package_id, url=url)
