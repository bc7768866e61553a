"""The standalone host: exports for courses, learning packages for libraries, Django's users for permissions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from opaque_keys.edx.locator import LibraryLocatorV2
from openedx_content import api as content_api
from openedx_content.models_api import LearningPackage

from import_from_modulestore.data import LibraryData
from import_from_modulestore.errors import NotFound
from import_from_modulestore.exports.shelf import Shelf
from import_from_modulestore.exports.uploads import Uploads
from import_from_modulestore.hosts.base import Host
from import_from_modulestore.hosts.exports import ExportFolder, ExportUploads
from import_from_modulestore.hosts.sources import AllSources

from .grants import Role, give, has_role, libraries_of
from .languages import language_of


class CoursesFolder(ExportFolder):
    """``COURSES_DIR``, for readers."""

    def shelf(self, patience: float | None) -> Shelf:
        return Shelf(Path(settings.COURSES_DIR), Path(settings.EXPORTS_CACHE_DIR), patience=patience)

    def is_reader(self, user: Any) -> bool:
        return has_role(user, Role.READER)


class SiteUploads(ExportUploads):
    """What people upload, in a folder beside it; superusers see to them."""

    def uploads(self, patience: float | None) -> Uploads:
        return Uploads(
            Path(settings.UPLOADS_DIR),
            Path(settings.EXPORTS_CACHE_DIR),
            max_bytes=settings.MAX_UPLOAD_BYTES,
            max_bytes_per_user=settings.MAX_UPLOADS_BYTES_PER_USER,
            patience=patience,
        )

    def sees_all(self, user: Any) -> bool:
        return user.is_superuser


class StandaloneHost(Host):
    """
    Exports that are uploaded or lie in a folder, and the learning packages of this database.

    Who may do what is a matter of :mod:`.grants`.
    """

    # Sources

    @property
    def sources(self) -> AllSources:
        """Own uploads first."""
        return AllSources(SiteUploads(self), CoursesFolder())

    def nothing_to_import(self) -> str:
        return _("Nothing here yet. Put a Studio export (.tar.gz, .zip or a folder) into the courses folder.")

    # Permissions

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

    def may_import(self, user: Any) -> bool:
        libraries = LearningPackage.objects.filter(package_ref__startswith="lib:")
        return (
            self.can_create_library(user)
            or has_role(user, Role.EDITOR)
            or libraries_of(user, Role.EDITOR, libraries).exists()
        )

    # Its pages

    def absolute_url(self, path: str) -> str:
        address = settings.PUBLIC_ADDRESS
        return f"{address.origin}{path}" if address else ""

    @property
    def sign_out_url(self) -> str:
        return reverse("sign_out")

    # Languages

    @property
    def language_url(self) -> str:
        return reverse("choose_language")

    def language_of(self, user: Any) -> str:
        return language_of(user)

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
            ),
            field="library_key",
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


def _with_role(user: Any, role: Role, library_keys: set[str]) -> set[str]:
    """Of these libraries, which may be gone, those that the user has the role of; who has it of all, has it of all."""
    if has_role(user, role):
        return library_keys
    packages = LearningPackage.objects.filter(package_ref__in=library_keys)
    return set(libraries_of(user, role, packages).values_list("package_ref", flat=True)) & library_keys


def _library_data(package: LearningPackage) -> LibraryData:
    return LibraryData(key=package.package_ref, title=package.title, package_id=package.id)
