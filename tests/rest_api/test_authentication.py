"""Sessions and tokens."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.db import connection
from django.db.utils import OperationalError
from django.test import Client

from .conftest import ROOT

PATH = f"{ROOT}imports/"


def test_a_token_of_the_issuer_signs_in(client_of, user, token_of):
    assert client_of().http.get(PATH, headers=token_of("ada")).status_code == 200


@pytest.mark.parametrize(
    "claims", [{"exp": 1}, {"iss": "https://else.example.com"}, {"preferred_username": None}, {"key": "another"}]
)
def test_any_other_token_does_not(claims, client_of, user, token_of):
    if claims == {"key": "another"}:
        claims = {"key": rsa.generate_private_key(public_exponent=65537, key_size=2048)}
    response = client_of().http.get(PATH, headers=token_of("ada", **claims))
    assert (response.status_code, response.json()["code"]) == (401, "authentication_failed")


def test_a_token_is_not_to_blame_where_nobody_can_be_looked_up(client_of, user, token_of):
    def gone(*args):
        raise OperationalError("no database")

    with connection.execute_wrapper(gone):
        response = client_of().http.get(PATH, headers=token_of("ada"))
    assert (response.status_code, response.json()["code"]) == (503, "database_unavailable")


def test_no_token_signs_in_where_no_keys_are_configured(client_of, user, token_of, settings):
    header = token_of("ada")
    for keys in ({}, {"JWT_PUBLIC_SIGNING_JWK_SET": ""}, {"JWT_PUBLIC_SIGNING_JWK_SET": None}):
        settings.JWT_AUTH = {"JWT_ISSUERS": settings.JWT_AUTH["JWT_ISSUERS"], **keys}
        assert client_of().http.get(PATH, headers=header).status_code == 401
    del settings.JWT_AUTH
    assert client_of().http.get(PATH, headers=header).status_code == 401


def test_the_project_as_it_comes_has_no_keys(settings):
    assert settings.JWT_AUTH["JWT_PUBLIC_SIGNING_JWK_SET"] == ""
    assert {issuer["SECRET_KEY"] for issuer in settings.JWT_AUTH["JWT_ISSUERS"]} == {None}


def test_a_session_signs_in_and_is_guarded_against_other_sites(user):
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    assert client.get(PATH).status_code == 200
    body = json.dumps({"key": "lib:Acme:Sea", "title": "Sea"})
    response = client.post(f"{ROOT}libraries/", body, content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (403, "permission_denied")


def test_a_closed_account_is_nobody(client_of, user, token_of):
    session = client_of(user)
    user.is_active = False
    user.save()
    assert session("GET", "imports/").status_code == 401
    assert client_of().http.get(PATH, headers=token_of("ada")).json()["count"] == 0
