"""
Histories under disturbances, for as long as one likes: ``make soak MINUTES=20 WITH=killer ON=servers SEED=7``.

It tells what it does while it runs, and at its end what came of it. Where something does not hold, it exits with 1 and
leaves the site's folder, with all logs and the database; the seed makes the same users ask for the same things, and the
same harm be done, though not at the same moments.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from . import judges
from .disturbances import KINDS, Disturbance, mounted, unmount
from .histories import User, write_shelf
from .people import AUTHORS, Issuer
from .rest import Fuzzer
from .site import Site, memory_of
from .tally import Tally

DISK = 400
"""Megabytes of the disk that is filled."""
LONG = 300
"""Seconds of a run that tells of memory: processes are warm by its middle."""
QUIET = 900
"""Seconds within which everything has to be at rest: what nobody tells of is asked for again after 10 minutes."""


def soak(
    folder: Path,
    *,
    seconds: float,
    kinds: list[str],
    with_servers: bool,
    seed: str,
    tally: Tally,
    recover_every: float = 60,
    quiet: float = QUIET,
    pace: float = 1,
    people: int = len(AUTHORS),
) -> None:
    """
    Run a site, have it used and disturbed for so long, let it come to rest, and judge. Faults are in the tally.

    ``kinds`` are those of :data:`.disturbances.KINDS`, ``people`` how many scripts there are that import. Within
    ``quiet`` seconds everything has to be at rest.
    """
    issuer, over = Issuer(), threading.Event()
    small = "filler" in kinds and mounted(folder / "var", DISK)
    try:
        with Site(folder, with_servers=with_servers, recover_every=recover_every, **issuer.environment) as site:
            session = site.module("people")
            write_shelf(site.courses)
            tally.say(f"{site.api} runs; seed {seed}, {folder}")
            with _watched(site) as memory:
                fuzzer = [Fuzzer(site, tally, issuer, session, seed, over)] if "rest" in kinds else []
                users = [User(site, tally, issuer, number, people, seed, over) for number in range(people)]
                random = Random(f"{seed} disturbances")
                possible = [
                    made for kind in kinds for each in KINDS[kind] if (made := each(site, random, pace)).possible()
                ]
                _live([*users, *fuzzer], over, possible, seconds, random, tally)
                _come_to_rest(site, tally, quiet)
            for fault in judges.memory_is_flat(memory) if seconds >= LONG else ():
                tally.fault(fault)
            for what, megabytes in judges.memory_of_the_oldest(memory):
                tally.counts["megabytes of the process that lived longest", what] = megabytes
            _count_states(site, tally)
            judged = json.loads(site.module("judges"))
            for fault in (*judged["faults"], *judges.only_own_exceptions(site.logs)):
                tally.fault(fault)
            told = {"judged": judged["counts"], "told by the app": judges.told_in(site.logs)}
            if site.database:
                told["told by MariaDB"] = {"deadlocks": site.database.log.read_text().count("WE ROLL BACK")}
            for heading, counts in told.items():
                tally.counts.update({(heading, name): count for name, count in counts.items()})
    finally:
        if small:
            if tally.faults:
                shutil.copytree(folder / "var", folder / "var-kept", dirs_exist_ok=True)
            unmount(folder / "var")


def _live(
    people: list[threading.Thread],
    over: threading.Event,
    possible: list[Disturbance],
    seconds: float,
    random: Random,
    tally: Tally,
) -> None:
    deadline = time.monotonic() + seconds
    for person in people:
        person.start()
    try:
        while (left := deadline - time.monotonic()) > 0:
            disturbance = random.choice(possible) if possible else None
            time.sleep(min(left, random.uniform(0.3, 2) * (disturbance.pause * disturbance.pace if disturbance else 5)))
            if disturbance:
                _strike(disturbance, tally)
    finally:
        over.set()
        for person in people:
            person.join()


def _strike(disturbance: Disturbance, tally: Tally) -> None:
    try:
        told = disturbance.strike()
    except AssertionError as error:
        told = type(disturbance).__name__
        tally.fault(f"after {told}, the site does not come back: {error}")
    tally.count("disturbances", told)
    tally.say(told)


def _come_to_rest(site: Site, tally: Tally, quiet: float) -> None:
    tally.say("left in peace")
    began, is_helped = time.monotonic(), False
    while running := json.loads(site.module("judges", "states"))["running"]:
        if time.monotonic() - began > quiet:
            tally.fault(f"{running} imports run still after {quiet:.0f} s of peace")
            return
        if time.monotonic() - began > quiet / 2 and not is_helped:
            # Celery's pool can stand still once one of its processes was killed at a bad moment, and then takes nothing
            # up, not even what recovers imports. Whoever runs a site starts such workers anew, and that has to do.
            is_helped = True
            for service in site.workers:
                service.kill()
                service.start()
            tally.count("disturbances", "started workers anew that took nothing up")
            tally.say("started the workers anew")
        time.sleep(3)
    tally.say(f"at rest after {time.monotonic() - began:.0f} s")


def _count_states(site: Site, tally: Tally) -> None:
    for heading, counts in json.loads(site.module("judges", "states"))["counts"].items():
        tally.counts.update({(heading, name): count for name, count in counts.items()})


@contextmanager
def _watched(site: Site) -> Iterator[dict[tuple[str, int], list[int]]]:
    """How much memory each process has, again and again."""
    samples: dict[tuple[str, int], list[int]] = defaultdict(list)
    over = threading.Event()

    def watch() -> None:
        while not over.wait(2):
            for name, process in list(site.processes()):
                if megabytes := memory_of(process):
                    samples[name, process.pid].append(megabytes)

    thread = threading.Thread(target=watch, name="memory", daemon=True)
    thread.start()
    try:
        yield samples
    finally:
        over.set()
        thread.join()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile.soak", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--with", dest="kinds", nargs="*", choices=list(KINDS), default=[])
    parser.add_argument("--on", choices=["sqlite", "servers"], default="servers", help="what the site stands on")
    parser.add_argument("--people", type=int, default=20, help="how many scripts import, each on its own")
    parser.add_argument("--seed", default="")
    parser.add_argument("--recover-every", type=float, default=60, help="seconds between two recoveries")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # So that nothing is left behind.
    seed = options.seed or str(int(time.time()))
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    tally = Tally(_tell)
    soak(
        folder,
        seconds=60 * options.minutes,
        kinds=options.kinds,
        with_servers=options.on == "servers",
        seed=seed,
        tally=tally,
        recover_every=options.recover_every,
        people=options.people,
    )
    _tell(f"\n{tally.table()}\n")
    if not tally.faults:
        shutil.rmtree(folder, ignore_errors=True)
        return
    for fault in tally.faults:
        _tell(f"* {fault}")
    _tell(f"\nSeed {seed}. All of it is in {folder}; the last lines of its logs:")
    for log in sorted((folder / "logs").glob("*.log")):
        _tell("\n  ".join([f"\n{log.name}", *log.read_text(errors="replace").splitlines()[-8:]]))
    sys.exit(1)


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
