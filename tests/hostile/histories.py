"""
Random histories: several users at work over REST, who create, stage, review, complete, cancel, undo and redo.

Their courses are on the shelf in several states and never change, so that what a library has to hold follows from the
history alone (see :mod:`.judges`).
"""

from __future__ import annotations

import threading
import time
import uuid
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import requests

from import_from_modulestore.data import Action, BlockIds, Branch, CompositionLevel, Contents, Decision

from ..builders import KEY, Block, problem, section, subsection, text, unit, write_course, write_library
from ..processes import PATIENCE
from .people import AUTHORS, LIBRARIES, Issuer
from .site import Site
from .tally import Tally

LARGE_KEY = "course-v1:Acme+C2+R1"
LARGE = 150
"""Components of the course whose steps take seconds, so that something can happen meanwhile."""
TIMEOUT = PATIENCE
"""Seconds after which a user thinks that no answer will come."""
BUSY = "request_under_way"


def write_shelf(folder: Path) -> None:
    """A course in three states, a large one in two, and a legacy library."""
    for state, (body, last, more) in enumerate((("One", 5, 0), ("Two", 5, 1), ("Three", 3, 3))):
        write_course(
            folder / f"c1-{state}",
            section("s1", *_subsections("a", body, last)),
            section("s2", *_subsections("b", "One", 2 + more), title=f"Second {body}"),
            static={"a.png": b"png" * 10_000, "b.png": body.encode() * 20_000},
        )
        if state < 2:
            pages = [unit(f"u{n}", *_components(f"l{n}x", body if n % 3 else "One", 5)) for n in range(LARGE // 5)]
            write_course(
                folder / f"c2-{state}",
                *(section(f"s{n}", subsection(f"b{n}", *pages[n::3])) for n in range(3)),
                files={"course.xml": '<course url_name="R1" org="Acme" course="C2"/>'},
                static={f"{n}.png": bytes([n]) * 50_000 for n in range(20)},
            )
    write_library(folder / "bank", problem("q1"), text("t1"), problem("q2"))


def _subsections(prefix: str, body: str, count: int) -> list[Block]:
    return [subsection(f"{prefix}b", unit(f"{prefix}u1", *_components(prefix, body, count)), unit(f"{prefix}u2"))]


def _components(prefix: str, body: str, count: int) -> list[Block]:
    return [
        text(f"{prefix}t{n}", f'<p>{body} {n}.</p><img src="/static/{"ab"[n % 2]}.png"/><img src="/static/{n}.png"/>')
        if n % 3
        else problem(f"{prefix}p{n}", f"<p>{body}?</p>")
        for n in range(count)
    ]


class Answer:
    """What came of a request; ``status`` is 0 where no answer came."""

    def __init__(self, status: int, data: Any, seconds: float) -> None:
        self.status, self.data, self.seconds = status, data, seconds

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300


class Asker:
    """Sends one person's requests, and sees to it that each answer is one that the description of the API knows."""

    def __init__(self, site: Site, tally: Tally, headers: dict[str, str]) -> None:
        self._site, self._tally, self._headers = site, tally, headers

    def __call__(self, method: str, path: str, body: Any = None, **query: Any) -> Answer:
        """One request. It is sent again under its key where its fate is not known."""
        headers, what = dict(self._headers), f"{method} {_pattern(path)}"
        if method == "POST":
            headers["Idempotency-Key"] = str(uuid.uuid4())
        deadline = time.monotonic() + TIMEOUT
        while True:
            answer = self._once(method, path, body, query, headers, what)
            unknown = answer.status == 0 or (isinstance(answer.data, dict) and answer.data.get("code") == BUSY)
            if not unknown or method != "POST" or time.monotonic() > deadline:
                return answer
            time.sleep(1)

    def _once(self, method: str, path: str, body: Any, query: Any, headers: Any, what: str) -> Answer:
        web = self._site.web
        starts, began = web.starts, time.monotonic()
        try:
            response = requests.request(
                method, self._site.api + path, json=body, params=query, headers=headers, timeout=TIMEOUT
            )
        except requests.RequestException as error:
            seconds = time.monotonic() - began
            if isinstance(error, requests.Timeout):
                self._tally.answered(seconds, what)
            elif "refused" in str(error):  # Nobody listens: it is being started.
                pass
            elif web.runs and web.starts == starts and self._site.answers():
                self._tally.fault(f"{what}: no answer from a server that runs: {error}")
            self._tally.count("answers", "none: the server was down")
            return Answer(0, None, seconds)
        seconds = time.monotonic() - began
        self._tally.answered(seconds, what)
        data = None
        with suppress(ValueError):
            data = response.json()
        code = data.get("code", "") if isinstance(data, dict) else ""
        self._tally.count("answers", f"{response.status_code} {code}".strip())
        if response.status_code >= 500 and not (response.status_code == 503 and code):
            self._tally.fault(f"{what}: {response.status_code} {response.text[:200]}")
        return Answer(response.status_code, data, seconds)


def _pattern(path: str) -> str:
    return "/".join("…" if ":" in part or len(part) == 36 else part for part in path.split("/"))


class User(threading.Thread):
    """Somebody at work, until told that all is over."""

    def __init__(
        self, site: Site, tally: Tally, issuer: Issuer, number: int, people: int, seed: str, over: threading.Event
    ) -> None:
        """One of so many ``people``, by number: a script of one of the authors, who have several where they are few."""
        name = AUTHORS[number % len(AUTHORS)]
        super().__init__(name=f"{name} {number}", daemon=True)
        self._tally, self._over, self._pause = tally, over, people / 6
        self._random = Random(f"{seed} {self.name}")
        self._ask = Asker(site, tally, issuer.headers(name))

    def run(self) -> None:
        while not self._over.is_set():
            try:
                self.act()
            except Exception as error:  # The script's own fault, which is not to go unnoticed.
                self._tally.fault(f"{self.name}: {type(error).__name__}: {error}")
            self._over.wait(self._random.random() * self._pause)

    def act(self) -> None:
        """Do something that makes sense now, or nearly."""
        found = self._ask("GET", "imports/", page_size=30)
        runs = found.data["results"] if found.is_good else []
        open_runs = [run for run in runs if run["actions"]]
        if not open_runs or self._random.random() < 0.2:
            self._create()
            return
        run = self._random.choice(open_runs)
        action = self._random.choices(
            [*run["actions"], "look"], [0.3 if each == Action.CANCEL else 2 for each in run["actions"]] + [1]
        )[0]
        self._tally.count("asked for", action)
        match action:
            case "look":
                self._look(run)
            case Action.REVIEW:
                self._review(run)
            case Action.UNDO | Action.REDO:
                self._step(run, action, force=self._random.random() < 0.3)
            case _:
                self._step(run, action)

    def _step(self, run: Any, action: str, **body: Any) -> None:
        self._ask("POST", f"imports/{run['id']}/{action}/", body)

    def _create(self) -> None:
        choose = self._random.choice
        key, export = choose([(KEY, "c1-0"), (KEY, "c1-1"), (KEY, "c1-2"), (LARGE_KEY, "c2-0"), (LARGE_KEY, "c2-1")])
        if self._random.random() < 0.1:
            key, export = "library-v1:Acme+L1", "bank"
        options = {
            "level": choose(list(CompositionLevel)),
            "on_conflict": choose(list(Decision)),
            "contents": choose(list(Contents)),
            "block_ids": choose([BlockIds.KEEP, BlockIds.KEEP, BlockIds.FROM_TITLES]),
            "branch": choose(list(Branch)),
            "publish": choose([True, True, False]),
        }
        if self._random.random() < 0.3:
            options["collection"] = {"title": "Course"}
        library = choose(LIBRARIES)
        body = {"source_key": key, "export": export, "library_key": library, "options": options}
        if self._random.random() < 0.1:
            body |= {"library_key": f"lib:Acme:N{self._random.randrange(3)}", "new_library_title": "New"}
        body["start"] = self._random.random() < 0.8
        self._tally.count("asked for", "create")
        self._ask("POST", "imports/", body)

    def _look(self, run: Any) -> None:
        path = f"imports/{run['id']}/"
        for part in ("", "records/", "reversals/", "reversals/last/", "plan/", "gone/", "undo/", "redo/"):
            if self._random.random() < 0.4:
                self._ask("GET", path + part)
        if self._random.random() < 0.3:
            self._ask("GET", self._random.choice(["sources/", "libraries/", f"sources/{KEY}/"]))

    def _review(self, run: Any) -> None:
        path, random = f"imports/{run['id']}/", self._random
        found = self._ask("GET", f"{path}blocks/", page_size=200)
        blocks = found.data["results"] if found.is_good else []
        if not blocks:
            return
        block = random.choice(blocks)
        one = f"{path}blocks/{block['usage_key']}/"
        match random.randrange(6):
            case 0:
                self._ask("GET", one)
            case 1:
                self._ask("PATCH", one, {"title": f"Renamed {random.randrange(9)}"})
            case 2 if block["kind"] == "component":
                self._ask("PATCH", one, {"olx": _edited(block, random.randrange(9))})
            case 3:
                keys = [each["usage_key"] for each in random.sample(blocks, min(3, len(blocks)))]
                self._ask("PATCH", f"{path}blocks/", {"usage_keys": keys, "selected": random.random() < 0.5})
            case 4:
                self._ask("PATCH", one, {"decision": random.choice([None, *Decision])})
            case _:
                self._ask("PATCH", f"{path}gone/", {"remove": random.random() < 0.7})


def _edited(block: Any, number: int) -> str:
    tag = block["block_type"]
    return f'<{tag} url_name="{block["usage_key"].rpartition("@")[2]}"><p>{number}</p></{tag}>'
