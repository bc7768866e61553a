"""What databases judge for themselves: which IDs are equal, what a text column holds, how much a statement carries."""

from __future__ import annotations

import os
import subprocess
from urllib.parse import quote

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import CharField, TextField
from openedx_content.models_api import Container

from import_from_modulestore import api
from import_from_modulestore.data import BlockIds, Decision, ImportOptions
from import_from_modulestore.library import codes
from import_from_modulestore.models import Import

from .builders import KEY, TARGET, section, subsection, text, unit, usage_key, write_course
from .hostile.servers import OwnServer, Redis, can_run
from .library_state import drafts
from .processes import Project, Refused, ServerProject, free_port
from .test_environment import ODD

on_a_server = pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite compares as Python does")

TELLS_APART = connection.vendor == "sqlite"
"""Whether ``Intro`` and ``intro`` are two IDs of containers; of components they are everywhere."""


@pytest.fixture
def course(courses):
    """A course whose IDs differ by their case alone."""
    return write_course(
        courses / "c1",
        section("Intro", subsection("sub", unit("intro", text("Intro"), text("intro"))), title="One two"),
    )


class TestIdsThatDifferByCase:
    def test_the_library_has_all_items(self, course, run_import, state):
        _done, records = run_import()
        assert {record.outcome.value for record in records} == {"created"}
        assert set(drafts(state())) == {
            "intro",
            "sub",
            "Intro" if TELLS_APART else "Intro_1",
            "xblock.v1:html:Intro",
            "xblock.v1:html:intro",
        }

    def test_the_next_import_finds_them_again(self, course, run_import):
        run_import()
        _done, records = run_import()
        assert {record.outcome.value for record in records} == {"unchanged"}

    def test_a_fork_makes_another_of_each(self, course, run_import, state):
        run_import()
        run_import(on_conflict=Decision.FORK)
        assert len(drafts(state())) == 10

    def test_what_another_import_has_made_is_seen(self, courses, course, run_import, state):
        run_import()
        write_course(courses / "c1", section("INTRO", subsection("Sub", unit("iNTRO", text("t")))))
        _done, records = run_import()
        outcomes = {record.outcome.value for record in records} - {"kept"}
        assert outcomes == ({"created"} if TELLS_APART else {"created", "skipped"})
        assert len(drafts(state())) == (9 if TELLS_APART else 7)

    def test_a_failed_import_is_tried_again(self, course, user, library, monkeypatch):
        run = api.create_import(user=user, source_key=KEY, library_key=TARGET)
        api.stage_import(user=user, import_id=run.id)
        with monkeypatch.context() as patched, pytest.raises(api.StepFailed):
            patched.setattr("import_from_modulestore.completion.complete.write_records", lambda *args, **kwargs: 1 / 0)
            api.complete_import(user=user, import_id=run.id)
        assert api.complete_import(user=user, import_id=run.id).counts["created"] == 5

    def test_planning_asks_no_more_for_more_numbers(self, courses, user, library, django_assert_max_num_queries):
        units = (unit(f"u{n}_{n}", text(f"t{n}")) for n in range(60))
        write_course(courses / "c1", section("s", subsection("b", *units)))
        options = ImportOptions(on_conflict=Decision.FORK)
        first = api.create_import(user=user, source_key=KEY, library_key=TARGET)
        api.stage_import(user=user, import_id=first.id)
        api.complete_import(user=user, import_id=first.id)
        run = api.create_import(user=user, source_key=KEY, library_key=TARGET, options=options)
        api.stage_import(user=user, import_id=run.id)
        with django_assert_max_num_queries(25):
            api.plan_import(user=user, import_id=run.id)


def test_ids_from_titles_that_differ_by_accents_and_spaces(courses, run_import, state):
    units = (
        unit(f"u{n}", text(f"t{n}"), title=title) for n, title in enumerate(["Intro", "intro ", "Ïntro", "Straße"])
    )
    write_course(courses / "c1", section("s", subsection("b", *units)))
    _done, records = run_import(block_ids=BlockIds.FROM_TITLES)
    assert {record.outcome.value for record in records} == {"created"}
    assert Container.objects.filter(learning_package__package_ref=TARGET).count() == 6


@on_a_server
@pytest.mark.django_db
@pytest.mark.parametrize(
    "collation",
    ["utf8mb4_general_ci", "utf8mb4_unicode_ci", "utf8mb4_swedish_ci", "utf8mb3_general_ci", "latin1_swedish_ci"],
)
def test_codes_are_the_same_where_the_database_says_so(collation):
    charset = collation.partition("_")[0]
    same_code = codes.Codes(codes.Column(charset, collation))
    words = [
        "Intro",
        "intro",
        "intro_1",
        "INTRO_1",
        "intro_1_2",
        "intro ",
        "intr",
        "naïve",
        "naive",
        "Straße",
        "strasse",
    ]
    words += ["Strase", "_1", "1", "intro_", "in_tro", "in-tro", "æ", "ae", "intro_01"]
    words += [] if charset == "latin1" else ["潮", "汐", "Å", "Å", "ij", "ĳ", "intro_１"]
    same_code.learn([*"_0123456789", *words])
    with connection.cursor() as cursor:
        for one in words:
            for other in words:
                cursor.execute(
                    f"SELECT CONVERT(%s USING {charset}) = CONVERT(%s USING {charset}) COLLATE {collation}",
                    [one, other],
                )
                assert (same_code(one) == same_code(other)) == bool(cursor.fetchone()[0]), (one, other)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="other databases see to their logs themselves")
def test_sqlite_brings_its_log_into_the_file_not_for_each_small_import(db):
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_autocheckpoint")
        [pages] = cursor.fetchone()
    assert pages >= 3_000, "60 components write 1,150 pages into a library of 100,000 items."


class TestCharacters:
    """A title may have a 🌊, also where the database's character set does not."""

    @pytest.mark.parametrize("app_label", [Import._meta.app_label, "content_staging"])
    def test_every_column_of_text_names_its_collation(self, app_label):
        columns = [field for model in apps.get_app_config(app_label).get_models() for field in model._meta.local_fields]
        texts = [field for field in columns if isinstance(field, CharField | TextField)]
        assert [str(field) for field in texts if not getattr(field, "db_collations", {}).get("mysql")] == []

    @pytest.mark.slow
    @pytest.mark.parametrize("charset", ["utf8mb3", "latin1"])
    def test_a_database_with_another_character_set_is_brought_up_to_date(self, charset, server_url, tmp_path):
        before = {"modulestore_imports": "0008", "content_staging": "0001", "auth": "0012"}
        with ServerProject(tmp_path / "project", server_url, charset=charset, migrated_to=before) as project:
            project.manage("migrate", "--verbosity", "0")
            body = '<img src="/static/a🌊.🌊"/>'
            write_course(
                project.courses / "c",
                section("s", subsection("b", unit("u", text("t", body, title="T 🌊"), text("bad"))), title="🌊"),
                title="Course 🌊",
                static={"a🌊.🌊": b"wave"},
                files={"html/bad.xml": "<html 🌊"},
            )
            with project.caller() as call:
                run = call("create_import", source_key=KEY, library_key=TARGET, new_library_title="Library 🌊")["id"]
                call("start_staging", import_id=run)
                call("run_step", import_id=run)
                olx = f"<html display_name='T 🌊'>🌊🌊{body}</html>"
                call("edit_block", import_id=run, usage_key=usage_key("html", "t"), olx=olx)
                call("edit_block", import_id=run, usage_key=usage_key("vertical", "u"), title="U 🌊")
                call("start_completion", import_id=run)
                call("run_step", import_id=run)
                done = call("get_import", import_id=run)
                assert (done["state"], done["library_title"]) == ("imported", "Library 🌊")
            titles = {title for (title,) in project.query("SELECT title FROM modulestore_imports_importrecord")}
            assert titles >= {"🌊", "U 🌊", "T 🌊"}
            ((count,),) = project.query("SELECT count(*) FROM openedx_content_media WHERE text LIKE '%🌊🌊%'")
            assert count == 1


@pytest.mark.slow
def test_a_section_is_staged_in_pieces_of_what_the_database_takes_and_a_component_only_if_it_takes_it(
    own_server, tmp_path
):
    def take(megabytes: int) -> None:
        own_server.ask(f"SET GLOBAL max_allowed_packet = {megabytes * 1_048_576}")

    project = OwnServer(tmp_path / "project", own_server)
    texts = [text(f"t{n}", "<p>" + "long 'text' " * 50_000 + "</p>") for n in range(4)]
    large = text("large", "long 'text' " * 200_000, title="Large text")
    write_course(project.courses / "c", section("s", subsection("b", unit("u", *texts)), title="Everything"))
    take(2)
    with project.caller() as call:
        run = call("create_import", source_key=KEY, library_key=TARGET, new_library_title="L")["id"]
        call("stage_import", import_id=run)
        roots = project.query("SELECT length(olx) DIV 1048576 FROM content_staging_stagedcontent")
        assert roots == [(1,), (1,)]
        assert call("complete_import", import_id=run)["counts"] == {"created": 7}
        write_course(project.courses / "c", section("s", subsection("b", unit("u", *texts, large)), title="S"))
        run = call("create_import", source_key=KEY, library_key=TARGET)["id"]
        with pytest.raises(Refused, match="TooLarge: Large text .in S. .* 2.7 MB .* 2.0 MB.*max_allowed_packet"):
            call("stage_import", import_id=run)
        assert call("get_import", import_id=run)["state"] == "staging_failed"
    take(64)
    with project.caller() as call:
        assert call("retry_import", import_id=run)["state"] == "staged"


@pytest.mark.slow
def test_tables_are_made_by_one_at_a_time(server_url, tmp_path):
    with ServerProject(tmp_path / "project", server_url, migrated_to={"auth": "0012"}) as project:
        words = project.command("migrate", "--verbosity", "0")
        both = [
            subprocess.Popen(words, env=project.environment, stderr=subprocess.PIPE, text=True, start_new_session=True)
            for _ in range(2)
        ]
        for one in both:
            _out, error = one.communicate()
            assert one.returncode == 0, error


_ASK = """
import django
django.setup()
from django.core.cache import cache
from django.db import connection
from import_from_modulestore_standalone.health import check_all
with connection.cursor() as cursor:
    cursor.execute("SELECT DATABASE()")
    found = cursor.fetchone()[0]
cache.set("asked", found)
print(found, cache.get("asked"), check_all()["broker"])
"""

_ASK_REDIS = """
import django
django.setup()
from django.core.cache import cache
from redis import RedisError
from import_from_modulestore_standalone.health import check_all
try:
    cache.set("asked", True)
    found = cache.get("asked")
except RedisError:
    found = False
print(found, check_all()["broker"])
"""


@pytest.mark.slow
def test_a_password_may_have_anything_in_it_in_whatever_way_it_is_given(tmp_path, own_server):
    if not can_run("redis-server"):
        pytest.fail("Redis is not installed") if os.environ.get("CI") else pytest.skip("Redis is not installed")
    own_server.set_password(ODD)
    kept = tmp_path / "password"
    kept.write_text(f"{ODD}\n", "utf-8")
    at, escaped = f"127.0.0.1:{own_server.port}/imports", quote(ODD, safe="")
    redis = Redis(tmp_path / "redis", "a@b:c/d%e#f?g&h+i")
    redis.start()
    try:
        for given in (
            {"DATABASE_URL": f"mysql://imports:{escaped}@{at}"},
            {"DATABASE_URL": f"mysql://imports@{at}", "DATABASE_PASSWORD": ODD},
            {"DATABASE_URL": f"mysql://imports@{at}", "DATABASE_PASSWORD_FILE": str(kept)},
        ):
            told = Project(
                tmp_path / "project", CELERY_BROKER_URL=f"{redis.url}/2", REDIS_URL=f"{redis.url}/3", **given
            ).python(_ASK)
            assert (told.stdout, told.stderr) == ("imports imports ok\n", "")
    finally:
        redis.stop()


@pytest.mark.slow
def test_with_tls_a_redis_is_taken_whose_certificate_is_right(tmp_path):
    if missing := [program for program in ("redis-server", "openssl") if not can_run(program)]:
        reason = f"{', '.join(missing)} is not installed"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    ours, port = tmp_path / "ours.pem", free_port()
    certificate = "req -x509 -newkey rsa:2048 -nodes -subj /CN=x -addext subjectAltName=IP:127.0.0.1"
    words = [*certificate.split(), "-keyout", str(tmp_path / "key.pem"), "-out", str(ours)]
    subprocess.run(["openssl", *words], check=True, capture_output=True)
    tls = ("--tls-port", str(port), "--tls-cert-file", str(ours), "--tls-key-file", str(tmp_path / "key.pem"))
    redis = Redis(tmp_path / "redis", "a/b", *tls, "--tls-ca-cert-file", str(ours), "--tls-auth-clients", "no")
    redis.start()
    try:
        at = f"rediss://{redis.account}127.0.0.1:{port}/0"
        for said, is_taken in {"": False, f"?ssl_ca_certs={ours}": True, "?ssl_cert_reqs=none": True}.items():
            project = Project(tmp_path / "project", CELERY_BROKER_URL=f"{at}{said}", REDIS_URL=f"{at}{said}")
            told = project.python(_ASK_REDIS)
            assert told.stdout.splitlines() == ["True ok" if is_taken else "False unreachable"], told.stderr
    finally:
        redis.stop()


def test_there_is_one_password(tmp_path):
    pytest.importorskip("MySQLdb")
    project = Project(tmp_path, DATABASE_URL="mysql://imports:secret@localhost/imports", DATABASE_PASSWORD="secret")
    refused = project.manage("check")
    assert refused.returncode == 1
    assert refused.stderr.startswith("DATABASE_PASSWORD is set, and there is a password in DATABASE_URL.")
