"""What the environment says of how the standalone project is to run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from import_from_modulestore_standalone import environment, private
from import_from_modulestore_standalone.public import PublicAddress

ODD = "a@b:c/d%e#f?g&h i+j[k]l%40;'\"\\$é"
"""A password that means something wherever it is not expected."""

READERS = {
    "DEBUG": environment.switch,
    "MAX_UPLOAD_BYTES": environment.number,
    "LOG_FORMAT": environment.one_of(("json", "text")),
    "RATE_STEP": environment.rate,
    "PUBLIC_URL": PublicAddress.of,
    "ALLOWED_HOSTS": environment.hosts,
    "DATABASE_URL": environment.database,
    "CELERY_BROKER_URL": environment.broker,
    "REDIS_URL": environment.redis,
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
        ("ALLOWED_HOSTS", "laptop, ::1,[FD00:0::2],", ["laptop", "[::1]", "[fd00::2]"]),
        *(
            ("CELERY_BROKER_URL", address, address)
            for address in (
                f"redis://:{quote(ODD, safe='')}@[::1]:6379/0",
                "rediss://me:x@redis.example.org?ssl_cert_reqs=required",
                "redis+socket:///run/redis.sock?virtual_host=1",
                "rediss://redis.example.org/0?ssl_cert_reqs=none",
                "amqp://me:x@one//;amqp://me:x@two//",
                "sentinel://one:26379;sentinel://two:26379",
            )
        ),
        ("REDIS_URL", "unix:///run/redis.sock?db=1", "unix:///run/redis.sock?db=1"),
    ],
)
def test_what_is_said_is_taken(monkeypatch, name, said, read):
    monkeypatch.setenv(name, said)
    assert environment.given(name, None, READERS[name]) == read


class TestFiles:
    @pytest.fixture
    def file(self, monkeypatch, tmp_path):
        monkeypatch.delenv("RATE_STEP", raising=False)
        monkeypatch.setenv("RATE_STEP_FILE", str(tmp_path / "rate"))
        return tmp_path / "rate"

    @pytest.mark.parametrize("kept", ["7/day", "7/day\n", "7/day\r\n", " 7/day "])
    def test_what_they_say_is_taken(self, file, kept):
        file.write_text(kept, newline="")
        assert environment.given("RATE_STEP", None, environment.rate) == "7/day"

    def test_a_password_has_blanks_at_its_ends(self, file):
        file.write_text(" a b \n")
        assert environment.verbatim("RATE_STEP") == " a b "

    @pytest.mark.parametrize("kept", [None, b"\xff"])
    def test_one_that_cannot_be_read_ends_the_program_with_advice(self, file, kept):
        if kept:
            file.write_bytes(kept)
        with pytest.raises(SystemExit, match=r"^RATE_STEP_FILE is .*rate', which cannot be read \(.*\)\. Name a file"):
            environment.text("RATE_STEP")

    def test_there_is_one_place_for_each(self, file, monkeypatch):
        monkeypatch.setenv("RATE_STEP", "7/day")
        with pytest.raises(SystemExit, match="RATE_STEP and RATE_STEP_FILE are both set"):
            environment.text("RATE_STEP")
        monkeypatch.setenv("RATE_STEP_FILE", "")
        assert environment.text("RATE_STEP") == "7/day"


@pytest.fixture
def _driver(monkeypatch):
    """A driver for MySQL, which not everybody has who runs the tests; nobody connects here."""
    monkeypatch.setattr(environment, "find_spec", lambda name: name)


@pytest.mark.usefixtures("_driver")
def test_what_the_database_is_told_besides_stands_in_its_address():
    found = environment.database("mysql://me:x@host/db?ssl_mode=REQUIRED&ssl_ca=/etc/ca.pem&connect_timeout=9")
    assert found["OPTIONS"] == {"ssl_mode": "REQUIRED", "ssl": {"ca": "/etc/ca.pem"}, "connect_timeout": 9}


@pytest.mark.usefixtures("_driver")
def test_addresses_are_taken_apart():
    found = environment.database(f"mysql://{quote('a@b:c', safe='')}:{quote(ODD, safe='')}@[::1]:3307/db")
    assert (found["USER"], found["PASSWORD"], found["HOST"], found["PORT"]) == ("a@b:c", ODD, "::1", 3307)
    assert environment.database("sqlite:///a+b%3Fc%25")["NAME"] == "a+b?c%"
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
        ("DATABASE_URL", "mysql://me:12/secret@host/x", "Give an address as"),
        ("DATABASE_URL", "mysql://me:12?secret@host/x", "Give an address as"),
        ("DATABASE_URL", "mysql://me:secret@host", "Give an address as"),
        ("DATABASE_URL", "mysql://me:secret@host/x?ssl=1", "It says ssl after the question mark"),
        *(("DATABASE_URL", f"sqlite://{file}", "Name a file") for file in ("", "/", "/a?b", "/a#b", "a/b")),
        *((name, "redis://:a/secret@host/0", "Give an address as") for name in ("CELERY_BROKER_URL", "REDIS_URL")),
        *((name, "redis://:12/secret@host/0", "Give an address as") for name in ("CELERY_BROKER_URL", "REDIS_URL")),
        *((name, "redis://:12#secret@host/0", "Give an address as") for name in ("CELERY_BROKER_URL", "REDIS_URL")),
        *((name, "redis://host/cache", "After the host") for name in ("CELERY_BROKER_URL", "REDIS_URL")),
        ("CELERY_BROKER_URL", "amqp://me:a/secret@host//", "Give an address as amqp://"),
        ("REDIS_URL", "host:6379", "Give an address: redis://"),
        ("JWT_PUBLIC_KEYS", "{secret", "Give a JWK set"),
        ("JWT_PUBLIC_KEYS", "[]", "Give a JWK set"),
    ],
)
def test_what_cannot_be_taken_ends_the_program_with_advice_and_without_secrets(monkeypatch, name, said, advice):
    is_secret = name.endswith(("_URL", "_KEYS")) and name != "PUBLIC_URL"
    monkeypatch.setenv(name, said)
    with pytest.raises(SystemExit) as ended:
        environment.given(name, None, READERS[name], is_secret=is_secret)
    told = str(ended.value)
    assert told.startswith(f"{name} is {'wrong' if is_secret else repr(said)}. {advice}")
    assert "secret" not in told


def test_several_words_stand_between_commas(monkeypatch):
    monkeypatch.setenv("CSRF_TRUSTED_ORIGINS", "https://a.example.org, https://b.example.org,")
    assert environment.words("CSRF_TRUSTED_ORIGINS") == ["https://a.example.org", "https://b.example.org"]
    monkeypatch.setenv("CSRF_TRUSTED_ORIGINS", "")
    assert environment.words("CSRF_TRUSTED_ORIGINS") == []


@pytest.mark.parametrize("found", [None, "", " \n"])
def test_who_begins_at_the_same_time_has_the_same_secret_key(tmp_path, found):
    if found is not None:
        (tmp_path / "secret_key").write_text(found)
    with ThreadPoolExecutor(8) as threads:
        keys = set(threads.map(lambda _: private.kept_secret_key(tmp_path), range(32)))
    assert len(keys) == 1
    assert keys.pop() == (tmp_path / "secret_key").read_text() != found
