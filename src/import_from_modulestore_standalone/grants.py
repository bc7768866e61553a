"""
Who may do what in the standalone project, by Django's own permissions.

============ ============================================== ===========================================
role         permission                                     allows
============ ============================================== ===========================================
``viewer``   ``openedx_content.view_learningpackage``       to see a library and its history
``editor``   ``openedx_content.change_learningpackage``     to change it as well
``reader``   ``import_from_modulestore_standalone.read_shelf``  to read the courses on the shelf
``creator``  ``openedx_content.add_learningpackage``        to make new libraries, and edit those
============ ============================================== ===========================================

Viewers and editors are such of one library (an object permission of django-guardian), or of all (the model permission).
Users have roles of their own and those of their groups. Superusers may do everything, users whose account is closed
nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _
from guardian.models import GroupObjectPermission, UserObjectPermission
from guardian.shortcuts import assign_perm, remove_perm
from openedx_content.models_api import LearningPackage


class Role(TextChoices):
    """What somebody may be; the first two of a library, the others of the whole site."""

    VIEWER = "viewer", _("Viewer: sees the library and its history")
    EDITOR = "editor", _("Editor: changes the library as well")
    READER = "reader", _("Reader: reads the courses on the shelf")
    CREATOR = "creator", _("Creator: makes new libraries, and edits those")

    @property
    def permission(self) -> str:
        """The permission that makes it, ``app.codename``."""
        return _PERMISSIONS[self]

    @property
    def codename(self) -> str:
        """The permission without its app."""
        return self.permission.partition(".")[2]

    @property
    def is_of_library(self) -> bool:
        """Whether it is given for one library."""
        return self in LIBRARY_ROLES


LIBRARY_ROLES = (Role.VIEWER, Role.EDITOR)

_PERMISSIONS = {
    Role.VIEWER: "openedx_content.view_learningpackage",
    Role.EDITOR: "openedx_content.change_learningpackage",
    Role.READER: "import_from_modulestore_standalone.read_shelf",
    Role.CREATOR: "openedx_content.add_learningpackage",
}

_SUFFICIENT = {Role.VIEWER: LIBRARY_ROLES, Role.EDITOR: (Role.EDITOR,)}
"""Which roles allow what a role of a library allows: editors are viewers."""


@dataclass(frozen=True, kw_only=True)
class Grant:
    """One role that one user or group has, of one library or (``library`` empty) of the whole site."""

    name: str
    is_group: bool
    is_active: bool
    role: Role
    library: str


def has_role(user: Any, role: Role) -> bool:
    """Whether the user has a role of the whole site, or that of a library for all libraries. Two queries at most."""
    return user.is_active and any(user.has_perm(each.permission) for each in _SUFFICIENT.get(role, (role,)))


def libraries_of(user: Any, role: Role, among: QuerySet[LearningPackage]) -> QuerySet[LearningPackage]:
    """
    Those of the libraries that the user has the role of, as a query; four more queries at most, whatever their number.

    Not by guardian's ``get_objects_for_user``, which joins text with numbers in a way that MariaDB refuses where server
    and connection have different collations.
    """
    if not user.is_active:
        return among.none()
    if has_role(user, role):
        return among
    given = {
        "permission__codename__in": [each.codename for each in _SUFFICIENT[role]],
        "permission__content_type__app_label": "openedx_content",
    }
    own = UserObjectPermission.objects.filter(user=user, **given).values_list("object_pk", flat=True)
    of_groups = GroupObjectPermission.objects.filter(group__user=user, **given).values_list("object_pk", flat=True)
    return among.filter(id__in={int(pk) for pk in (*own, *of_groups)})


def give(who: Any, role: Role, library: LearningPackage | None = None) -> None:
    """Give a user or group a role: of this library, or of the whole site. Of one library, everybody has one role."""
    with transaction.atomic():
        if library is not None:
            for other in LIBRARY_ROLES:
                remove_perm(other.permission, who, library)
        assign_perm(role.permission, who, library)


def take(who: Any, role: Role, library: LearningPackage | None = None) -> bool:
    """Take a role from a user or group; false where they did not have it. Roles of their groups stay."""
    if library is not None:
        removed: Any = remove_perm(role.permission, who, library)
        return bool(removed[0])
    permissions = who.permissions if isinstance(who, Group) else who.user_permissions
    found = permissions.filter(codename=role.codename, content_type__app_label=role.permission.partition(".")[0])
    permissions.remove(*(had := list(found)))
    return bool(had)


def list_grants(library: LearningPackage | None = None) -> list[Grant]:
    """Every grant on the library, or all grants; those of the whole site first. A fixed number of queries."""
    grants = list(_site_grants(LIBRARY_ROLES if library else tuple(Role)))
    packages = LearningPackage.objects.filter(id=library.id) if library else LearningPackage.objects.all()
    refs = {str(package_id): ref for package_id, ref in packages.values_list("id", "package_ref")}
    roles = {role.codename: role for role in LIBRARY_ROLES}
    of_library: list[Grant] = []
    for model, field in ((UserObjectPermission, "user"), (GroupObjectPermission, "group")):
        rows = model.objects.filter(
            permission__content_type__app_label="openedx_content", permission__codename__in=roles
        ).select_related(field, "permission")
        if library:
            rows = rows.filter(object_pk=str(library.id))
        of_library += (
            _grant(getattr(row, field), roles[row.permission.codename], refs[row.object_pk])
            for row in rows
            if row.object_pk in refs
        )
    return grants + sorted(of_library, key=lambda grant: (grant.library, grant.is_group, grant.name))


def remove_grants(*, instance: LearningPackage, **kwargs: Any) -> None:
    """Remove the grants on a library that was deleted, lest they hold for a later one with the same primary key."""
    for model in (UserObjectPermission, GroupObjectPermission):
        model.objects.filter(
            content_type__app_label="openedx_content", content_type__model="learningpackage", object_pk=str(instance.id)
        ).delete()


def _site_grants(roles: tuple[Role, ...]) -> Iterator[Grant]:
    for role in roles:
        app_label, _sep, codename = role.permission.partition(".")
        for permission in Permission.objects.filter(content_type__app_label=app_label, codename=codename):
            for user in permission.user_set.order_by(get_user_model().USERNAME_FIELD):
                yield _grant(user, role, "")
            for group in permission.group_set.order_by("name"):
                yield _grant(group, role, "")


def _grant(who: Any, role: Role, library: str) -> Grant:
    is_group = isinstance(who, Group)
    return Grant(
        name=who.name if is_group else who.get_username(),
        is_group=is_group,
        is_active=is_group or who.is_active,
        role=role,
        library=library,
    )
