"""How often one may sign in, upload, and ask for a step."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from time import sleep

import pytest
from django.core.cache import cache
from django.core.cache.backends.locmem import LocMemCache
from django.test import Client

from import_from_modulestore import api
from import_from_modulestore_standalone import limits
from import_from_modulestore_standalone.limits import KNOWN, _Count

from .builders import KEY, TARGET
from .processes import PATIENCE, Project
from .test_site import API


@pytest.fixture(autouse=True)
def rates(settings, tmp_path):
    """Two of each in an hour, and a cache of the test's own."""
    settings.RATE_LIMITS = dict.fromkeys(("sign_in", "upload", "step"), "2/hour")
    cache.clear()
    yield settings.RATE_LIMITS
    cache.clear()


@pytest.fixture
def of(django_user_model):
    """A client of somebody who is signed in: ``of(user)``."""

    def signed_in(user) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return signed_in


def assert_refused(answer) -> None:
    assert answer.status_code == 429
    assert 60 < int(answer.headers["Retry-After"]) <= 3600, "not a minute, which is another rate"


SIGN_IN = ("/sign-in/", "/admin/login/")


def try_to_sign_in(page: str, name: str, password: str = "wrong", **options):
    return Client(**options).post(page, {"username": name, "password": password})


class TestSigningIn:
    @pytest.mark.parametrize("page", SIGN_IN)
    def test_one_name_is_tried_so_often_wherever_from(self, db, page, django_user_model):
        django_user_model.objects.create_user("author", password="right", is_staff=True)
        for number in range(2):
            assert try_to_sign_in(page, "author", REMOTE_ADDR=f"10.0.0.{number}").status_code == 200
        answer = try_to_sign_in(page, "Author", "right", REMOTE_ADDR="10.0.0.9")
        assert_refused(answer)
        assert "Too many requests" in answer.content.decode()
        assert "Try again in" in answer.content.decode()
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert try_to_sign_in(page, "somebody", REMOTE_ADDR="10.0.0.9").status_code == 200

    def test_both_pages_count_as_one(self, db):
        assert [try_to_sign_in(page, "a").status_code for page in SIGN_IN] == [200, 200]
        assert_refused(try_to_sign_in(SIGN_IN[0], "a"))

    def test_so_are_all_names_from_one_address_and_no_header_gives_another(self, db):
        answers = [
            try_to_sign_in(SIGN_IN[0], f"name{number}", headers={"X-Forwarded-For": f"10.0.0.{number}"})
            for number in range(13)
        ]
        assert {answer.status_code for answer in answers[:12]} == {200}
        assert_refused(answers[12])

    @pytest.mark.parametrize("spelled", [" author", "author ", "ａｕｔｈｏｒ", "AUTHOR"])
    def test_no_other_spelling_of_a_name_is_counted_for_itself(self, db, spelled, django_user_model):
        django_user_model.objects.create_user("author", password="right")
        for _number in range(2):
            assert try_to_sign_in(SIGN_IN[0], "author").status_code == 200
        assert_refused(try_to_sign_in(SIGN_IN[0], spelled, "right"))

    def test_nor_is_one_that_the_database_takes_for_the_same(self, db, django_user_model, monkeypatch):
        """As MySQL and MariaDB do; see their collations."""
        django_user_model.objects.create_user("author", password="right")
        found = type(django_user_model._default_manager).get_by_natural_key
        plain = str.maketrans("àö", "ao")
        monkeypatch.setattr(
            type(django_user_model._default_manager),
            "get_by_natural_key",
            lambda self, name: found(self, name.translate(plain)),
        )
        for name in ("àuthor", "authör"):
            assert try_to_sign_in(SIGN_IN[0], name).status_code == 200
        assert_refused(try_to_sign_in(SIGN_IN[0], "author", "right"))

    def test_nor_are_those_who_come_at_the_same_time(self, db, monkeypatch):
        class Slow(LocMemCache):
            def get(self, *args, **kwargs):
                found = super().get(*args, **kwargs)
                sleep(0.05)
                return found

        monkeypatch.setattr(_Count, "cache", Slow("slow", {}))
        monkeypatch.setattr(limits, "_PATIENCE", PATIENCE)
        with ThreadPoolExecutor(6) as threads:
            allowed = list(
                threads.map(lambda _: _Count("2/hour", "step", "user:1").allow_request(None, None), range(6))
            )
        assert sum(allowed) == 2

    def test_whoever_is_signed_in_guesses_their_own_password_no_oftener(self, of, user):
        user.is_staff = True
        user.save()
        client, page = of(user), "/admin/password_change/"
        assert [client.post(page, {"old_password": "x"}).status_code for _number in range(2)] == [200, 200]
        assert_refused(client.post(page, {"old_password": "x"}))

    @pytest.fixture
    def known(self, db, django_user_model) -> Client:
        """The browser in which ``author`` has signed in, and signed out again."""
        django_user_model.objects.create_user("author", password="right")
        client = Client()
        assert client.post(SIGN_IN[0], {"username": "author", "password": "right"}).status_code == 302
        del client.cookies["sessionid"]
        cache.clear()
        return client

    def test_who_guesses_a_name_keeps_a_browser_that_it_is_known_in_from_nothing(self, known):
        while try_to_sign_in(SIGN_IN[0], "author").status_code == 200:
            pass
        assert_refused(try_to_sign_in(SIGN_IN[0], "author", "right"))
        assert known.post(SIGN_IN[0], {"username": "author", "password": "right"}).status_code == 302

    def test_nor_does_who_guesses_all_names_from_the_address_of_a_proxy(self, known):
        for number in range(12):
            assert try_to_sign_in(SIGN_IN[0], f"name{number}").status_code == 200
        assert_refused(try_to_sign_in(SIGN_IN[0], "newcomer"))
        assert known.post(SIGN_IN[0], {"username": "author", "password": "right"}).status_code == 302

    def test_in_such_a_browser_one_guesses_no_oftener(self, known):
        form = {"username": "author", "password": "wrong"}
        assert [known.post(page, form).status_code for page in SIGN_IN] == [200, 200]
        assert_refused(known.post(SIGN_IN[0], form))
        other = Client()
        other.cookies[KNOWN] = known.cookies[KNOWN].value
        assert_refused(other.post(SIGN_IN[0], form))

    def test_it_is_known_for_one_name_and_until_the_password_changes(self, known, django_user_model):
        other = django_user_model.objects.create_user("other", password="right")
        for name in ("other", "author"):
            while try_to_sign_in(SIGN_IN[0], name).status_code == 200:
                cache.delete("modulestore_imports:limit:sign_in:address:127.0.0.1")
        assert_refused(known.post(SIGN_IN[0], {"username": other.username, "password": "right"}))
        author = django_user_model.objects.get(username="author")
        author.set_password("another")
        author.save()
        assert_refused(known.post(SIGN_IN[0], {"username": "author", "password": "another"}))

    @pytest.mark.parametrize("forged", ["", "x", "\u00fc", "0" * 64])
    def test_what_is_shown_instead_counts_for_nothing(self, known, forged):
        known.cookies[KNOWN] = forged
        form = {"username": "author", "password": "wrong"}
        assert [known.post(SIGN_IN[0], form).status_code for _ in range(2)] == [200, 200]
        assert_refused(try_to_sign_in(SIGN_IN[0], "author", "right"))

    @pytest.mark.parametrize(
        ("addresses", "are_one"),
        [
            (("2001:db8::1", "2001:db8::ffff:0:0:1"), True),
            (("2001:db8::1", "2001:db8:0:1::1"), False),
            (("10.0.0.1", "::ffff:10.0.0.1"), True),
            (("10.0.0.1", "10.0.0.2"), False),
            (("fe80::1%eth0", "fe80::2%eth0"), True),
            (("", ""), True),
        ],
    )
    def test_with_ipv6_an_address_is_the_network_of_a_customer(self, db, addresses, are_one):
        for number in range(12):
            answer = try_to_sign_in(SIGN_IN[0], f"name{number}", REMOTE_ADDR=addresses[number % 2])
            assert answer.status_code == 200
        last = try_to_sign_in(SIGN_IN[0], "name", REMOTE_ADDR=addresses[0])
        assert last.status_code == (429 if are_one else 200)

    def test_to_look_at_the_page_is_free(self, db):
        assert {Client().get(SIGN_IN[0]).status_code for _ in range(20)} == {200}


class TestSteps:
    @pytest.fixture
    def run(self, course, stage):
        return stage()

    def test_over_rest_they_are_refused_as_a_problem(self, run, user, of):
        client = of(user)
        addresses = (f"/{API}/imports/{run}/stage/", f"/{API}/imports/{run}/complete/", f"/{API}/preview/")
        first, second, third = (client.post(each, {}, "application/json") for each in addresses)
        assert 429 not in (first.status_code, second.status_code)
        assert_refused(third)
        assert (third.headers["Content-Type"], third.json()["code"]) == ("application/problem+json", "throttled")

    def test_on_pages_and_in_the_admin_on_a_page_and_all_doors_count_as_one(self, run, user, of):
        client = of(user)
        assert client.post(f"/{API}/imports/{run}/stage/", {}, "application/json").status_code == 202
        assert client.post(f"/imports/{run}/do/complete/").status_code != 429
        for page in (f"/imports/{run}/undo/", f"/imports/{run}/do/redo/", "/admin/modulestore_imports/import/add/"):
            assert_refused(client.post(page))
        part = client.post(f"/imports/{run}/undo/", headers={"HX-Request": "true"})
        assert_refused(part)
        assert (part.headers["HX-Retarget"], "<html" in part.content.decode()) == ("#messages", False)

    def test_others_are_not_kept_waiting_by_it(self, run, user, editor, of):
        for _number in range(3):
            answer = of(user).post(f"/{API}/imports/{run}/stage/", {}, "application/json")
        assert_refused(answer)
        assert of(editor).post(f"/{API}/imports/{run}/stage/", {}, "application/json").status_code == 409

    def test_whoever_has_enough_is_let_stop_and_look(self, course, user, library, of):
        client = of(user)
        for _number in range(3):
            run = api.create_import(user=user, source_key=KEY, library_key=TARGET).id
            assert client.post(f"/imports/{run}/do/cancel/").status_code == 302
            assert client.get(f"/imports/{run}/").status_code == 200
            assert client.post(f"/{API}/imports/{run}/cancel/", {}, "application/json").status_code != 429
            assert client.get(f"/{API}/imports/{run}/").status_code == 200


@pytest.mark.parametrize("address", ["/import/upload/", f"/{API}/sources/"])
def test_uploads_are_limited_by_themselves(user, of, address):
    client = of(user)
    for _number in range(2):
        assert client.post(address, {}).status_code != 429
    assert_refused(client.post(address, {}))
    assert client.post(f"/{API}/preview/", {}, "application/json").status_code != 429


def test_every_name_of_a_view_that_counts_is_one_of_a_view():
    """A view that gets another name would count no more."""
    from django.urls import get_resolver

    from import_from_modulestore_standalone.limits import _SCOPES

    def names(resolver, spaces=()):
        for each in resolver.url_patterns:
            if hasattr(each, "url_patterns"):
                yield from names(each, (*spaces, each.namespace) if each.namespace else spaces)
            elif each.name:
                yield ":".join((*spaces, each.name))

    assert set(_SCOPES) - set(names(get_resolver())) == set()


def test_off_is_no_limit(rates, db):
    rates["sign_in"] = None
    assert {try_to_sign_in(SIGN_IN[0], "author").status_code for _ in range(5)} == {200}


def test_a_cache_that_is_gone_keeps_nobody_from_work(db, settings, monkeypatch):
    monkeypatch.setattr("import_from_modulestore_standalone.limits._Count.cache", None)
    assert {try_to_sign_in(SIGN_IN[0], "author").status_code for _ in range(4)} == {200}


def test_what_is_no_rate_is_refused_with_an_example(tmp_path):
    refused = Project(tmp_path, RATE_STEP="many").manage("check")
    told = "RATE_STEP is 'many'. Give a number for a second, minute, hour or day, as 120/minute, or off.\n"
    assert (refused.returncode, refused.stderr) == (1, told)
