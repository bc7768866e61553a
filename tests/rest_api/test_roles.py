"""Who may do what through the REST API."""

import pytest
from guardian.shortcuts import assign_perm
from openedx_content import api as content_api

from import_from_modulestore_standalone.grants import Role, give

from ..builders import KEY, TARGET, usage_key

T1 = usage_key("html", "t1")

READS = ["", "records/", "work/", "reversals/", "reversals/last/", "undo/"]
REVIEWS = ["blocks/", f"blocks/{T1}/", "choices/", "gone/", "plan/"]
CHANGES = [
    ("PATCH", f"blocks/{T1}/", {"selected": False}),
    ("PATCH", "blocks/", {"usage_keys": [T1], "selected": False}),
    ("DELETE", f"blocks/{T1}/edit/", None),
    ("PATCH", "choices/", {"as_last_time": True}),
    ("POST", "choices/", {"version": 1, "blocks": []}),
    ("POST", "take-back/", {"change": 1}),
    ("PATCH", "gone/", {"remove": True}),
    ("PATCH", "work/", {"nums": [1], "done": True}),
    ("POST", "complete/", {}),
    ("POST", "cancel/", {}),
]


@pytest.fixture
def client_as(client_of, django_user_model, library):
    """The client of a user with a role of the target, who may also read courses: ``client_as("editor")``."""

    def client_as(role: str):
        user = django_user_model.objects.create(username=role, is_superuser=role == "superuser")
        if role in ("viewer", "editor"):
            give(user, Role.READER)
            give(user, Role(role), content_api.get_learning_package_by_ref(TARGET))
        return client_of(user)

    return client_as


@pytest.mark.parametrize("role", ["superuser", "editor"])
def test_who_may_change_the_target_does_everything(role, client_as, imported, course):
    client = client_as(role)
    assert client.get("sources/")["count"] == client.get("libraries/")["count"] == 1
    for path in READS:
        client.get(f"imports/{imported}/{path}")
    made = client.post("imports/", {"source_key": KEY, "library_key": TARGET}, status=201)
    assert client.get(f"imports/{made['id']}/blocks/")["count"] == 12
    client.patch(f"imports/{made['id']}/blocks/", {"usage_keys": [T1], "selected": False})
    client.post(f"imports/{made['id']}/complete/")
    assert client.get(f"imports/{made['id']}/")["state"] == "imported"
    client.post(f"imports/{imported}/undo/")
    assert client.get(f"imports/{imported}/")["state"] == "undone"


def test_a_viewer_sees_and_changes_nothing(client_as, staged, imported):
    viewer = client_as("viewer")
    assert viewer.get("imports/")["count"] == 2
    for path in READS:
        viewer.get(f"imports/{imported}/{path}")
    for path in REVIEWS:
        viewer.get(f"imports/{staged}/{path}")
    assert viewer.get("where/", usage_key=T1)["count"] == 1
    before = viewer.get(f"imports/{staged}/")
    for method, path, body in CHANGES:
        response = viewer(method, f"imports/{staged}/{path}", body)
        assert (response.status_code, response.json()["code"]) == (403, "not_permitted"), path
    assert viewer("POST", f"imports/{imported}/undo/").status_code == 403
    assert viewer("POST", "imports/", {"source_key": KEY, "library_key": TARGET}).status_code == 403
    assert viewer("POST", "libraries/", {"key": "lib:Acme:Sea", "title": "Sea"}).status_code == 403
    assert viewer.get(f"imports/{staged}/") == before


def test_a_stranger_is_told_the_same_of_what_is_there_and_what_is_not(client_as, staged, imported):
    stranger = client_as("stranger")
    for path in ("imports/", "sources/", "libraries/"):
        assert stranger.get(path)["count"] == 0
    for query in ({"usage_key": T1}, {"item_key": "lb:Acme:Target:html:t1"}):
        assert stranger.get("where/", **query)["count"] == 0

    nowhere = "2d9c9a4e-4a6c-4c4e-9d5f-0123456789ab"
    asked = [("GET", path, None) for path in [*READS, *REVIEWS, "redo/"]]
    asked += [*CHANGES, ("POST", "undo/", {}), ("POST", "redo/", {}), ("POST", "retry/", {}), ("POST", "stage/", {})]
    for method, path, body in asked:
        answers = []
        for import_id in (staged, imported, nowhere):
            response = stranger(method, f"imports/{import_id}/{path}", body)
            assert response.status_code == 404, path
            answers.append(response.content.decode().replace(import_id, "…"))
        assert len(set(answers)) == 1, path

    there = stranger("POST", "imports/", {"source_key": KEY, "library_key": TARGET})
    not_there = stranger("POST", "imports/", {"source_key": KEY.replace("C1", "C9"), "library_key": TARGET})
    assert there.status_code == not_there.status_code == 404
    assert there.content.decode() == not_there.content.decode().replace("C9", "C1")
    for path in ("sources/{}/", "libraries/{}/"):
        known, unknown = (KEY, KEY.replace("C1", "C9")) if "sources" in path else (TARGET, "lib:Acme:None")
        known_answer, unknown_answer = stranger("GET", path.format(known)), stranger("GET", path.format(unknown))
        assert known_answer.status_code == unknown_answer.status_code == 404
        assert known_answer.content.decode() == unknown_answer.content.decode().replace(unknown, known)


def test_a_reader_without_a_library_is_told_the_same_of_one_there_and_not(client_of, stranger, course, library):
    give(stranger, Role.READER)
    reader = client_of(stranger)
    there = reader("POST", "imports/", {"source_key": KEY, "library_key": TARGET})
    not_there = reader("POST", "imports/", {"source_key": KEY, "library_key": "lib:Acme:None"})
    assert there.status_code == not_there.status_code == 404
    assert there.content.decode() == not_there.content.decode().replace("lib:Acme:None", TARGET)


def test_rights_that_were_taken_away_are_gone_at_once(client_of, stranger, staged, library):
    package = content_api.get_learning_package_by_ref(TARGET)
    give(stranger, Role.READER)
    assign_perm("change_learningpackage", stranger, package)
    editor = client_of(stranger)
    assert editor.get(f"imports/{staged}/")["state"] == "staged"
    stranger.is_active = False
    stranger.save()
    assert editor("GET", f"imports/{staged}/").status_code == 401
