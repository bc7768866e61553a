"""Whether the site lives and is ready: told to everybody, and nothing else with it."""

from __future__ import annotations

import errno
import json

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.test.utils import CaptureQueriesContext

from import_from_modulestore_standalone import health
from import_from_modulestore_standalone.celery import app

from .processes import Browser, wait_for
from .test_site import port_in

WELL = {"database": "ok", "migrations": "ok", "broker": "ok", "storage": "ok"}


@pytest.fixture(autouse=True)
def _started_just_now(monkeypatch):
    monkeypatch.setattr(health, "_readiness", health.Readiness())
    monkeypatch.setattr(health, "FRESH", 3600)


@pytest.fixture
def ask():
    """Ask a site that has just started: ``ask("/readyz")`` gives the status and what it says."""

    def asked(address: str, **options) -> tuple[int, dict]:
        answer = Client(**options).get(address)
        assert answer.headers["Cache-Control"] == "no-store"
        return answer.status_code, answer.json()

    return asked


def test_a_process_that_lives_says_so_to_everybody_without_a_look_at_anything(ask):
    # Without the fixture `db`, whoever looks into the database fails.
    assert ask("/healthz", headers={"Host": "whoever.example.org"}) == (200, {"status": "ok"})


def test_so_does_one_that_is_ready(ask, db):
    assert ask("/readyz", headers={"Host": "10.0.0.7"}) == (200, {"status": "ready", "checks": WELL})


def test_it_costs_a_fixed_number_of_statements_and_none_where_one_asks_again(db):
    client = Client()
    with CaptureQueriesContext(connection) as statements:
        assert client.get("/readyz").status_code == 200
    assert len(statements) <= 6
    with CaptureQueriesContext(connection) as statements:
        assert client.get("/readyz").status_code == 200
    assert len(statements) == 0


@pytest.mark.parametrize("word", ["missing", "newer"])
def test_a_database_of_another_version_is_not_served(ask, db, word):
    applied = MigrationRecorder.Migration.objects
    if word == "missing":
        applied.filter(app="import_from_modulestore_standalone").latest("name").delete()
    else:
        applied.create(app="modulestore_imports", name="9999_of_tomorrow")
    assert ask("/readyz") == (503, {"status": "not ready", "checks": {**WELL, "migrations": word}})


def test_a_broker_that_cannot_be_reached_is_told_without_its_address(ask, db, monkeypatch):
    monkeypatch.setattr(app.conf, "broker_url", "redis://:secret@127.0.0.1:1/0")
    monkeypatch.setattr(app, "connection_for_write", lambda: app.connection("redis://:secret@127.0.0.1:1/0"))
    status, said = ask("/readyz")
    assert (status, said["checks"]) == (503, {**WELL, "broker": "unreachable"})
    assert "secret" not in json.dumps(said)
    assert "127.0.0.1" not in json.dumps(said)


def test_a_disk_that_takes_nothing_is_told(ask, db, monkeypatch):
    def full(folder):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(health, "_write_in", full)
    assert ask("/readyz") == (503, {"status": "not ready", "checks": {**WELL, "storage": "not_writable"}})


def test_so_is_a_network_folder_that_is_not_there(ask, db, settings, tmp_path):
    settings.VAR_DIR = tmp_path / "unmounted"
    assert ask("/readyz")[1]["checks"] == {**WELL, "storage": "not_writable"}


@pytest.mark.slow
def test_a_database_that_is_gone_makes_a_site_that_lives_and_is_not_ready(serve, project):
    _process, said = serve("--no-worker")
    site, browser = f"http://127.0.0.1:{port_in(said)}", Browser()
    assert json.loads(browser.open(f"{site}/readyz").text)["checks"] == WELL
    project.database.rename(project.database.with_name("moved"))
    project.database.mkdir()
    wait_for(lambda: browser.open(f"{site}/readyz").status == 503)
    told = json.loads(browser.open(f"{site}/readyz").text)["checks"]
    assert told == {**WELL, "database": "closed", "migrations": "unknown"}
    assert browser.open(f"{site}/healthz").status == 200
