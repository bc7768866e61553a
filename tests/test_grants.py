"""The standalone project's grants: roles of users and groups, by Django's permissions."""

import re
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.db import connection
from openedx_content import api as content_api
from openedx_content.models_api import LearningPackage

from import_from_modulestore import api
from import_from_modulestore.hosts import get_host
from import_from_modulestore.keys import parse_library_key
from import_from_modulestore_standalone.grants import Role, give, list_grants, take

from .builders import KEY, TARGET, small_course, write_course

TARGET_KEY = parse_library_key(TARGET)
RIGHTS = {
    Role.VIEWER: {"view"},
    Role.EDITOR: {"view", "edit"},
    Role.READER: {"read"},
    Role.CREATOR: {"create"},
}


@pytest.fixture
def package(library):
    return LearningPackage.objects.get(package_ref=TARGET)


@pytest.fixture
def other(user):
    return api.create_library(user=user, library_key="lib:Acme:Other", title="Other")


@pytest.fixture
def in_group(person):
    """A user who has roles as the member of a group only."""

    def make(role, library=None):
        member, group = person("greta"), Group.objects.create(name="reviewers")
        member.groups.add(group)
        give(group, role, library)
        return member

    return make


def rights(user) -> set[str]:
    """What the host says of a user and the target."""
    host = get_host()
    asked = {
        "view": host.can_view_library(user, TARGET_KEY),
        "edit": host.can_edit_library(user, TARGET_KEY),
        "read": bool(host.sources.readable(user, KEY)),
        "create": host.can_create_library(user),
    }
    return {right for right, granted in asked.items() if granted}


class TestRoles:
    @pytest.mark.parametrize(("role", "expected"), RIGHTS.items())
    def test_each_gives_its_rights_and_no_others(self, person, role, expected):
        assert rights(person("bob", role)) == expected

    def test_a_superuser_has_all_and_a_user_without_roles_none(self, user, stranger, library):
        assert rights(user) == {"view", "edit", "read", "create"}
        assert rights(stranger) == set()

    @pytest.mark.parametrize("fields", [{}, {"is_superuser": True}])
    def test_a_user_whose_account_is_closed_has_none(self, person, fields):
        closed = person("bob", *Role, is_active=False, **fields)
        assert rights(closed) == set()
        assert not get_host().list_libraries(closed)
        assert not api.list_sources(user=closed).items

    def test_of_one_library_say_nothing_of_another(self, editor, other):
        assert not get_host().can_view_library(editor, parse_library_key(other.key))
        assert [library.key for library in api.list_libraries(user=editor)] == [TARGET]

    def test_of_the_whole_site_hold_for_all_libraries(self, person, other):
        bob = person("bob")
        give(bob, Role.EDITOR)
        assert rights(bob) == {"view", "edit"}
        assert len(api.list_libraries(user=bob)) == 2

    @pytest.mark.parametrize(("role", "expected"), RIGHTS.items())
    def test_groups_have_them_too(self, in_group, package, role, expected):
        assert rights(in_group(role, package if role.is_of_library else None)) == expected

    def test_somebody_has_one_role_of_a_library(self, person, package):
        bob = person("bob", Role.EDITOR)
        give(bob, Role.VIEWER, package)
        assert rights(bob) == {"view"}

    @pytest.mark.parametrize("role", Role)
    def test_can_be_taken_again(self, person, package, role, django_user_model):
        library = package if role.is_of_library else None
        bob = person("bob", role)
        assert take(bob, role, library)
        assert not take(bob, role, library)
        assert rights(django_user_model.objects.get(pk=bob.pk)) == set()


class TestLibraries:
    def test_who_makes_one_is_its_editor(self, person):
        carla = person("carla", Role.CREATOR)
        made = api.create_library(user=carla, library_key="lib:Acme:Mine", title="Mine")
        assert get_host().can_edit_library(carla, parse_library_key(made.key))
        assert [library.key for library in api.list_libraries(user=carla)] == [made.key]

    def test_who_has_one_made_by_an_import_is_its_editor(self, person, courses):
        write_course(courses / "c1", *small_course())
        carla = person("carla", Role.CREATOR, Role.READER)
        run = api.create_import(user=carla, source_key=KEY, library_key="lib:Acme:New", new_library_title="")
        api.stage_import(user=carla, import_id=run.id)
        api.complete_import(user=carla, import_id=run.id)
        assert [library.key for library in api.list_libraries(user=carla)] == ["lib:Acme:New"]

    def test_grants_do_not_outlive_their_library(self, editor, package):
        package_id = package.id
        LearningPackage.objects.filter(id=package_id).delete()
        assert list_grants() == [grant for grant in list_grants() if not grant.library]
        later = content_api.create_learning_package("lib:Acme:Later", "Later")
        LearningPackage.objects.filter(id=later.id).update(id=package_id)
        assert not api.list_libraries(user=editor)

    def test_one_that_is_gone_is_seen_by_those_who_see_all(self, user, editor, person, package):
        package.delete()
        auditor = person("aud")
        give(auditor, Role.VIEWER)
        assert get_host().viewable_libraries(user, [TARGET]) == {TARGET}
        assert get_host().viewable_libraries(auditor, [TARGET]) == {TARGET}
        assert get_host().viewable_libraries(editor, [TARGET]) == set()

    def test_learning_packages_that_are_no_content_libraries_are_not_listed(self, user, library):
        content_api.create_learning_package("something:else", "Else")
        assert [library.key for library in api.list_libraries(user=user)] == [TARGET]


def statements(call) -> int:
    seen = []
    with connection.execute_wrapper(lambda execute, *rest: (seen.append(1), execute(*rest))[1]):
        call()
    return len(seen)


@pytest.mark.parametrize("ask", ["list_libraries", "viewable_libraries"])
def test_many_libraries_take_as_many_statements_as_one(ask, editor, django_user_model):
    def count() -> int:
        fresh = django_user_model.objects.get(pk=editor.pk)  # Django keeps permissions with the user.
        keys = list(LearningPackage.objects.values_list("package_ref", flat=True))
        host = get_host()
        calls = {
            "list_libraries": lambda: host.list_libraries(fresh),
            "viewable_libraries": lambda: host.viewable_libraries(fresh, keys),
        }
        return statements(calls[ask])

    few = count()
    for number in range(20):
        give(editor, Role.VIEWER, content_api.create_learning_package(f"lib:Acme:L{number}", "L"))
    assert count() == few <= 6


class TestCommand:
    def command(self, *words: str) -> str:
        out = StringIO()
        call_command("grants", *words, stdout=out)
        return out.getvalue()

    def test_gives_lists_and_takes(self, stranger, package):
        assert "eve is editor of lib:Acme:Target now." in self.command("give", "eve", "editor", TARGET)
        assert rights(stranger) == {"view", "edit"}
        assert "eve  editor  lib:Acme:Target" in self.command("list", TARGET)
        assert "eve is editor of lib:Acme:Target no longer." in self.command("take", "eve", "editor", TARGET)
        assert rights(stranger) == set()
        assert "eve  " not in self.command("list")

    def test_gives_groups_roles_of_the_whole_site(self, in_group, package):
        in_group(Role.READER)
        assert "Group reviewers is viewer of all libraries now." in self.command(
            "give", "--group", "reviewers", "viewer"
        )
        out = self.command("list")
        assert "reviewers (group)  viewer  all libraries" in out
        assert "reviewers (group)  reader  the whole site" in out

    def test_says_who_may_do_everything_and_whose_account_is_closed(self, user, person):
        person("bob", Role.VIEWER, is_active=False)
        out = self.command("list")
        assert "may do everything: ada" in out
        assert "bob (account closed: may do nothing)" in out

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (("give", "nobody", "viewer", TARGET), "There is no user 'nobody'."),
            (("give", "--group", "none", "viewer", TARGET), "There is no group 'none'."),
            (("give", "eve", "viewer", "lib:Acme:None"), "There is no library lib:Acme:None."),
            (("give", "eve", "viewer", "nonsense"), "is not the key of a content library"),
            (("give", "eve", "reader", TARGET), "for the whole site"),
            (("take", "eve", "viewer", TARGET), "eve is not viewer of lib:Acme:Target."),
            (("give", "eve", "owner", TARGET), "invalid choice: 'owner'"),
        ],
    )
    def test_refuses_with_a_reason(self, stranger, words, told):
        with pytest.raises(CommandError, match=told.replace("(", r"\(")):
            self.command(*words)
        assert rights(stranger) == set()


def test_the_examples_of_the_guide_print_what_they_say(user, person, library):
    api.create_library(user=user, library_key="lib:Acme:Sea", title="Sea")
    person("bob")
    Group.objects.create(name="reviewers")
    guide = (Path(__file__).parents[1] / "docs" / "reference" / "permissions.md").read_text()
    commands = re.findall(r"^\$ \./manage\.py (.*)\n((?:[^$`].*\n)*)", guide, re.MULTILINE)
    assert len(commands) == 5
    for words, told in commands:
        out = StringIO()
        call_command(*words.split(), stdout=out)
        assert [line.rstrip() for line in out.getvalue().splitlines()] == told.splitlines()
