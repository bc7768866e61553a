"""The app as a plugin: found, installed, migrated and started by a project that reads its settings as Studio does."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, ClassVar

import pytest
from edx_django_utils.plugins import get_plugin_apps

from import_from_modulestore import settings as defaults
from import_from_modulestore.apps import ImportFromModulestoreConfig

pytestmark = pytest.mark.double

ROOT = Path(__file__).parents[2]
FLAG = "modulestore_imports.enabled"
OURS = ("migrate", "modulestore_imports")


class Studio:
    """A Studio in processes of its own: the settings in ``cms_settings.py``, and a folder for its database."""

    def __init__(self, folder: Path) -> None:
        self.database = folder / "studio.sqlite3"
        self._environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.studio.cms_settings",
            # The platform can be imported there, so that whoever imports it at the wrong time is seen.
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(Path(__file__).parent / "double")]),
            "STUDIO_FOLDER": str(folder),
        }

    def manage(self, *words: str) -> str:
        """Run a management command, and give what it prints."""
        return self._run("-m", "django", *words)

    def python(self, code: str) -> Any:
        """Run code, and give what it puts into ``result``."""
        return json.loads(self._run("-c", f"{code}\nimport json; print(json.dumps(result))"))

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.database)) as connection, connection:
            return connection.execute(sql, values).fetchall()

    def _run(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, *words], env=self._environment, cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def studio(tmp_path) -> Studio:
    """A Studio whose database cannot be opened."""
    return Studio(tmp_path / "nowhere")


@pytest.fixture(scope="module")
def _migrated(tmp_path_factory) -> Path:
    made = Studio(tmp_path_factory.mktemp("studio"))
    made.manage("migrate", "--verbosity", "0")
    return made.database


@pytest.fixture
def migrated(_migrated, tmp_path) -> Studio:
    """A Studio with a database."""
    studio = Studio(tmp_path)
    shutil.copy(_migrated, studio.database)
    return studio


@pytest.fixture(scope="module")
def _taken_away(_migrated, tmp_path_factory) -> Path:
    made = Studio(tmp_path_factory.mktemp("taken away"))
    shutil.copy(_migrated, made.database)
    made.manage(*OURS, "zero")
    return made.database


@pytest.fixture
def taken_away(_taken_away, tmp_path) -> Studio:
    """A Studio from whose database the app's tables were taken away."""
    studio = Studio(tmp_path)
    shutil.copy(_taken_away, studio.database)
    return studio


class TestFound:
    def test_by_its_entry_point(self):
        [found] = entry_points(group="cms.djangoapp", name="import_from_modulestore")
        assert found.load() is ImportFromModulestoreConfig

    def test_among_the_plugins_of_studio(self):
        assert get_plugin_apps("cms.djangoapp") == ["import_from_modulestore.apps.ImportFromModulestoreConfig"]
        assert get_plugin_apps("lms.djangoapp") == []

    def test_before_there_are_settings(self, studio):
        """Studio loads it while it reads its settings."""
        found = studio.python(
            "from importlib.metadata import entry_points\n"
            "from django.conf import settings\n"
            "entry_points(group='cms.djangoapp', name='import_from_modulestore')['import_from_modulestore'].load()\n"
            "result = settings.configured"
        )
        assert found is False


class TestSettings:
    def test_those_that_are_missing_are_filled_in(self, studio):
        names = sorted(defaults.DEFAULTS)
        found = studio.python(
            f"from django.conf import settings\nresult = {{name: getattr(settings, name) for name in {names}}}"
        )
        assert found == {**defaults.DEFAULTS, "IMPORT_FROM_MODULESTORE_QUEUE": "edx.cms.core.low"}

    def test_none_is_filled_in_besides(self):
        class Settings:
            INSTALLED_APPS: ClassVar[list[str]] = []

        defaults.plugin_settings(Settings)
        assert {name for name in vars(Settings) if name.isupper()} == {"INSTALLED_APPS", *defaults.DEFAULTS}
        defaults.plugin_settings(Settings)
        assert Settings.INSTALLED_APPS == ["django_htmx"]
        assert all(name.startswith("IMPORT_FROM_MODULESTORE_") for name in defaults.DEFAULTS)

    @pytest.mark.at_gate
    def test_celery_takes_them_with_the_old_names_of_studio_s(self, studio):
        names = studio.python(
            "import django\n"
            "django.setup()\n"
            "from celery import Celery\n"
            "app = Celery('proj')\n"
            "app.config_from_object('django.conf:settings')\n"
            "app.autodiscover_tasks(force=True)\n"
            "assert app.conf.task_default_queue == 'edx.cms.core.default'\n"
            "result = sorted(name for name in app.tasks if name.startswith('import_from_modulestore'))"
        )
        steps = ["complete_import", "do_step", "redo_import", "stage_import", "undo_import"]
        housekeeping = ["recover_imports", "remove_old_staged_content"]
        assert names == sorted(f"import_from_modulestore.tasks.{name}" for name in steps + housekeeping)


@pytest.mark.slow
class TestStart:
    def test_needs_no_database_and_nothing_of_the_platform(self, studio):
        loaded = studio.python(
            "import sys\n"
            "import django\n"
            "django.setup()\n"
            "from django.contrib import admin\n"
            "from django.urls import get_resolver, reverse\n"
            "from import_from_modulestore import tasks\n"
            "from import_from_modulestore.hosts import get_host\n"
            "get_resolver().url_patterns\n"
            "reverse('modulestore_imports_api:v1:imports'), reverse('admin:modulestore_imports_import_changelist')\n"
            "get_host()\n"
            "platform = {'cms', 'common', 'lms', 'openedx', 'openedx_authz', 'xblock', 'xmodule'}\n"
            "result = sorted(platform & set(sys.modules))"
        )
        assert loaded == []

    def test_passes_django_s_checks(self, studio):
        assert "no issues" in studio.manage("check")

    def test_of_the_command_line(self, studio):
        assert "step by step:" in studio.manage("import_from_modulestore", "--help")

    def test_leaves_no_migration_to_be_made(self, studio):
        assert "No changes detected" in studio.manage("makemigrations", "--check", "modulestore_imports")


@pytest.fixture(scope="module")
def answers(tmp_path_factory) -> dict[str, tuple[int, str]]:
    """Status and content, by path; the database has no tables."""
    return Studio(tmp_path_factory.mktemp("empty")).python(
        "import django\n"
        "django.setup()\n"
        "from django.test import Client\n"
        "root = '/api/modulestore_imports/v1/'\n"
        "answers = {path: Client().get(root + path) for path in ('imports/', 'schema/?format=json', 'docs/')}\n"
        "result = {path: [answer.status_code, answer.content.decode()] for path, answer in answers.items()}"
    )


@pytest.mark.slow
class TestRest:
    """What is answered to people who are not signed in."""

    def test_nothing_of_imports(self, answers):
        status, content = answers["imports/"]
        assert (status, json.loads(content)["code"]) == (401, "not_authenticated")

    def test_the_description_whatever_studio_leaves_out_of_its_own(self, answers):
        status, content = answers["schema/?format=json"]
        description = json.loads(content)
        assert status == 200
        assert description["info"]["title"] == "Import from modulestore"
        assert "/api/modulestore_imports/v1/imports/{import_id}/complete/" in description["paths"]
        assert all(path.startswith("/api/modulestore_imports/v1/") for path in description["paths"])
        assert "studio.example.com" not in content

    def test_the_page_to_read_it_on(self, answers):
        status, content = answers["docs/"]
        assert status == 200
        assert "/api/modulestore_imports/v1/schema/" in content


@pytest.mark.slow
class TestMigrations:
    def tables(self, studio: Studio) -> set[str]:
        found = studio.query("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {name for (name,) in found if name.startswith("modulestore_imports_")}

    def flag(self, studio: Studio) -> list[tuple[Any, ...]]:
        return studio.query("SELECT everyone FROM waffle_flag WHERE name = ?", FLAG)

    def test_make_the_flag_and_switch_it_on(self, migrated):
        assert self.flag(migrated) == [(True,)]

    def test_take_everything_away_again(self, taken_away):
        assert (self.flag(taken_away), self.tables(taken_away)) == ([], set())

    def test_take_everything_away_also_where_accounts_are_gone(self, migrated):
        made = migrated.python(
            "import django\n"
            "django.setup()\n"
            "from import_from_modulestore.models import IdempotentRequest, Import\n"
            "Import.objects.create(source_key='s', library_key='t', user_id=77, actor_id=77, username='bob')\n"
            "IdempotentRequest.objects.create(user_id=77, key='k')\n"
            "result = Import.objects.get().user_id"
        )
        assert made == 77
        migrated.manage(*OURS, "0010")
        assert migrated.query("SELECT user_id, actor_id, username FROM modulestore_imports_import") == [
            (None, None, "bob")
        ]
        migrated.manage(*OURS, "zero")
        assert self.tables(migrated) == set()

    def test_leave_alone_what_is_there_a_flag_and_an_old_app_that_was_called_so(self, taken_away):
        """Open edX had one in 2025, under the label ``import_from_modulestore``, and left its tables behind."""
        rest = {"superusers": True, "staff": False, "authenticated": False, "testing": False, "rollout": False}
        texts = {"languages": "", "note": "", "created": "2026-01-01", "modified": "2026-01-01"}
        row = {"name": FLAG, "everyone": False, **rest, **texts}
        marks = ", ".join("?" for _value in row)
        taken_away.query(f"INSERT INTO waffle_flag ({', '.join(row)}) VALUES ({marks})", *row.values())
        for name in ("0001_initial", "0002_alter_import_table"):
            values = ("import_from_modulestore", name, "2025-06-01")
            taken_away.query("INSERT INTO django_migrations (app, name, applied) VALUES (?, ?, ?)", *values)
        taken_away.query("CREATE TABLE import_from_modulestore_import (id integer PRIMARY KEY, status varchar(100))")
        taken_away.query(
            "INSERT INTO django_content_type (app_label, model) VALUES ('import_from_modulestore', 'import')"
        )
        taken_away.manage("migrate")
        assert self.flag(taken_away) == [(False,)]
        assert "modulestore_imports_import" in self.tables(taken_away)
        assert taken_away.query("SELECT count(*) FROM import_from_modulestore_import") == [(0,)]

    def test_make_keys_that_do_not_depend_on_the_project(self, migrated):
        """Studio's DEFAULT_AUTO_FIELD is not ours."""
        ours = migrated.python(
            "import django\n"
            "django.setup()\n"
            "from django.apps import apps\n"
            "models = apps.get_app_config('modulestore_imports').get_models()\n"
            "result = sorted({type(model._meta.pk).__name__ for model in models})"
        )
        assert ours == ["BigAutoField"]
