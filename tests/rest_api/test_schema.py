"""The API is what its description says."""

import re
from contextlib import closing
from itertools import cycle

import pytest
import schemathesis
from django.core.management import call_command
from django.db import transaction
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from import_from_modulestore_standalone.wsgi import application

from ..builders import KEY, TARGET, usage_key
from .conftest import ROOT

schema = schemathesis.pytest.from_fixture("described")

WORDS = {
    "path.key": [KEY, TARGET],
    "path.export": ["c1", "upload:1/none.zip"],
    "path.name": ["a.png"],
    "path.usage_key": [usage_key("html", "t1"), usage_key("vertical", "u1")],
    "query.source_key": [KEY],
    "query.library_key": [TARGET],
    "query.parent": [usage_key("chapter", "s1")],
    "query.usage_key": [usage_key("html", "t1")],
    "query.item_key": ["lb:Acme:Target:html:t1", "lct:Acme:Target:unit:u1"],
    "body.source_key": [KEY],
    "body.library_key": [TARGET],
    "body.key": ["lib:Acme:Sea"],
    "body.items[*]": ["lb:Acme:Target:html:t2"],
    "body.usage_keys[*]": [usage_key("html", "t1"), usage_key("vertical", "u1")],
}
"""What is there, for cases that would find nothing by chance."""


@pytest.fixture
def words(client, staged, imported) -> dict[str, list[str]]:
    batch = client.post("batches/", {"sources": [{"source_key": KEY}], "library_key": TARGET}, status=201)["id"]
    return {**WORDS, "path.import_id": [staged, imported], "path.batch_id": [batch]}


@pytest.fixture
def ada(token_of) -> dict[str, str]:
    return token_of("ada")


@pytest.fixture
def described(request, words):
    """The API, from its own description."""
    request.node._nodeid = request.node.nodeid  # Schemathesis 4.32 looks for it; pytest 9.2 has it no more.
    config = {
        "generation": {"deterministic": True, "max-examples": 3},
        "phases": {"coverage": {"unexpected-methods": ["PUT"]}},
        "dictionaries": {str(num): {"values": values} for num, values in enumerate(words.values())},
        "parameters": {name: {"dictionary": str(num), "probability": 0.8} for num, name in enumerate(words)},
    }
    return schemathesis.openapi.from_wsgi(f"{ROOT}schema/", as_served, config=SchemathesisConfig.from_dict(config))


def as_served(environ, start_response) -> list[bytes]:
    """The application, whose answers are read to their end and closed, as every server does."""
    with closing(application(environ, start_response)) as answer:
        return [b"".join(answer)]


@pytest.mark.slow
@schema.parametrize()
def test_the_api_keeps_its_word(case, ada, words, django_capture_on_commit_callbacks):
    """Each case finds the same staged and the same written import, and leaves nothing behind."""
    if case.meta.generation.mode.is_positive:  # The coverage phase knows no dictionaries.
        for name in case.path_parameters:
            case.path_parameters[name] = next(_turns.setdefault(name, cycle(words[f"path.{name}"])))
    with transaction.atomic():
        with django_capture_on_commit_callbacks(execute=True):
            case.call_and_validate(headers=ada, excluded_checks=_EXCLUDED)
        transaction.set_rollback(True)


_turns: dict[str, cycle] = {}

_EXCLUDED = [
    positive_data_acceptance,  # A request may be as described and yet ask for what is not there.
    ignored_auth,  # Sends everything three times; see the next test.
]


def test_nobody_gets_in_without_signing_in(described, client_of):
    operations = [result.ok() for result in described.get_all_operations()]
    assert len(operations) > 20
    for operation in operations:
        path = re.sub("{(import|batch)_id}", "2d9c9a4e-4a6c-4c4e-9d5f-0123456789ab", operation.path)
        response = client_of().http.generic(operation.method, path, "{}", content_type="application/json")
        assert (response.status_code, response.json()["code"]) == (401, "not_authenticated"), operation.label
        assert response["WWW-Authenticate"] == 'JWT realm="api"'


def test_the_description_is_valid_and_complete(tmp_path):
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "openapi.yaml"))


def test_the_description_says_where_the_api_is(client_of):
    description = client_of().http.get(f"{ROOT}schema/?format=json").json()
    assert f"{ROOT}imports/{{import_id}}/blocks/" in description["paths"]
    assert all(path.startswith(ROOT) for path in description["paths"])
    assert description["info"]["title"] == "Import from modulestore"


def test_there_is_a_page_to_read_it_on_from_this_server_alone(client_of):
    page = client_of().http.get(f"{ROOT}docs/").content.decode()
    assert "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js" in page
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert all(address.startswith("/static/") for address in loaded), loaded
