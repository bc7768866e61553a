"""
Whatever happens to a site while people import, it comes to rest by itself, and every library is what its history says.

These are seconds of it; ``make soak MINUTES=20`` goes on for as long as one likes.
"""

from __future__ import annotations

import os

import pytest

from ..examples import IS_GATE
from ..processes import PATIENCE
from .servers import can_run
from .soak import soak
from .tally import Tally

pytestmark = [
    pytest.mark.slow,
    # Connections end where servers do, and hostile cookies are too much for the client's own jar.
    pytest.mark.filterwarnings(
        "ignore:unclosed:ResourceWarning",
        "ignore:http.cookiejar bug:UserWarning",
        "ignore::pytest.PytestUnraisableExceptionWarning",
    ),
]


@pytest.mark.parametrize("with_servers", [False, True], ids=["sqlite", "servers"])
def test_a_site_that_is_disturbed_comes_to_rest_and_all_holds(tmp_path, with_servers):
    if with_servers and not (can_run("mariadbd") and can_run("redis-server")):
        pytest.fail("no servers are installed") if os.environ.get("CI") else pytest.skip("no servers are installed")
    tally = Tally(print, within=PATIENCE)
    soak(
        tmp_path,
        seconds=10,
        kinds=["killer", "filler", "restarter", "rest"],
        with_servers=with_servers,
        seed="the gate" if IS_GATE else str(os.getpid()),
        tally=tally,
        recover_every=3,
        quiet=2 * PATIENCE,
        pace=0.2,
    )
    assert not tally.faults, "\n".join([*tally.faults, tally.table()])
    for heading in ("disturbances", "answers", "hostile requests"):
        assert tally.total(heading), f"no {heading}: the run tried nothing"
