"""Libraries, with who may see and change them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.admin import GenericTabularInline
from django.contrib.contenttypes.forms import BaseGenericInlineFormSet
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from guardian.models import GroupObjectPermission, UserObjectPermission
from openedx_content.admin import LearningPackageAdmin
from openedx_content.models_api import LearningPackage

from import_from_modulestore.admin.bounds import BoundedAdmin

from .grants import LIBRARY_ROLES

_LABELS = {role.codename: role.label for role in LIBRARY_ROLES}


class _RoleField(forms.ModelChoiceField):
    """The permissions of a library that are roles, by the names of the roles."""

    def label_from_instance(self, obj: Any) -> str:
        return str(_LABELS[obj.codename])


class _OneRoleEach(BaseGenericInlineFormSet):
    """Everybody has one role of a library."""

    def clean(self) -> None:
        super().clean()
        seen = set()
        for form in self.forms:
            data = getattr(form, "cleaned_data", {})
            who = data.get("user") or data.get("group")
            if who is None or data.get("DELETE"):
                continue
            if who in seen:
                form.add_error(None, _("{name} has a role already; choose one.").format(name=who))
            seen.add(who)


class _Grants(GenericTabularInline):
    ct_field = "content_type"
    ct_fk_field = "object_pk"
    formset = _OneRoleEach  # type: ignore[assignment]
    extra = 1

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Only permissions that are roles."""
        return super().get_queryset(request).filter(permission__codename__in=_LABELS)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Roles, not permissions."""
        if db_field.name == "permission":
            roles = Permission.objects.filter(content_type__app_label="openedx_content", codename__in=_LABELS)
            return _RoleField(roles, label=_("Role"))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class UserGrants(_Grants):
    """Roles of users."""

    model = UserObjectPermission
    fields = ("user", "permission")
    autocomplete_fields = ("user",)
    verbose_name = _("User")
    verbose_name_plural = _("Users")


class GroupGrants(_Grants):
    """Roles of groups."""

    model = GroupObjectPermission
    fields = ("group", "permission")
    autocomplete_fields = ("group",)
    verbose_name = _("Group")
    verbose_name_plural = _("Groups")


admin.site.unregister([LearningPackage, Group, get_user_model()])


@admin.register(LearningPackage)
class LibraryAdmin(BoundedAdmin, LearningPackageAdmin):
    """
    The page of ``openedx_content`` about a learning package, with its grants.

    The package itself stays as it is. Who may give roles is said by the permissions on guardian's tables; superusers
    may.
    """

    inlines = (UserGrants, GroupGrants)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether there are roles that the user may give or take."""
        return any(
            inline.has_change_permission(request) or inline.has_add_permission(request, obj)
            for inline in (each(self.model, self.admin_site) for each in self.inlines)
        )

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Nothing about the package itself can be changed here."""


@admin.register(get_user_model())
class AccountAdmin(BoundedAdmin, UserAdmin):
    """Django's page about a user; its list is searched by the form that gives roles."""


@admin.register(Group)
class BoundedGroupAdmin(BoundedAdmin, GroupAdmin):
    """Django's page about a group."""
