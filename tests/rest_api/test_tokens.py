"""Tokens of the standalone project, with which scripts sign in."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from import_from_modulestore_standalone.models import Token

from .conftest import ROOT, answer


def tokens(*words: str) -> str:
    out = StringIO()
    call_command("tokens", *words, stdout=out, stderr=StringIO())
    return out.getvalue()


@pytest.fixture
def secret(user) -> str:
    return tokens("make", "ada", "--for", "nightly import").strip()


@pytest.fixture
def ask(client_of):
    """Ask for the list of imports with a token: ``ask(secret)``."""
    return lambda secret, **kwargs: client_of().http.get(
        f"{ROOT}imports/", headers={"Authorization": f"Token {secret}"}, **kwargs
    )


def test_signs_in_without_a_session_or_csrf_token(client_of, secret):
    headers = {"Authorization": f"Token {secret}"}
    response = client_of()("POST", "libraries/", {"key": "lib:Acme:Sea", "title": "The Sea"}, headers=headers)
    assert response.status_code == 201
    assert client_of()("GET", "libraries/", headers=headers).json()["count"] == 1


def test_is_taken_from_a_bearer_as_well(client_of, secret):
    def ask(sent: str):
        return client_of().http.get(f"{ROOT}imports/", headers={"Authorization": f"Bearer {sent}"})

    assert ask(secret).status_code == 200
    refused(ask("imports_another"))
    assert ask("of somebody else").headers["WWW-Authenticate"].startswith("JWT")


def test_is_kept_as_a_digest_alone(secret):
    [kept] = Token.objects.values()
    assert secret.startswith("imports_")
    assert not [value for value in kept.values() if secret.removeprefix("imports_") in str(value)]


def test_is_listed_with_its_last_use(ask, secret):
    assert "never" in tokens("list")
    assert ask(secret).status_code == 200
    listed = tokens("list", "ada")
    assert "nightly import" in listed
    assert "never" not in listed
    kept = Token.objects.get()
    assert (kept.expires - kept.created).days in (89, 90)
    assert f"{kept.expires:%Y-%m-%d}" in listed
    assert secret not in listed


def test_the_time_of_its_use_is_not_written_at_each_request(ask, secret, django_assert_num_queries):
    ask(secret)
    before = Token.objects.get().last_used
    ask(secret)
    assert Token.objects.get().last_used == before
    Token.objects.update(last_used=before - timedelta(minutes=2))
    ask(secret)
    assert Token.objects.get().last_used >= before


def test_holds_no_longer_once_it_is_revoked(ask, secret):
    tokens("revoke", str(Token.objects.get().pk))
    refused(ask(secret))
    with pytest.raises(CommandError, match="There is no token 1000"):
        tokens("revoke", "1000")


def test_expires(ask, secret):
    Token.objects.update(expires=timezone.now())
    refused(ask(secret))
    assert "(expired)" in tokens("list")


def test_may_be_made_to_hold_until_it_is_revoked(ask, user):
    assert ask(tokens("make", "ada", "--days", "0").strip()).status_code == 200
    assert "until revoked" in tokens("list")


def test_of_a_closed_account_does_not_work(ask, secret, user):
    user.is_active = False
    user.save()
    refused(ask(secret))
    assert "account closed" in tokens("list")
    with pytest.raises(CommandError, match="The account of ada is closed"):
        tokens("make", "ada")


def test_goes_with_its_account(secret, user):
    user.delete()
    assert not Token.objects.exists()


@pytest.mark.parametrize("wrong", ["imports_x", "", "a b", "imports_\u00e9", "x" * 5000])
def test_anything_else_is_refused(ask, secret, wrong):
    refused(ask(wrong))


@pytest.mark.parametrize("words", [("make", "nobody"), ("list", "nobody"), ("make", "ada", "--days", "-1")])
def test_what_cannot_be_made_is_told(user, words):
    with pytest.raises(CommandError, match=r"There is no user 'nobody'|Give 1 to 3650 days"):
        tokens(*words)


def test_is_not_taken_where_the_project_names_none(ask, secret, settings):
    """As in Studio."""
    settings.IMPORT_FROM_MODULESTORE_AUTHENTICATION = []
    assert answer(ask(secret))[1]["code"] == "not_authenticated"


def refused(response) -> None:
    status, problem = answer(response)
    assert (status, problem["code"]) == (401, "authentication_failed")
