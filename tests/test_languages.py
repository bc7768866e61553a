"""Translations: every message in every catalogue can be shown, and the pages speak what their reader reads."""

from __future__ import annotations

import argparse
import gettext
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polib
import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import get_language_info
from rest_framework.serializers import Field, Serializer

from import_from_modulestore import api
from import_from_modulestore.command_line.languages import ARGPARSE, speak
from import_from_modulestore.hosts import get_host
from import_from_modulestore.management.commands.import_from_modulestore import Command
from import_from_modulestore.rest_api import schema
from import_from_modulestore.rest_api.v1 import serializers
from import_from_modulestore_standalone.models import UserLanguage

from . import builders
from .builders import KEY, TARGET, section, subsection, unit, write_course
from .command_line.calls import command
from .pages.conftest import dom, page_url
from .processes import Project

SRC = Path(__file__).parents[1] / "src"
LANGUAGES = ("ar", "es", "fr")
CATALOGUES = [
    pytest.param(path, id=f"{path.parts[-5].removeprefix('import_from_modulestore') or 'app'}-{path.parts[-3]}")
    for path in sorted(SRC.glob("*/locale/*/LC_MESSAGES/django.po"))
]

PLACEHOLDER = re.compile(
    r"%\((?P<percent>\w+)\)[sdr]|(?<!\{)\{(?P<brace>\w+)(?:![rs])?(?P<form>:[^{}]*)?\}(?!\})|%[sdr](?![\w(])"
)
A_NUMBER = 7_654_321


class Stand(str):
    """Stands for whatever a message names: text, and a number where one is wanted."""

    def __format__(self, spec: str) -> str:
        return format(A_NUMBER, spec) if spec else str(self)


def placeholders(text: str) -> set[str]:
    return {found[0] for found in PLACEHOLDER.finditer(text)}


def shown(text: str) -> str:
    """The message with something put in for whatever it names."""
    names = {found["percent"] or found["brace"] for found in PLACEHOLDER.finditer(text)} - {None}
    if "%(" in text:
        return text % dict.fromkeys(names, A_NUMBER)
    return text.format(**dict.fromkeys(names, Stand("name"))) if names else text


def said_by(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


@pytest.mark.parametrize("path", CATALOGUES)
def test_every_message_is_translated_in_all_its_forms_and_names_what_the_original_names(path):
    catalogue = polib.pofile(str(path))
    forms = int(re.search(r"nplurals=(\d)", catalogue.metadata["Plural-Forms"])[1])
    assert forms == {"ar": 6, "es": 2, "fr": 2}[catalogue.metadata["Language"]]
    for entry in catalogue:
        assert not entry.fuzzy and not entry.obsolete, entry.msgid
        texts = said_by(entry)
        assert all(texts), entry.msgid
        assert len(texts) == (forms if entry.msgid_plural else 1), entry.msgid
        for text in texts:
            shown(text)
            assert placeholders(text) <= placeholders(entry.msgid) | placeholders(entry.msgid_plural), text
            edges = re.fullmatch(r"(\s*).*?(\s*)", entry.msgid, re.DOTALL)
            assert re.fullmatch(r"(\s*).*?(\s*)", text, re.DOTALL).groups() == edges.groups(), text
        # Where a form is of one or two things, the words may say how many.
        assert placeholders(texts[-1]) == placeholders(entry.msgid_plural or entry.msgid), entry.msgid


def test_what_an_arabic_message_names_does_not_turn_the_writing_around():
    """Names, keys and titles of any script are isolated (Unicode, UAX 9: FSI and PDI); numbers need not be."""
    for path in SRC.glob("*/locale/ar/LC_MESSAGES/django.po"):
        for entry in polib.pofile(str(path)):
            for text in said_by(entry):
                assert text.count("\u2066") + text.count("\u2068") == text.count("\u2069"), text
    with translation.override("ar"):
        assert translation.gettext("You may not read {key}.") == "لا يحق لك قراءة \u2068{key}\u2069."


def test_no_line_of_french_begins_with_a_mark_that_ends_something():
    """What French parts from the mark that follows it is parted by a blank that holds them together (U+00A0)."""
    for path in SRC.glob("*/locale/fr/LC_MESSAGES/django.po"):
        for entry in polib.pofile(str(path)):
            assert not re.search(r" [;:!?»](\s|$)", "".join(said_by(entry))), entry.msgid


@pytest.mark.parametrize("path", CATALOGUES)
def test_what_is_compiled_is_what_is_written(path):
    compiled = {(entry.msgctxt, entry.msgid): entry for entry in polib.mofile(str(path.with_suffix(".mo")))}
    written = {(entry.msgctxt, entry.msgid): entry for entry in polib.pofile(str(path))}
    assert compiled.keys() == written.keys()
    for key, entry in written.items():
        assert said_by(compiled[key]) == said_by(entry), f"{key[1]}: run `make messages`"


@pytest.mark.parametrize(
    ("asked", "language", "heading"),
    [
        ("fr-CA,fr;q=0.8", "fr", "Se connecter"),
        ("es-419", "es", "Iniciar sesión"),
        ("ar-EG", "ar", "تسجيل الدخول"),
        ("de", "en", "Sign in"),
    ],
)
def test_pages_are_in_the_language_that_the_browser_asks_for(db, asked, language, heading):
    page = dom(Client().get("/sign-in/", headers={"Accept-Language": asked}))
    assert page.get("lang") == language
    assert page.get("dir") == ("rtl" if get_language_info(language)["bidi"] else "ltr")
    assert page.findtext(".//h1") == heading


def test_latin_american_spanish_as_open_edx_has_it_reads_the_spanish_catalogue():
    with translation.override("es-419"):
        assert translation.gettext("Sign out") == "Cerrar sesión"


def test_refusals_over_rest_are_in_the_language_of_the_request(db):
    answer = Client().get("/api/modulestore_imports/v1/imports/", headers={"Accept-Language": "fr"})
    assert answer.json()["title"] == "Vous n’êtes pas connecté"


@pytest.mark.parametrize(
    ("language", "said", "of_actions"),
    [
        ("en", "Brings Open edX courses", "What the state allows"),
        ("fr", "Amène des cours Open edX", "Ce que l’état permet"),
        ("es", "Lleva cursos de Open edX", "Lo que permite el estado"),
        ("ar", "يجلب مساقات Open edX", "ما تسمح به الحالة"),
    ],
)
def test_the_rest_api_describes_itself_in_the_language_of_the_request(db, language, said, of_actions):
    answer = Client().get("/api/modulestore_imports/v1/schema/?format=json", headers={"Accept-Language": language})
    told = answer.json()
    assert told["info"]["description"].startswith(said)
    assert told["components"]["schemas"]["Import"]["properties"]["actions"]["description"].startswith(of_actions)


def fields_below(field: Field) -> Iterator[Field]:
    """What requests and answers hold, at whatever depth."""
    yield field
    inner = list(field.fields.values()) if isinstance(field, Serializer) else [getattr(field, "child", None)]
    for each in filter(None, inner):
        yield from fields_below(each)


def test_what_the_rest_api_says_of_its_fields_can_be_translated():
    described = [
        found()
        for room in (serializers, schema)
        for found in vars(room).values()
        if isinstance(found, type(Serializer))
    ]
    texts = [field.help_text for each in described for field in fields_below(each) if field.help_text]
    assert len(texts) > 250
    assert [text for text in texts if not isinstance(text, Promise)] == []


OURS = [config for config in apps.get_app_configs() if config.name.startswith("import_from_modulestore")]


@pytest.mark.parametrize("app", OURS, ids=lambda app: app.label)
def test_what_apps_and_models_are_called_and_what_is_said_of_fields_can_be_translated(app):
    texts = [app.verbose_name]
    for model in app.get_models():
        texts += [model._meta.verbose_name, model._meta.verbose_name_plural]
        texts += [field.help_text for field in model._meta.fields if field.help_text]
    assert [text for text in texts if not isinstance(text, Promise)] == []


def test_what_fields_are_called_in_the_admin_can_be_translated():
    for model, pages in admin.site._registry.items():
        if not type(pages).__module__.startswith("import_from_modulestore."):
            continue
        shown = {*pages.list_display, *pages.list_filter, *(pages.fields or flatten_fieldsets(pages.fieldsets or ()))}
        shown = {name[0] if isinstance(name, tuple) else name for name in shown}
        named = {field.name: field.verbose_name for field in model._meta.fields if field.name in shown}
        assert {name for name, text in named.items() if not isinstance(text, Promise)} == set(), model


def test_a_page_for_authors_is_in_arabic_from_right_to_left(user, course, run_import):
    run, _records = run_import()
    reader = Client()
    reader.force_login(user)
    reader.cookies["django_language"] = "ar"
    page = dom(reader.get(page_url("import", run.id)))
    assert page.get("dir") == "rtl"
    assert "مستورَد" in page.text_content()


@contextmanager
def spoken(*words: str, **environment: str) -> Iterator[None]:
    """The language that a command takes of what one typed, and of one's environment."""
    before, domain = dict(os.environ), gettext.textdomain()
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        os.environ.pop(name, None)
    os.environ.update(environment)
    try:
        speak(["manage.py", "import_from_modulestore", *words])
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        gettext.textdomain(domain)
        translation.deactivate()


@pytest.mark.parametrize(
    ("words", "environment"),
    [
        (["--language", "fr"], {}),
        (["libraries", "--language=fr"], {"LANG": "ar_EG.UTF-8"}),
        ([], {"LANG": "fr_CA.UTF-8"}),
        ([], {"LC_ALL": "fr", "LANG": "ar"}),
        ([], {"LANGUAGE": "de:fr:ar", "LANG": "ar"}),
    ],
)
def test_a_command_speaks_the_language_of_the_terminal_or_the_one_that_is_asked_for(db, words, environment):
    with spoken(*words, **environment):
        assert command("libraries") == "Pas encore de bibliothèques. `run … --create` en crée une.\n"


@pytest.mark.parametrize("environment", [{}, {"LANG": "C.UTF-8"}, {"LC_ALL": "POSIX", "LANG": "fr"}, {"LANG": "de_DE"}])
def test_where_no_language_is_asked_for_a_command_speaks_the_sites(db, environment):
    with spoken(**environment):
        assert command("libraries") == "No libraries yet. `run … --create` makes one.\n"


def test_a_language_that_the_site_does_not_speak_is_refused():
    with pytest.raises(CommandError, match="This site does not speak 'tlh'"), spoken("--language=tlh"):
        pass


def test_help_and_what_argparse_says_are_in_that_language(capsys):
    with spoken("--language=fr"):
        parser = Command().create_parser("manage.py", "import_from_modulestore")
        assert "  history    lister les importations, les plus récentes d’abord" in parser.format_help()
        assert parser.format_help().startswith("usage\N{NO-BREAK SPACE}:")
        with pytest.raises(SystemExit):
            argparse.ArgumentParser(prog="x").parse_args(["y"])
    assert capsys.readouterr().err.endswith(
        "x\N{NO-BREAK SPACE}: erreur\N{NO-BREAK SPACE}: arguments inconnus\N{NO-BREAK SPACE}: y\n"
    )


@pytest.mark.parametrize(
    ("words", "environment", "told"),
    [
        ((), {"LANG": "fr_CA.UTF-8"}, "LOG_FORMAT est 'xml'. Choisissez json ou text."),
        ((), {"LANGUAGE_CODE": "es", "LANG": "C"}, "LOG_FORMAT es 'xml'. Elija json o text."),
        ((), {"LANGUAGE_CODE": "es", "LANG": "en_GB.UTF-8"}, "LOG_FORMAT is 'xml'. Choose json or text."),
        (("--language=ar",), {"LANG": "fr"}, "قيمة LOG_FORMAT هي 'xml'. اختر json أو text."),
    ],
)
def test_what_is_wrong_with_settings_is_said_in_the_language_of_the_terminal(tmp_path, words, environment, told):
    """Before there are settings, which Django's translations need."""
    cleared = dict.fromkeys(("LANGUAGE", "LC_ALL", "LC_MESSAGES"), "")
    said = Project(tmp_path, LOG_FORMAT="xml", **cleared, **environment).manage("import_from_modulestore", *words)
    assert (said.returncode, said.stderr) == (1, f"{told}\n")


def test_what_is_translated_of_argparse_is_what_it_says():
    said = Path(argparse.__file__).read_text()
    for text in ARGPARSE[:-1]:
        assert repr(str(text).rstrip("\n"))[1:-1] in said, text


def test_an_import_is_told_in_arabic_on_a_terminal(course, run_import):
    """In tables too, and without the signs that isolate names, which terminals show as boxes."""
    with spoken("--language=ar"):
        run, _records = run_import()
        told = command("show", run.id)
    assert "المكوّنات" in told
    assert run.library_key in told
    assert not re.search("[\u2066-\u2069]", told)


def test_who_chooses_a_language_goes_on_in_it_where_they_were_and_elsewhere(db, person):
    bob = person("bob")
    bob.set_password("secret")
    bob.save()
    laptop = Client()
    chosen = laptop.post("/language/", {"language": "ar", "next": "/sign-in/"})
    assert dom(laptop.get(chosen.url)).get("dir") == "rtl"
    laptop.post("/sign-in/", {"username": "bob", "password": "secret"})
    assert get_host().language_of(bob) == "ar"
    phone = Client(headers={"Accept-Language": "fr"})
    phone.post("/sign-in/", {"username": "bob", "password": "secret"})
    page = dom(phone.get("/"))
    assert page.get("lang") == "ar"
    assert page.xpath("//select[@name='language']/option[@selected]")[0].text == "العربية"
    phone.post("/language/", {"language": "es"})
    assert get_host().language_of(bob) == "es"


def test_who_chooses_none_is_written_to_in_that_of_their_browser(db, person):
    bob = person("bob")
    bob.set_password("secret")
    bob.save()
    Client(headers={"Accept-Language": "fr"}).post("/sign-in/", {"username": "bob", "password": "secret"})
    assert get_host().language_of(bob) == "fr"


def test_no_language_is_kept_that_the_site_does_not_speak(db, user):
    reader = Client()
    reader.force_login(user)
    reader.post("/language/", {"language": "tlh"})
    assert get_host().language_of(user) == ""
    assert reader.get("/language/").status_code == 405


def test_workers_write_to_somebody_in_their_language(editor, courses, worked, mailoutbox, settings):
    settings.IMPORT_FROM_MODULESTORE_USER_TASKS = False
    settings.IMPORT_FROM_MODULESTORE_EMAILS = True
    editor.email = "bob@example.org"
    editor.save()
    UserLanguage.objects.create(user=editor, language="fr")
    broken = builders.text("t1", '<img src="/static/photo.png"/>')
    write_course(courses / "c1", section("s", subsection("b", unit("u", broken))), title="Tides")
    run = api.create_import(user=editor, source_key=KEY, library_key=TARGET)
    with worked():
        api.start_staging(user=editor, import_id=run.id)
    with worked():
        api.start_completion(user=editor, import_id=run.id)
    [message] = mailoutbox
    assert message.subject == "« Tides » est importé dans « Target »"
    assert "1 bloc n’a pas pu passer" in message.body
    [record] = [each for each in api.get_records(user=editor, import_id=run.id) if each.warnings]
    assert record.warnings == ("Le fichier photo.png est nommé, mais la source ne le contient pas.",)


@pytest.mark.skipif(shutil.which("xgettext") is None, reason="needs GNU gettext")
@pytest.mark.parametrize("app", ["import_from_modulestore", "import_from_modulestore_standalone"])
def test_catalogues_hold_every_text_of_the_source_and_no_other(app, tmp_path, monkeypatch):
    copied = shutil.copytree(SRC / app, tmp_path / app, ignore=shutil.ignore_patterns("*.po", "*.mo", "static"))
    (copied / "locale").mkdir(exist_ok=True)
    monkeypatch.chdir(copied)
    call_command("makemessages", locale=["xx"], verbosity=0, no_wrap=True)
    extracted = {
        (entry.msgctxt, entry.msgid) for entry in polib.pofile(str(copied / "locale/xx/LC_MESSAGES/django.po"))
    }
    for language in LANGUAGES:
        catalogue = polib.pofile(str(SRC / app / "locale" / language / "LC_MESSAGES" / "django.po"))
        assert {(entry.msgctxt, entry.msgid) for entry in catalogue} == extracted, "run `make messages`, and translate"
