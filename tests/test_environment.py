"""What the environment says of how the standalone project is to run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from import_from_modulestore_standalone import environment, private
from import_from_modulestore_standalone.public import PublicAddress

READERS = {
    "DEBUG": environment.switch,
    "MAX_UPLOAD_BYTES": environment.number,
    "LOG_FORMAT": environment.one_of(("json", "text")),
    "RATE_STEP": environment.rate,
    "PUBLIC_URL": PublicAddress.of,
    "DATABASE_URL": environment.database,
    "EMAIL_URL": environment.emails,
    "JWT_PUBLIC_KEYS": environment.json_web_keys,
}


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("said", [None, "", " "])
def test_what_is_empty_is_not_set(monkeypatch, name, said):
    monkeypatch.setenv(name, said) if said is not None else monkeypatch.delenv(name, raising=False)
    assert environment.given(name, "as ever", READERS[name]) == "as ever"


@pytest.mark.parametrize(
    ("name", "said", "read"),
    [
        ("DEBUG", "True", True),
        ("DEBUG", "off", False),
        ("MAX_UPLOAD_BYTES", "2000", 2000),
        ("MAX_UPLOAD_BYTES", " 2000\n", 2000),
        ("LOG_FORMAT", "json", "json"),
        ("RATE_STEP", "7/day", "7/day"),
        ("RATE_STEP", "off", None),
        ("JWT_PUBLIC_KEYS", '{"keys": []}', '{"keys": []}'),
    ],
)
def test_what_is_said_is_taken(monkeypatch, name, said, read):
    monkeypatch.setenv(name, said)
    assert environment.given(name, None, READERS[name]) == read


def test_addresses_are_taken_apart(monkeypatch):
    found = environment.database("sqlite:////var/lib/a b/db")
    assert (found["ENGINE"], found["NAME"]) == ("django.db.backends.sqlite3", "/var/lib/a b/db")
    assert environment.emails("smtp+tls://me:p%40ss@mail.example.org:587")["EMAIL_HOST_PASSWORD"] == "p@ss"


@pytest.mark.parametrize(
    ("name", "said", "advice"),
    [
        ("DEBUG", "maybe", "Say on or off."),
        ("MAX_UPLOAD_BYTES", "2GB", "Give a number"),
        ("MAX_UPLOAD_BYTES", "-1", "Give a number"),
        ("LOG_FORMAT", "xml", "Choose json or text."),
        ("RATE_STEP", "many", "Give a number for a second"),
        ("PUBLIC_URL", "x", "Give the site's address"),
        ("DATABASE_URL", "garbage", "Give an address"),
        ("DATABASE_URL", "postgres://me:secret@host/x", "Give an address"),
        ("EMAIL_URL", "garbage", "Give an address"),
        ("EMAIL_URL", "smtp://me:secret@host:secret", "Give an address"),
        ("JWT_PUBLIC_KEYS", "{secret", "Give a JWK set"),
        ("JWT_PUBLIC_KEYS", "[]", "Give a JWK set"),
    ],
)
def test_what_cannot_be_taken_ends_the_program_with_advice_and_without_secrets(monkeypatch, name, said, advice):
    is_secret = name in ("DATABASE_URL", "EMAIL_URL", "JWT_PUBLIC_KEYS")
    monkeypatch.setenv(name, said)
    with pytest.raises(SystemExit) as ended:
        environment.given(name, None, READERS[name], is_secret=is_secret)
    told = str(ended.value)
    assert told.startswith(f"{name} is {'wrong' if is_secret else repr(said)}. {advice}")
    assert "secret" not in told


def test_several_words_stand_between_commas(monkeypatch):
    monkeypatch.setenv("ALLOWED_HOSTS", "a.example.org, b.example.org,")
    assert environment.words("ALLOWED_HOSTS", "localhost") == ["a.example.org", "b.example.org"]
    monkeypatch.setenv("ALLOWED_HOSTS", "")
    assert environment.words("ALLOWED_HOSTS", "localhost") == ["localhost"]


@pytest.mark.parametrize("found", [None, "", " \n"])
def test_who_begins_at_the_same_time_has_the_same_secret_key(tmp_path, found):
    if found is not None:
        (tmp_path / "secret_key").write_text(found)
    with ThreadPoolExecutor(8) as threads:
        keys = set(threads.map(lambda _: private.kept_secret_key(tmp_path), range(32)))
    assert len(keys) == 1
    assert keys.pop() == (tmp_path / "secret_key").read_text() != found
