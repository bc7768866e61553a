"""
Hostile requests: to every address that the API describes, by everybody, as described and not.

Schemathesis makes requests from the description that the app itself gives, good ones and such that break its rules;
here they get what is there by name, and harm: bodies, parameters and headers that no description would think of.
"""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from random import Random
from typing import Any
from urllib.parse import quote

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from schemathesis.generation import GenerationMode

from ..builders import KEY, usage_key
from .exports import HOSTILE_BYTES, HOSTILE_TEXTS
from .histories import TIMEOUT
from .people import LIBRARIES, PEOPLE, Issuer, Person
from .site import Site
from .tally import Tally

TEXTS = (
    *HOSTILE_TEXTS,
    "\0",
    "\ufffe",
    "\ud800",
    "\x1b[31m",
    "9" * 20,
    "9" * 5_000,
    "-" + "9" * 20,
    "1e999",
    "NaN",
    "٣",
    "x" * 60_000,
    "lib:Acme:" + "x" * 300,
    "lib:Acme:\ud800",
    "course-v1:Acme+C1+\ufffe",
    "block-v1:Acme+C1+R1+type@html+block@\u202e",
    "lb:Acme:L0:html:" + "é" * 300,
    "' OR 1=1 --",
    "{{7*7}}",
    "../../../etc/passwd",
    "0x10",
    "true",
)
VALUES = (*TEXTS, None, True, 0, -1, 2**63, 2**64, 10**400, 1.5, [], {}, [[]] * 50, {"a": {"b": []}}, ["x"] * 10_001)
BODIES = (
    *HOSTILE_BYTES,
    b"",
    b"null",
    b"[]",
    b'"x"',
    b"NaN",
    b'{"a":1,"a":2}',
    b'{"key":1e999}',
    b'{"key":' + b"9" * 10_000 + b"}",
    b'{"title":"\\ud800"}',
    b'{"title":"\\u0000"}',
    b'{"\\ud800":1}',
    b'{"key":"\xff"}',
    "{}".encode("utf-16"),
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"a=b&c=d",
    b"x" * 21_000_000,
)
HEADERS = (
    ("Content-Type", "text/plain"),
    ("Content-Type", "application/json; charset=utf-7"),
    ("Content-Type", "application/json; charset=x-none"),
    ("Content-Type", "multipart/form-data; boundary="),
    ("Content-Type", "application/x-www-form-urlencoded"),
    ("Content-Type", "\xff"),
    ("Accept", "text/html"),
    ("Accept", "*/*;q=x," * 200),
    ("Accept-Language", "x" * 4_000),
    ("Accept-Language", "ar, de;q=0.5"),
    ("Accept-Encoding", "\xff"),
    ("Authorization", "JWT"),
    ("Authorization", "JWT \xff.\xff.\xff"),
    ("Authorization", "JWT eyJhbGciOiJub25lIn0.e30."),
    ("Authorization", "Bearer x"),
    ("Cookie", "sessionid=\xff; csrftoken="),
    ("Cookie", "sessionid=" + "x" * 4_000),
    ("Host", "example.com"),
    ("Host", "\xff"),
    ("Host", "127.0.0.1:x"),
    ("X-Forwarded-Host", "example.com"),
    ("X-HTTP-Method-Override", "DELETE"),
    ("Content-Length", "-1"),
    ("Content-Length", "9" * 30),
    ("Transfer-Encoding", "chunked"),
    ("Transfer-Encoding", "x"),
    ("Expect", "100-continue"),
    ("Range", "bytes=0-1"),
    ("If-Modified-Since", "\xff"),
    ("Idempotency-Key", "x"),
    ("Idempotency-Key", "x" * 256),
    ("Idempotency-Key", "\xff"),
    ("Referer", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")),
    ("X-CSRFToken", "\xff"),
)
METHODS = ("PUT", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "FOO")
_HALF = {"Content-Length", "Transfer-Encoding", "Expect"}
"""Headers that speak of a body which does not come: the server may wait for it."""
_AT_A_TIME = 25
OPEN = ("/schema/", "/docs/")
"""Addresses that everybody may look at."""


def _one_of(values: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    return st.integers(0, len(values) - 1).map(lambda number: values[number])


def _happens(draw: Any, percent: int) -> bool:
    # Hypothesis likes the ends of a range best.
    return draw(st.integers(-500, 500)) % 100 in range(100 - percent, 100)


class Fuzzer(threading.Thread):
    """Sends hostile requests to a site until all is over, and sees to it that each is answered as is described."""

    def __init__(
        self, site: Site, tally: Tally, issuer: Issuer, session: str, seed: str, over: threading.Event
    ) -> None:
        super().__init__(name="fuzzer", daemon=True)
        self._site, self._tally, self._seed, self._over = site, tally, seed, over
        self._signed = {person.name: issuer.headers(person.name, session) for person in PEOPLE}
        described = schemathesis.openapi.from_url(f"{site.api}schema/?format=json")
        self._operations = [result.ok() for result in described.get_all_operations()]
        self._words = [KEY, *LIBRARIES, usage_key("html", "at1"), usage_key("vertical", "au1"), "c1-0", "c1-1"]
        self._words += [f"lb:Acme:L0:html:{name}" for name in ("at1", "at2")] + ["lct:Acme:L0:unit:au1"]
        self._imports: list[str] = []

    def run(self) -> None:
        number = 0
        while not self._over.is_set():
            number += 1
            self._imports = self._known_imports()
            try:
                self._some(Random(f"{self._seed} {number}").getrandbits(64))
            except Exception as error:  # Its own fault, which is not to go unnoticed.
                self._tally.fault(f"the fuzzer: {type(error).__name__}: {error}")
                return

    def _some(self, number: int) -> None:
        """Some requests, other ones for each number."""

        @seeded(number)
        @settings(
            max_examples=_AT_A_TIME,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(st.data())
        def send(data: Any) -> None:
            self._send(data.draw)

        send()

    def _known_imports(self) -> list[str]:
        with suppress(requests.RequestException, ValueError):
            answer = requests.get(f"{self._site.api}imports/", headers=self._signed["ada"], timeout=TIMEOUT)
            self._imports = [run["id"] for run in answer.json().get("results", ())]
        return self._imports or ["2d9c9a4e-4a6c-4c4e-9d5f-0123456789ab"]

    def _send(self, draw: Any) -> None:
        operation = draw(st.sampled_from(self._operations))
        mode = draw(st.sampled_from([GenerationMode.POSITIVE, GenerationMode.NEGATIVE]))
        case = draw(operation.as_strategy(generation_mode=mode))
        person = draw(st.sampled_from([person for person in PEOPLE if person.enters] * 4 + list(PEOPLE)))
        path, query, body = self._address(draw, case), dict(case.query or {}), case.body
        method = draw(_one_of(METHODS)) if _happens(draw, 4) else operation.method.upper()
        own = {str(name): str(value) for name, value in (case.headers or {}).items() if name != "Authorization"}
        headers = {"Content-Type": "application/json"} | own
        for name in list(query):
            query[name] = self._harmed(draw, query[name])
        if _happens(draw, 10):
            query[draw(st.sampled_from(["page", "page_size", "search", "format", "x", "export", "force"]))] = draw(
                _one_of(TEXTS)
            )
        raw = self._body(draw, body)
        for name, value in draw(st.lists(_one_of(HEADERS), max_size=2)) if _happens(draw, 20) else ():
            headers[name] = value
        self._judge(person, method, path, query, raw, headers, operation.label)

    def _address(self, draw: Any, case: Any) -> str:
        path = case.operation.path
        for name, value in (case.path_parameters or {}).items():
            if _happens(draw, 80):
                value = draw(st.sampled_from(self._imports if name == "import_id" else self._words))
            else:
                value = self._harmed(draw, value)
            path = path.replace(f"{{{name}}}", _quoted(_text(value)))
        return path

    def _harmed(self, draw: Any, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._harmed(draw, each) for name, each in value.items()}
        if _happens(draw, 12):
            return draw(_one_of(VALUES))
        return draw(st.sampled_from(self._words)) if _happens(draw, 25) else value

    def _body(self, draw: Any, body: Any) -> bytes | None:
        if _happens(draw, 10):
            return draw(_one_of(BODIES))
        if not isinstance(body, dict | list | str | int | float | bool | type(None)):
            return None
        harmed = self._harmed(draw, body)
        return _json(harmed).encode("utf-8", "surrogatepass")

    def _judge(
        self, person: Person, method: str, path: str, query: Any, body: bytes | None, headers: Any, label: str
    ) -> None:
        headers = {**headers, **({} if "Authorization" in headers else self._signed[person.name])}
        what = f"{method} {path[:200]} {_json(query)[:200]} {(body or b'')[:300]!r} {headers!r:.300} by {person.name}"
        pairs = [(name, text) for name, value in query.items() for text in _texts(value)]
        web = self._site.web
        starts, began = web.starts, time.monotonic()
        is_whole = not _HALF & headers.keys()
        try:
            response = requests.request(
                method,
                f"http://127.0.0.1:{self._site.port}{path}",
                params="&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in pairs),
                data=body,
                headers={name: value.encode("latin-1", "replace") for name, value in headers.items()},
                timeout=TIMEOUT if is_whole else 1,
                allow_redirects=False,
            )
        except (requests.exceptions.InvalidHeader, requests.exceptions.InvalidURL, ValueError):
            self._tally.count("hostile requests", "could not be sent")
            return
        except requests.RequestException as error:
            # A server may hang up on whoever speaks no HTTP; it may not die of it.
            if web.starts != starts or not (web.runs and self._site.answers()):
                self._tally.count("hostile requests", "none: the server was down")
            elif isinstance(error, requests.Timeout) and is_whole:
                self._tally.answered(time.monotonic() - began, what)
            else:
                self._tally.count(
                    "hostile requests", "waited for" if isinstance(error, requests.Timeout) else "hung up"
                )
            return
        self._tally.answered(time.monotonic() - began, label)
        self._tally.count("hostile requests", str(response.status_code))
        for fault in _faults(response, person, method, path):
            self._tally.fault(f"{fault}: {what} → {response.status_code} {response.text[:200]}")


def _faults(response: Any, person: Person, method: str, path: str) -> list[str]:
    faults, status = [], response.status_code
    kind = response.headers.get("Content-Type", "")
    is_problem = kind == "application/problem+json"
    code = (response.json()["code"] if method != "HEAD" else "?") if is_problem else ""
    if status >= 500 and not (status == 503 and code) and status != 501:
        faults.append("the server broke")
    if status < 300 and not path.endswith(OPEN) and method not in ("OPTIONS", "TRACE"):
        if not person.enters:
            faults.append("somebody was let in")
        if method in ("POST", "PATCH", "PUT", "DELETE") and not person.writes:
            faults.append("somebody changed something who may not")
    if "Traceback (most recent" in response.text or "/site-packages/" in response.text:
        faults.append("the answer tells of the code")
    return faults


def _json(value: Any) -> str:

    return json.dumps(value, default=str, ensure_ascii=False)


def _text(value: Any) -> str:
    return (value if isinstance(value, str) else _json(value))[:3_000] or "x"


def _quoted(text: str) -> str:
    return quote(text, safe="", errors="surrogatepass")


def _texts(value: Any) -> list[str]:
    if isinstance(value, list):
        return [text for each in value[:20] for text in _texts(each)]
    return [value if isinstance(value, str) else _json(value)]
