"""Clients of the REST API, as JSON goes in and out."""

from __future__ import annotations

import json
import time
from functools import partial
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import TestCase
from rest_framework.test import APIClient

from import_from_modulestore.data import ImportState
from import_from_modulestore.rest_api.errors import Problem

from ..builders import KEY, TARGET, small_course, write_course
from ..keeping import kept

ROOT = "/api/modulestore_imports/v1/"
ISSUER = "https://lms.example.com/oauth2"


class Client:
    """Asks below :data:`ROOT`; after each request, what it left to a worker is done."""

    def __init__(self, committing: Any, user: Any = None) -> None:
        self.http = APIClient()
        self._committing = committing
        if user is not None:
            self.http.force_login(user)

    def __call__(self, method: str, path: str, body: Any = None, **kwargs: Any) -> Any:
        """The response to a request with a JSON body; ``query`` and ``headers`` as Django's test client has them."""
        query = kwargs.pop("query", None)
        with self._committing(execute=True):
            send = getattr(self.http, method.lower())
            if method == "GET":
                return send(ROOT + path, query, **kwargs)
            kwargs.setdefault("format", "json")
            return send(ROOT + path, body, query_params=query, **kwargs)

    def get(self, path: str, **query: Any) -> Any:
        """What a GET answers where all is well."""
        return self._good(self("GET", path, query=query), 200)

    def post(self, path: str, body: Any = None, *, status: int = 202) -> Any:
        """What a POST answers where all is well."""
        return self._good(self("POST", path, body), status)

    def patch(self, path: str, body: Any) -> Any:
        """What a PATCH answers where all is well."""
        return self._good(self("PATCH", path, body), 200)

    def delete(self, path: str) -> Any:
        """What a DELETE answers where all is well."""
        return self._good(self("DELETE", path), 200)

    @staticmethod
    def _good(response: Any, status: int) -> Any:
        assert response.status_code == status, response.content
        return response.json()


def answer(response):
    """Status and problem, which has one shape whatever is wrong."""
    problem = response.json()
    assert response["Content-Type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "code"} <= set(problem)
    assert problem["status"] == response.status_code
    assert problem["type"] == f"/api/modulestore_imports/v1/docs/#{problem['code']}"
    assert problem["title"] == Problem(problem["code"]).label
    return response.status_code, problem


def faults(response, place="field"):
    """What is wrong with a request, by field."""
    status, problem = answer(response)
    assert (status, problem["code"]) == (400, "invalid_request")
    return {error.get(place): error["detail"] for error in problem["errors"]}


@pytest.fixture
def client_of(db):
    """The client of a user: ``client_of(user)``; of nobody: ``client_of()``."""
    return partial(Client, TestCase.captureOnCommitCallbacks)


@pytest.fixture
def client(client_of, user):
    """The client of a user who may do everything."""
    return client_of(user)


@pytest.fixture(scope="session")
def _private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def token_of(settings, _private_key):
    """The header with a token for a user, of an issuer whose keys are configured: ``token_of("ada")``."""
    public = {**jwt.algorithms.RSAAlgorithm.to_jwk(_private_key.public_key(), as_dict=True), "kid": "test"}
    issuer = {"ISSUER": ISSUER, "AUDIENCE": None, "SECRET_KEY": None}
    settings.JWT_AUTH = {
        **settings.JWT_AUTH,
        "JWT_PUBLIC_SIGNING_JWK_SET": json.dumps({"keys": [public]}),
        "JWT_ISSUERS": [issuer],
    }

    def token(username: str, *, key: Any = _private_key, **claims: Any) -> dict[str, str]:
        now = int(time.time())
        payload = {"iss": ISSUER, "iat": now, "exp": now + 600, "preferred_username": username, **claims}
        return {"Authorization": f"JWT {jwt.encode(payload, key, 'RS512')}"}

    return token


@pytest.fixture
def stranger(db, django_user_model):
    return django_user_model.objects.create(username="eve")


@pytest.fixture
@kept
def course(courses):
    """The small course, on the shelf."""
    return write_course(courses / "c1", *small_course())


@pytest.fixture
@kept
def imported(course, run_import) -> str:
    """The ID of an import that is done."""
    return run_import()[0].id


@pytest.fixture
@kept
def staged(client, imported, courses) -> str:
    """The ID of a staged import of the same course again, with one text changed in the source."""
    write_course(courses / "c1", *small_course(), files={"html/t1.html": "<p>Low water.</p>"})
    made = client.post("imports/", {"source_key": KEY, "library_key": TARGET}, status=201)
    found = client.get(f"imports/{made['id']}/")
    assert found["state"] == ImportState.STAGED, found
    return found["id"]
