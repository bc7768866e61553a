"""The site among others: behind a proxy, on a machine that others use too, with clients that mean no good."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import socket
import ssl
import stat
import subprocess
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.utils.module_loading import import_string
from waitress import wasyncore

from import_from_modulestore_standalone import private, server
from import_from_modulestore_standalone.public import PublicAddress, stand_at

from .builders import KEY, TARGET, pack, unit_of, write_course
from .processes import MANAGE, PATIENCE, Browser, Project, free_port, wait_for

GUIDE = MANAGE.parent / "docs" / "how-to" / "running.md"
NAME = "imports.example.org"
API = "api/modulestore_imports/v1"


def port_in(said: str) -> int:
    return int(re.search(r"http://127\.0\.0\.1:(\d+)", said)[1])


def password_in(said: str) -> str:
    return re.search(r"Sign in +author, password (\S+)", said)[1]


class Proxy:
    """nginx, as the guide sets it up, with a certificate of its own."""

    def __init__(self, folder: Path, upstream: int) -> None:
        folder.mkdir()
        self.port, self.port_without_tls = free_port(), free_port()
        self._folder = folder
        certificate = f"req -x509 -newkey rsa:2048 -nodes -subj /CN={NAME} -addext subjectAltName=DNS:{NAME}"
        subprocess.run(
            ["openssl", *certificate.split(), "-keyout", "key.pem", "-out", "cert.pem"],
            cwd=folder,
            check=True,
            capture_output=True,
        )
        [site] = re.findall(r"```nginx\n(.*?)```", GUIDE.read_text(), re.DOTALL)
        for told, here in {
            "443": f"127.0.0.1:{self.port}",
            "80;": f"127.0.0.1:{self.port_without_tls};",
            f"/etc/ssl/{NAME}.pem": str(folder / "cert.pem"),
            f"/etc/ssl/{NAME}.key": str(folder / "key.pem"),
            "127.0.0.1:8000": f"127.0.0.1:{upstream}",
        }.items():
            assert told in site
            site = site.replace(told, here)
        temporary = "".join(
            f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (folder / "nginx.conf").write_text(
            f"daemon off; pid {folder}/pid; error_log {folder}/errors; events {{}}\n"
            f"http {{ access_log off; {temporary}\n{site}\n}}"
        )

    def __enter__(self) -> Proxy:
        self._process = subprocess.Popen(
            ["nginx", "-p", str(self._folder), "-e", "errors", "-c", str(self._folder / "nginx.conf")],
            stderr=subprocess.DEVNULL,
        )
        wait_for(self._is_there)
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._process.terminate()
        self._process.wait()

    def _is_there(self) -> bool:
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0

    def browser(self) -> Browser:
        """A browser for which the name is that of this machine."""
        proxy = self
        trusting = ssl.create_default_context(cafile=str(self._folder / "cert.pem"))

        class Connection(http.client.HTTPSConnection):
            def connect(self) -> None:
                there = socket.create_connection(("127.0.0.1", proxy.port))
                self.sock = trusting.wrap_socket(there, server_hostname=self.host)

        class Handler(urllib.request.HTTPSHandler):
            def https_open(self, request):
                return self.do_open(Connection, request)

        return Browser(Handler())


@pytest.fixture
def behind(serve, tmp_path) -> Iterator[Callable]:
    """The site at a public address, behind nginx: ``behind("https://…")`` gives the proxy and the site's greeting."""
    if missing := [program for program in ("nginx", "openssl") if not shutil.which(program)]:
        reason = f"{', '.join(missing)} is not installed; `apt-get install nginx openssl`"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    started: list[Proxy] = []

    def start(address: str) -> tuple[Proxy, str]:
        _process, said = serve("--no-worker", PUBLIC_URL=address, HSTS_SECONDS="3600")
        started.append(Proxy(tmp_path / "proxy", port_in(said)).__enter__())
        return started[-1], said

    yield start
    for proxy in started:
        proxy.__exit__()


@pytest.mark.slow
class TestBehindAProxy:
    @pytest.mark.parametrize("site", [f"https://{NAME}", f"https://{NAME}/imports"])
    def test_one_signs_in_and_all_that_comes_leads_back_through_it(self, behind, project, site):
        proxy, said = behind(site)
        with project.caller() as call:
            for slug in ("a", "b"):
                call("create_library", library_key=f"lib:Acme:{slug}", title=slug)
        browser = proxy.browser()
        assert f"Open     {site}/\n" in said
        assert "Log out" in browser.sign_in(f"{site}/admin/", password_in(said))
        assert {cookie.name: (cookie.secure, cookie.path) for cookie in browser.cookies} == {
            "csrftoken": (True, f"{site.partition(NAME)[2]}/"),
            "known_browser": (True, f"{site.partition(NAME)[2]}/"),
            "sessionid": (True, f"{site.partition(NAME)[2]}/"),
        }
        listed = browser.open(f"{site}/{API}/libraries/?page_size=1")
        assert listed.headers["Strict-Transport-Security"] == "max-age=3600"
        assert json.loads(listed.text)["next"] == f"{site}/{API}/libraries/?page=2&page_size=1"
        schema = json.loads(browser.open(f"{site}/{API}/schema/?format=json").text)
        assert all(path.startswith(f"{site}/{API}/".partition(NAME)[2]) for path in schema["paths"])
        page = browser.open(f"{site}/admin/").text
        style = re.search(r'href="([^"]+base\.css)"', page)[1]
        assert browser.open(f"https://{NAME}{style}").status == 200

    def test_what_comes_without_tls_is_sent_on(self, behind):
        proxy, _said = behind(f"https://{NAME}")
        plain = http.client.HTTPConnection("127.0.0.1", proxy.port_without_tls)
        plain.request("GET", "/admin/", headers={"Host": NAME})
        assert plain.getresponse().headers["Location"] == f"https://{NAME}/admin/"
        plain.close()

    @pytest.mark.parametrize("address", ["", f"https://{NAME}"])
    def test_no_header_is_believed(self, serve, address):
        _process, said = serve("--no-worker", PUBLIC_URL=address)
        browser = Browser()
        answer = browser.open(
            f"http://127.0.0.1:{port_in(said)}/admin/login/",
            **{
                "X-Forwarded-Proto": "http" if address else "https",
                "X-Forwarded-Host": "evil.example.org",
                "X-Forwarded-For": "10.0.0.1",
                "Forwarded": "proto=gopher;host=evil.example.org",
            },
        )
        assert (answer.status, [cookie.secure for cookie in browser.cookies]) == (200, [bool(address)])


class TestPublicAddress:
    @pytest.mark.parametrize(
        ("url", "origin", "path"),
        [
            ("https://imports.example.org", "https://imports.example.org", ""),
            ("https://imports.example.org:443/", "https://imports.example.org", ""),
            ("http://example.org:8080/imports/", "http://example.org:8080", "/imports"),
            ("https://[::1]:8443/a/b", "https://[::1]:8443", "/a/b"),
        ],
    )
    def test_is_read(self, url, origin, path):
        address = PublicAddress.of(url)
        assert (address.origin, address.path) == (origin, path)

    # What Django would answer nobody at, or WSGI spells otherwise, is none either.
    @pytest.mark.few
    @pytest.mark.parametrize(
        "url",
        [
            *("imports.example.org", "ftp://x", "https://", "https://x/?a", "https://x:y"),
            *("https://bücher.example", "https://a_b.example", "https://*", "https://a.example,b.example"),
            *("https://example.org/im ports", "https://example.org/bücher"),
        ],
    )
    def test_what_is_none_is_refused_with_an_example(self, url, tmp_path):
        refused = Project(tmp_path, PUBLIC_URL=url).manage("check")
        assert refused.returncode == 1
        assert refused.stderr.startswith(f"PUBLIC_URL is {url!r}")
        assert "Traceback" not in refused.stderr

    @pytest.mark.parametrize("path", ["/imports/admin/", "/admin/"])
    def test_its_path_is_taken_off_whether_or_not_the_proxy_did(self, path):
        seen: dict = {}
        address = PublicAddress.of("https://example.org/imports")
        application = stand_at(address, lambda environ, _start: seen.update(environ) or [])
        application({"PATH_INFO": path, "HTTP_HOST": "10.0.0.1", "wsgi.url_scheme": "http"}, None)
        assert (seen["SCRIPT_NAME"], seen["PATH_INFO"]) == ("/imports", "/admin/")
        assert (seen["HTTP_HOST"], seen["wsgi.url_scheme"]) == ("example.org", "https")

    @pytest.mark.at_gate
    def test_with_it_the_project_is_fit_to_be_deployed(self, tmp_path):
        project = Project(tmp_path, PUBLIC_URL=f"https://{NAME}", HSTS_SECONDS="3600")
        checked = project.manage("check", "--deploy", "--fail-level", "INFO")
        assert (checked.returncode, "no issues" in checked.stdout) == (0, True), checked.stderr


@pytest.mark.at_gate
def test_whoever_migrates_is_told_of_no_changes_that_migrations_lack(tmp_path):
    assert Project(tmp_path).manage("makemigrations", "--check", "--dry-run").stdout == "No changes detected\n"


@pytest.fixture
def with_ipv6() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")


@pytest.mark.slow
@pytest.mark.usefixtures("with_ipv6")
class TestIPv6:
    @pytest.mark.parametrize("host", ["::1", "[::1]", "0:0::1"])
    def test_one_signs_in_at_the_address_that_is_told(self, serve, host):
        _process, said = serve("--no-worker", "--host", host)
        [site] = re.findall(r"Open +(http://\[::1\]:\d+)/\n", said)
        assert "Log out" in Browser().sign_in(f"{site}/admin/", password_in(said))

    def test_everywhere_is_with_ipv4_as_well(self, serve):
        _process, said = serve("--no-worker", "--host", "::", ALLOWED_HOSTS="127.0.0.1, ::1")
        port = port_in(said)
        for host in ("127.0.0.1", "[::1]"):
            assert "Log out" in Browser().sign_in(f"http://{host}:{port}/admin/", password_in(said))


@pytest.mark.at_gate
@pytest.mark.parametrize("host", ["[2001:db8::fff1]", "none.invalid"])
def test_where_it_cannot_listen_it_says_so_in_a_line(project, host):
    """The first is an address for examples, which no machine has."""
    refused = project.manage("serve", "--no-worker", "--host", host)
    assert (refused.returncode, len(refused.stderr.splitlines())) == (1, 1)
    assert refused.stderr.startswith(f"The server cannot listen at {host}, port 8000: ")


@pytest.mark.parametrize("page", ["/admin/login/", f"/{API}/docs/", f"/{API}/schema/", f"/{API}/imports/"])
def test_no_page_is_shown_in_a_frame_of_another_site(client, db, page):
    answer = client.get(page)
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Content-Security-Policy"] == "frame-ancestors 'none'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"


def test_a_password_that_anybody_would_guess_is_refused():
    with pytest.raises(ValidationError, match="too common"):
        validate_password("password")


def test_sessions_that_have_ended_are_removed(db, settings):
    live, ended = SessionStore(), SessionStore()
    live.create()
    ended.create()
    ended.set_expiry(-1)
    ended.save()
    name = settings.CELERY_BEAT_SCHEDULE["remove expired sessions"]["task"]
    task = import_string(name)
    assert task.name == name
    task.apply()
    assert [session.session_key for session in Session.objects.all()] == [live.session_key]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.usefixtures("usual_umask")
class TestOnASharedMachine:
    @pytest.fixture
    def own(self, tmp_path) -> Project:
        """The project with a database of its own."""
        project = Project(tmp_path / "project", DJANGO_SETTINGS_MODULE="import_from_modulestore_standalone.settings")
        del project.environment["DATABASE_URL"]
        return project

    @pytest.mark.slow
    def test_nobody_else_can_read_what_is_written(self, own, tmp_path):
        var = Path(own.environment["VAR_DIR"])
        component = '<html url_name="h"><![CDATA[<a href="/static/a.txt">a</a>]]></html>'
        pack(write_course(tmp_path / "c1", unit_of(component), files={"static/a.txt": "a"}), own.courses / "c1.tar.gz")
        ran = own.manage("import_from_modulestore", "run", KEY, TARGET, "--create")
        assert ran.returncode == 0, ran.stderr
        with own.worker() as worker, own.caller() as call:
            run = call("create_import", source_key=KEY, library_key=TARGET)["id"]
            call("start_staging", import_id=run)
            wait_for(lambda: call("get_import", import_id=run)["state"] == "staged")
            assert worker.poll() is None
        written = [var, *var.rglob("*")]
        assert {"db.sqlite3", "exports", "media", "broker", "cache", "secret_key"} <= {path.name for path in written}
        assert {path: oct(mode(path)) for path in written if mode(path) & 0o077} == {}

    @pytest.mark.at_gate
    def test_a_backup_is_the_users_own(self, own, tmp_path, _migrated):
        var = Path(own.environment["VAR_DIR"])
        var.mkdir()
        shutil.copy(_migrated, var / "db.sqlite3")
        with own.caller() as call:
            call("create_library", library_key=TARGET, title="Target")
        assert own.manage("import_from_modulestore", "backup", TARGET, tmp_path / "b.zip").returncode == 0
        assert mode(tmp_path / "b.zip") == 0o644

    @pytest.mark.at_gate
    def test_what_an_earlier_version_left_open_is_closed(self, own):
        var = Path(own.environment["VAR_DIR"])
        var.mkdir()
        for name in ("db.sqlite3", "db.sqlite3-wal", "secret_key"):
            (var / name).touch()
        (var / "media").mkdir()
        own.manage("check")
        assert {path.name: oct(mode(path)) for path in [var, *var.iterdir()] if mode(path) & 0o077} == {}

    @pytest.mark.at_gate
    def test_a_folder_with_other_things_in_it_is_left_as_it_is(self, own):
        var = Path(own.environment["VAR_DIR"])
        var.mkdir()
        (var / "letters.txt").touch()
        (var / "db.sqlite3").touch()
        own.manage("check")
        assert (mode(var), mode(var / "letters.txt"), mode(var / "db.sqlite3")) == (0o755, 0o644, 0o600)

    def test_what_belongs_to_another_account_is_told(self, own, settings, monkeypatch):
        var = settings.VAR_DIR = Path(own.environment["VAR_DIR"])
        var.mkdir()
        (var / "secret_key").touch()
        monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
        private.keep_to_ourselves(var)
        [warning] = private.check_what_is_open(None)
        assert "secret_key" in warning.msg


class TestClients:
    """What one client can take of the server."""

    @pytest.fixture
    def connect(self) -> Iterator[Callable[[], socket.socket]]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            served = server.server_at(listener)
            thread = threading.Thread(target=served.run)
            thread.start()
            yield lambda: socket.create_connection(listener.getsockname(), timeout=PATIENCE)
            with suppress(OSError):  # Woken for something else just then, it closes before this wakes it.
                served.trigger.pull_trigger(lambda: wasyncore.close_all(served._map))
            thread.join()
            served.task_dispatcher.shutdown()

    def test_a_body_that_is_too_large_is_refused_before_it_comes(self, connect, settings):
        size = settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1
        with connect() as client:
            client.sendall(f"POST /admin/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n".encode())
            assert client.recv(100).startswith(b"HTTP/1.1 413")

    def test_a_form_may_be_as_large_as_an_upload(self, connect, settings):
        """Some at a time: whoever sends one need not be signed in."""

        def begun(method: str, size: int, *more: str) -> socket.socket:
            client = connect()
            client.sendall(
                f"{method} /admin/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n"
                f"Content-Type: multipart/form-data; boundary=x\r\n{''.join(more)}\r\n".encode()
            )
            return client

        allowed = settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1
        taken = [begun("POST", allowed, "Expect: 100-continue\r\n") for _ in range(8)]
        assert all(client.recv(100).startswith(b"HTTP/1.1 100") for client in taken)
        for method, size in (("POST", allowed), ("PUT", allowed), ("POST", settings.MAX_UPLOAD_BYTES * 2)):
            with begun(method, size) as client:
                assert client.recv(100).startswith(b"HTTP/1.1 413")
        for client in taken:
            client.close()

    def test_one_that_sends_next_to_nothing_is_let_go(self, connect, monkeypatch):
        monkeypatch.setattr(server, "_SECONDS", 0)
        monkeypatch.setattr(server, "_BYTES_PER_SECOND", 1e9)
        with connect() as client:
            client.sendall(b"GET /admin/login/")
            client.settimeout(0.1)

            def is_let_go() -> bool:
                try:
                    client.sendall(b"x")
                    return client.recv(1) == b""
                except TimeoutError:
                    return False
                except ConnectionError:  # It hung up before it had read what was sent last.
                    return True

            wait_for(is_let_go)

    def test_those_who_wait_keep_no_other_waiting(self, connect):
        slow = [connect() for _ in range(server.THREADS * 2)]
        for client in slow:
            client.sendall(b"POST /admin/login/ HTTP/1.1\r\nContent-Length: 10\r\n\r\n1")
        with connect() as client:
            client.sendall(b"GET /none/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert client.recv(100).startswith(b"HTTP/1.1 404")
        for client in slow:
            client.close()
