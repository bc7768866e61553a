"""Changing all blocks that match, and taking the last change back, through the REST API."""

import pytest

from ..builders import usage_key
from ..plans import plans_made
from .conftest import faults


def test_all_that_match_are_left_out_and_taken_back(client, staged):
    path = f"imports/{staged}/"
    matching = {"block_type": "problem", "state": ["unchanged", "new"]}
    changed = client.patch(f"{path}blocks/", {"matching": matching, "selected": False})
    assert (changed["selected"], changed["decided"]) == (2, None)
    assert client.get(f"{path}blocks/", selected="false")["count"] == 2
    back = client.post(f"{path}take-back/", {"change": changed["change"]}, status=200)
    assert back["changed"] == 2
    assert client.get(f"{path}blocks/", selected="false")["count"] == 0
    assert client("POST", f"{path}take-back/", {"change": changed["change"]}).status_code == 409


def test_blocks_are_named_in_one_way(client, staged):
    path = f"imports/{staged}/blocks/"
    for body in ({"selected": False}, {"selected": False, "matching": {}, "usage_keys": ["x"]}):
        assert "usage_keys" in faults(client("PATCH", path, body))
    assert "matching.odd" in faults(client("PATCH", path, {"selected": False, "matching": {"odd": 1}}))
    assert "contents" in faults(client("PATCH", path, {"matching": {}, "contents": "unit"}))


def test_what_is_named_and_is_not_there_is_at_fault_where_it_stands(client, staged):
    path, nowhere = f"imports/{staged}/blocks/", usage_key("vertical", "nowhere")
    named = {"usage_keys": [nowhere]}, {"matching": {"parent": nowhere}}
    found = [list(faults(client("PATCH", path, {**body, "selected": False}))) for body in named]
    assert found == [["usage_keys"], ["matching.parent"]]


def test_a_block_tells_where_it_is_and_what_is_below(client, staged):
    first, *_more = client.get(f"imports/{staged}/blocks/", kind="subsection")["results"]
    assert first["path"] == ["chapter s1"]
    assert (first["blocks_below"], first["selected_below"]) == (5, 5)


@pytest.mark.parametrize("change", [{"title": "Low"}, {"olx": "<html>Low</html>"}, {"title": "Low", "olx": "<html/>"}])
def test_no_plan_is_made_while_an_edit_is_written(client, staged, change):
    with plans_made() as plans:
        client.patch(f"imports/{staged}/blocks/{usage_key('html', 't1')}/", change)
    assert plans == [0]


@pytest.mark.parametrize("which", [{"usage_keys": [usage_key("html", "t1")]}, {"matching": {"conflicts": True}}])
def test_nor_while_a_decision_is(client, staged, which):
    with plans_made() as plans:
        client.patch(f"imports/{staged}/blocks/", {**which, "decision": "overwrite"})
    assert plans == [0]


@pytest.mark.parametrize("change", [{"title": "Low"}, {"olx": "<html>Low</html>"}])
def test_where_the_pieces_do_not_fit_nothing_is_edited_either(client, staged, change):
    block = f"imports/{staged}/blocks/{usage_key('html', 't2')}/"
    before = client.get(block)
    pieces = [{"name": "title", "take": "library"}]
    assert "pieces" in faults(client("PATCH", block, {**change, "pieces": pieces}))
    assert client.get(block) == before
