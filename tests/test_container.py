"""
The container and the site that is composed of it. Where no Docker is, their commands are run in a plain folder.

What a Dockerfile and a compose file have to be like, linters say (see .ci/run).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from .builders import KEY, TARGET, small_course, write_course
from .hostile.servers import MariaDB, Redis, can_run
from .processes import PATIENCE, free_port, kill, wait_for
from .test_environment import ODD
from .test_site import API

ROOT = Path(__file__).parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
IMAGE = re.sub(r"\\\n", "", DOCKERFILE).rpartition("\nFROM ")[2]
"""The last stage: what is shipped."""
PUBLIC_URL = "https://imports.example.org"


def interpolated(value: Any, given: dict[str, str]) -> Any:
    """As compose does it: ``${NAME:-default}``, ``${NAME:?what is missing}``, ``$$``."""
    if isinstance(value, dict):
        return {name: interpolated(each, given) for name, each in value.items()}
    if isinstance(value, list):
        return [interpolated(each, given) for each in value]
    if not isinstance(value, str):
        return value

    def found(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        assert match[2] == "-" or given.get(match[1]), match[3]
        return given.get(match[1]) or match[3]

    return re.sub(r"\$\$|\$\{(\w+):([-?])([^}]*)\}", found, value)


def composed(**given: str) -> dict[str, Any]:
    """The services."""
    return interpolated(yaml.safe_load((ROOT / "compose.yaml").read_text()), given)["services"]


OURS = ("migrate", "web", "worker", "beat")
COMPOSED = composed(DATABASE_PASSWORD="secret")


def test_no_password_is_one_that_everybody_knows():
    with pytest.raises(AssertionError, match="Give the database a password"):
        composed()


def test_only_this_machine_reaches_it():
    assert {name: service["ports"] for name, service in COMPOSED.items() if "ports" in service} == {
        "web": ["127.0.0.1:8000:8000"]
    }
    assert {name for name in COMPOSED if COMPOSED[name]["networks"] == ["inside"]} == {"database", "redis"}


@pytest.mark.parametrize("name", OURS)
def test_what_runs_our_code_can_do_no_more_than_it_needs(name):
    service = COMPOSED[name]
    assert (service["read_only"], service["cap_drop"], service["security_opt"]) == (
        True,
        ["ALL"],
        ["no-new-privileges:true"],
    )
    assert service["volumes"] == ["data:/data", "./courses:/courses:ro"]
    assert re.search(r"^USER 10001:10001$", IMAGE, re.MULTILINE)


def test_all_that_a_site_needs_is_there_and_watched():
    assert COMPOSED["worker"]["deploy"]["replicas"] == 2
    assert {"migrate", "web", "worker", "beat", "database", "redis"} == set(COMPOSED)
    assert all("healthcheck" in service for service in COMPOSED.values())


def test_nothing_waits_for_ever_for_a_migration_that_fails():
    assert re.fullmatch(r"no|on-failure:\d", COMPOSED["migrate"]["restart"])


def test_every_variable_is_described_in_the_example():
    asked = set(re.findall(r"\$\{(\w+)", (ROOT / "compose.yaml").read_text()))
    assert asked == set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


def test_what_is_built_from_is_there():
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE)
    assert all((ROOT / path).exists() for line in copied for path in line.split())


def test_compose_takes_the_file():
    if subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("docker compose is not here")
    environment = {**os.environ, "DATABASE_PASSWORD": "secret"}
    subprocess.run(["docker", "compose", "config", "--quiet"], cwd=ROOT, env=environment, check=True)


class Composed:
    """The site in a plain folder: the image's packages, environment and commands, with servers of its own."""

    def __init__(self, folder: Path, database: MariaDB, redis: Redis) -> None:
        self.data, self.courses, self.plain, self.port = folder / "data", folder / "courses", folder / "x", free_port()
        self._temporary = folder / "tmp"
        for made in (self.data, self.courses, self.plain, self._temporary):
            made.mkdir(parents=True)
        self._bin = folder / "site" / "bin"
        self._install(folder)
        entrypoint = re.search(r"^ENTRYPOINT (.*)$", IMAGE, re.MULTILINE)
        assert entrypoint
        self._entrypoint = json.loads(entrypoint[1])
        self._of_image = dict(re.findall(r"\b([A-Z_]+)=(\S+)", re.search(r"^ENV (.*)$", IMAGE, re.MULTILINE)[1]))
        self._services = composed(DATABASE_PASSWORD=ODD, PUBLIC_URL=PUBLIC_URL, METRICS_TOKEN="let-me-see")
        self._here = {
            "@database/imports": f"@127.0.0.1:{database.port}/imports",
            "redis://redis/": f"{redis.url}/",
            "/data": str(self.data),
            "/courses": str(self.courses),
            "/opt/site/bin:$PATH": f"{self._bin}:/usr/bin:/bin",
        }
        self._open = ExitStack()

    def _install(self, folder: Path) -> None:
        uv = str(Path(sys.executable).with_name("uv"))
        pins = [word for name in ("base", "mysql") for word in ("-r", f"requirements/{name}.txt")]
        python = ["--python", str(self._bin / "python")]
        for words in (
            ["build", "--wheel", "--out-dir", str(folder)],
            ["venv", "--python", sys.executable, str(self._bin.parent)],
            ["pip", "install", *python, *pins],
            ["pip", "install", *python, "--no-deps", folder],
        ):
            if words[-1] == folder:
                words[-1] = str(next(folder.glob("*.whl")))
            subprocess.run([uv, *words, "--quiet"], cwd=ROOT, check=True)

    def environment(self, name: str) -> dict[str, str]:
        """What a container of this service would have, but for where things are."""
        found = {**self._of_image, **self._services[name]["environment"]}
        assert found.pop("HOME") == "/tmp"
        temporary = dict.fromkeys(("HOME", "TMPDIR"), str(self._temporary))
        return temporary | {each: self._moved(value) for each, value in found.items()}

    def _moved(self, text: str) -> str:
        for there, here in self._here.items():
            text = text.replace(there, here)
        return text

    def words(self, name: str, host: str) -> list[str]:
        """What a container of this service would run."""
        service = self._services[name]
        words = [*service.get("entrypoint", self._entrypoint), *service["command"]]
        moved = {"0.0.0.0": "127.0.0.1", "8000": str(self.port), "worker@%h": f"worker@{host}"}
        return [moved.get(word, self._moved(word)) for word in words]

    def run(self, name: str, *words: str) -> str:
        """Run a command of a service, to its end."""
        done = subprocess.run(
            words or self.words(name, name),
            cwd=self.plain,
            env=self.environment(name),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, name: str, host: str) -> None:
        """Start a service, to run until the end."""
        with (self.plain.parent / f"{host}.log").open("wb") as log:
            process = subprocess.Popen(
                self.words(name, host),
                cwd=self.plain,
                env=self.environment(name),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._open.callback(kill, process)

    def is_healthy(self, name: str, host: str) -> bool:
        """What the service's own check says."""
        kind, *words = self._services[name]["healthcheck"]["test"]
        words = [self._moved(word).replace(":8000/", f":{self.port}/").replace("$(uname -n)", host) for word in words]
        if kind == "CMD-SHELL":
            words = ["/bin/sh", "-c", *words]
        return not subprocess.run(
            words, cwd=self.plain, env=self.environment(name), capture_output=True, check=False
        ).returncode

    def close(self) -> None:
        self._open.close()


@pytest.fixture
def site(tmp_path) -> Iterator[Composed]:
    """A site that has just been brought up."""
    if not (can_run("mariadbd") and can_run("redis-server")):
        pytest.fail("no servers are installed") if os.environ.get("CI") else pytest.skip("no servers are installed")
    with ExitStack() as running:
        servers = MariaDB(tmp_path / "mariadb"), Redis(tmp_path / "redis")
        for server in servers:
            running.callback(server.stop)
            server.start()
        servers[0].set_password(ODD)
        site = Composed(tmp_path / "composed", *servers)
        running.callback(site.close)
        site.run("migrate")
        for name, host in (("web", "web"), ("worker", "one"), ("worker", "two"), ("beat", "beat")):
            site.start(name, host)
        yield site


@pytest.mark.slow
def test_its_commands_are_a_site_that_is_healthy_and_imports(site):
    assert not shutil.which("import-from-modulestore", path=str(site.plain)), "it is installed elsewhere"
    write_course(site.courses / "c1", *small_course())
    for name, host in (("web", "web"), ("worker", "one"), ("worker", "two"), ("beat", "beat")):
        wait_for(lambda name=name, host=host: site.is_healthy(name, host))
    assert not site.is_healthy("worker", "three")

    assert "no issues" in site.run("web", "import-from-modulestore", "check", "--deploy", "--fail-level", "INFO")
    token = site.run("web", "import-from-modulestore", "tokens", "make", "author").strip()
    address, headers = f"http://127.0.0.1:{site.port}/{API}", {"Authorization": f"Token {token}"}

    def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = requests.post(f"{address}/{path}", json=body, headers=headers, timeout=PATIENCE)
        assert answer.ok, answer.text
        return answer.json()

    def comes_to(state: str) -> None:
        path = f"{address}/imports/{run}/"
        wait_for(lambda: requests.get(path, headers=headers, timeout=PATIENCE).json()["state"] == state)

    run = post("imports/", {"source_key": KEY, "library_key": TARGET, "new_library_title": "Target"})["id"]
    comes_to("staged")
    post(f"imports/{run}/complete/", {})
    comes_to("imported")

    asked = {"Authorization": "Bearer let-me-see"}
    said = requests.get(f"http://127.0.0.1:{site.port}/metrics", headers=asked, timeout=PATIENCE).text
    assert 'import_from_modulestore_imports{state="imported"} 1.0' in said

    def states_logged() -> set[str]:
        logs = [(site.plain.parent / f"{host}.log").read_text() for host in ("one", "two")]
        lines = [json.loads(line) for log in logs for line in log.splitlines(keepends=True) if line.endswith("\n")]
        return {line["state"] for line in lines if line.get("import_id") == run}

    wait_for(lambda: states_logged() >= {"staged", "imported"})  # What is so is logged afterwards.
    assert list(site.plain.iterdir()) == [], "nothing is written but into the folder for it"
