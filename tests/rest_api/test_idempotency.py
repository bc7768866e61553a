"""A POST with an ``Idempotency-Key`` is carried out once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from import_from_modulestore import api
from import_from_modulestore.models import IdempotentRequest, Import
from import_from_modulestore.rest_api import idempotency

from ..builders import KEY, TARGET

BODY = {"source_key": KEY, "library_key": TARGET, "start": False}


@pytest.fixture
def send(client, course, library):
    """Ask for an import under a key."""

    def send(body=BODY, key="one", path="imports/"):
        return client("POST", path, body, headers={"Idempotency-Key": key})

    return send


def test_the_same_request_gets_the_first_answer_again(send):
    first, second = send(), send()
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert first["Location"] == second["Location"]
    assert "Idempotent-Replayed" not in first
    assert second["Idempotent-Replayed"] == "true"
    assert Import.objects.count() == 1


def test_another_key_is_another_request(send):
    assert send().json()["id"] != send(key="two").json()["id"]


def test_another_user_has_keys_of_their_own(send, client_of, django_user_model):
    send()
    bob = client_of(django_user_model.objects.create(username="bob", is_superuser=True))
    assert bob("POST", "imports/", BODY, headers={"Idempotency-Key": "one"}).json()["username"] == "bob"


@pytest.mark.parametrize(("body", "path"), [({**BODY, "library_key": "lib:Acme:B"}, "imports/"), (BODY, "libraries/")])
def test_another_request_under_the_same_key_is_refused(body, path, send):
    send()
    response = send(body, path=path)
    assert (response.status_code, response.json()["code"]) == (422, "idempotency_key_reused")
    assert Import.objects.count() == 1


def test_a_request_that_is_under_way_is_not_begun_again(send, monkeypatch):
    seen = []

    def meanwhile(**kwargs):
        seen.append(send())
        return create(**kwargs)

    create = api.create_import
    monkeypatch.setattr(api, "create_import", meanwhile)
    assert send().status_code == 201
    assert [(response.status_code, response.json()["code"]) for response in seen] == [(409, "request_under_way")]
    assert Import.objects.count() == 1


def test_a_refused_request_leaves_its_key_free(send):
    assert send({**BODY, "library_key": "lib:Acme:None"}).status_code == 404
    assert send().status_code == 201


def test_a_request_that_broke_leaves_its_key_free(send, client, settings):
    client.http.raise_request_exception = False
    host, settings.IMPORT_FROM_MODULESTORE_HOST = settings.IMPORT_FROM_MODULESTORE_HOST, "no.such.Host"
    assert send().status_code == 500
    settings.IMPORT_FROM_MODULESTORE_HOST = host
    assert send().status_code == 201


def test_a_key_is_of_use_for_a_day(send):
    first = send()
    IdempotentRequest.objects.update(created=timezone.now() - idempotency.KEPT_FOR - timedelta(seconds=1))
    assert send().json()["id"] != first.json()["id"]
    assert IdempotentRequest.objects.count() == 1


def test_a_request_whose_process_was_killed_is_taken_up_by_the_next(send):
    send()
    IdempotentRequest.objects.update(status=None, answer=None)
    assert send().status_code == 409
    IdempotentRequest.objects.update(created=timezone.now() - idempotency.ABANDONED_AFTER - timedelta(seconds=1))
    assert send().status_code == 201


@pytest.mark.parametrize("key", ["", "a key", "x" * 256, "schlüssel"])
def test_a_key_that_is_none(key, send):
    assert send(key=key).status_code == 400


def test_a_step_is_begun_once(client, imported):
    asked = [client("POST", f"imports/{imported}/undo/", headers={"Idempotency-Key": "undo"}) for _ in range(2)]
    assert [response.status_code for response in asked] == [202, 202]
    assert client.get(f"imports/{imported}/")["state"] == "undone"
    assert len(client.get(f"imports/{imported}/")["reversals"]) == 1
