"""The page about a library, where roles are given and taken."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import reverse
from openedx_content.models_api import LearningPackage

from import_from_modulestore_standalone.grants import Role, list_grants

from ..builders import TARGET
from .conftest import text_of


@pytest.fixture
def package(library):
    return LearningPackage.objects.get(package_ref=TARGET)


def page(package) -> str:
    return reverse("admin:openedx_content_learningpackage_change", args=[package.id])


def permission(role: Role) -> int:
    return Permission.objects.get(codename=role.codename, content_type__app_label="openedx_content").pk


def form(response) -> dict[str, str]:
    """What the browser would send of the page as it is."""
    fields: dict[str, str] = {}
    for formset in response.context["inline_admin_formsets"]:
        for each in (formset.formset.management_form, *formset.formset.forms):
            fields |= {field.html_name: "" if (value := field.value()) is None else value for field in each}
    return fields


USERS = "guardian-userobjectpermission-content_type-object_pk"
GROUPS = "guardian-groupobjectpermission-content_type-object_pk"


def roles() -> set[tuple[str, str]]:
    return {(grant.name, grant.role.value) for grant in list_grants()}


def test_gives_changes_and_takes_roles(pages, package, stranger):
    group = Group.objects.create(name="reviewers")
    sent = form(pages.get(page(package)))
    sent |= {f"{USERS}-1-user": stranger.pk, f"{USERS}-1-permission": permission(Role.VIEWER)}
    sent |= {f"{GROUPS}-0-group": group.pk, f"{GROUPS}-0-permission": permission(Role.EDITOR)}
    pages.post(page(package), **sent)
    assert roles() == {("ada", "editor"), ("eve", "viewer"), ("reviewers", "editor")}

    sent = form(pages.get(page(package)))
    sent |= {f"{USERS}-1-permission": permission(Role.EDITOR), f"{GROUPS}-0-DELETE": "on"}
    pages.post(page(package), **sent)
    assert roles() == {("ada", "editor"), ("eve", "editor")}


def test_speaks_of_roles_and_offers_no_other_permissions(pages, package):
    content = text_of(pages.get(page(package)))
    assert "Viewer: sees the library and its history" in content
    assert "Can delete" not in content


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR])
def test_gives_nobody_two_roles(pages, package, user, role):
    sent = form(pages.get(page(package)))
    sent |= {f"{USERS}-1-user": user.pk, f"{USERS}-1-permission": permission(role)}
    assert "ada has a role already; choose one." in text_of(pages.post(page(package), **sent))
    assert roles() == {("ada", "editor")}


def test_leaves_the_library_as_it_is(pages, package):
    before = LearningPackage.objects.values().get()
    pages.post(page(package), title="Other", package_ref="lib:Acme:Other", **form(pages.get(page(package))))
    assert LearningPackage.objects.values().get() == before


@pytest.mark.parametrize("role", ["editor", "viewer"])
def test_is_not_for_those_who_have_a_role_themselves(request, pages_of, package, role):
    pages = pages_of(request.getfixturevalue(role))
    assert pages.get(page(package)).status_code == 403
    assert pages.post(page(package)).status_code == 403
