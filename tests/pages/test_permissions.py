"""Nobody where they don't belong: every page, for everybody."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.db import transaction
from django.test import Client

from import_from_modulestore import api
from import_from_modulestore.data import Action, SourceReference
from import_from_modulestore.pages.urls import urlpatterns

from ..builders import KEY, TARGET, section, subsection, text, unit, usage_key, write_course
from ..keeping import kept
from .conftest import page_url

BLOCK = usage_key("html", "t1")
ITEM = f"lb:{TARGET.removeprefix('lib:')}:html:t1"

# 200 the page, 403 not permitted, 404 told that there is nothing, 302 led to sign in; of forms, 302 is also that it was
# done, and 200 that the form is shown again, with what is wrong. The reviewer sees the library and reads the sources,
# the outsider changes the library and does not read them.
TABLE = """
                    superuser  editor  outsider  reviewer  viewer  stranger  anonymous

home                   200      200      200       200       200     200       login
choose                 200      200      200       200       200     200       login
counts                 302      302      302       302       302     302       login
options                302      302      302       302       302     302       login
choose_library         302      302      302       302       302     302       login
batches                200      200      200       200       200     200       login
batch                  200      200      200       200       200     404       login
batch_reversal         200      200      200       200       200     404       login
summary                302      302      302       302       302     404       login
imports                200      200      200       200       200     200       login
libraries              200      200      200       200       200     200       login
library                200      200      200       200       200     404       login
item                   200      200      200       200       200     200       login
import                 200      200      200       200       200     404       login
progress               302      302      302       302       302     404       login
work                   200      200      200       200       200     404       login
reversal               200      200      200       200       200     404       login
links                  403      403      403       403       403     404       login
review                 200      200      403       200       403     404       login
under                  302      302      302       302       302     404       login
conflict               302      302      403       302       403     404       login
bar                    200      200      403       200       403     404       login
block                  200      200      403       200       403     404       login
block_file             302      302      403       302       403     404       login
rendered               200      200      403       200       403     404       login
signed_file            200      200      200       200       200     200       200

POST options           302      302      404       200       404     404       login
POST upload            200      200      200       403       403     403       login
POST remove_upload     404      404      404       404       404     404       login
POST work              302      302      302       403       403     404       login
POST links             403      403      403       403       403     404       login
POST review            302      302      403       403       403     404       login
POST rows              200      200      403       200       403     404       login
POST block             302      302      403       403       403     404       login
POST check             200      200      403       403       403     404       login
POST do complete       302      302      403       403       403     404       login
POST do undo           302      302      302       403       403     404       login
POST batch_do undo     302      302      302       403       403     404       login
"""

NAMES, *ROWS = [line.split() for line in TABLE.splitlines() if line.strip()]
EXPECTED = {" ".join(row[: -len(NAMES)]): dict(zip(NAMES, row[-len(NAMES) :], strict=True)) for row in ROWS}


@pytest.fixture
@kept
def places(courses, user, run_import, stage) -> dict[str, tuple[str, ...]]:
    """Where each page is, and what is sent to it."""
    picture = '<img src="/static/a.png">'
    lost = section("lost")
    write_course(courses / "c1", section("s", subsection("b", unit("u", text("t1", picture)))), lost)
    done = run_import()[0].id
    write_course(
        courses / "c1", section("s", subsection("b", unit("u", text("t1", picture)))), static={"a.png": b"image"}
    )
    staged = stage()
    sources = [SourceReference(KEY)]
    batch = api.create_batch(user=user, sources=sources, library_key=TARGET).id
    for action in (Action.STAGE, Action.COMPLETE):
        api.do_batch_step(user=user, batch_id=batch, action=action, undecided=True)
    signed = api.sign_file(user=user, import_id=staged, usage_key=BLOCK, name="a.png").signed
    return {
        "library": (TARGET,),
        "item": (ITEM,),
        "import": (done,),
        "progress": (done,),
        "work": (done,),
        "links": (done,),
        "reversal": (done, "undo"),
        "do complete": (staged, "complete"),
        "batch": (batch,),
        "batch_reversal": (batch, "undo"),
        "batch_do undo": (batch, "undo"),
        "do undo": (done, "undo"),
        "block_file": (staged, BLOCK, "a.png"),
        "signed_file": (signed,),
        **dict.fromkeys(("review", "under", "rows", "conflict", "bar"), (staged,)),
        **dict.fromkeys(("block", "rendered", "check"), (staged, BLOCK)),
        "summary": (staged,),
    }


DATA = {
    "options": {"source": KEY, "library": TARGET, "publish": "on"},
    "upload": {"file": ContentFile(b"", name="empty.zip")},
    "work": {"nums": "3"},
    "links": {"do": "link_all"},
    "review": {"leave_out": BLOCK},
    "rows": {"num": "0"},
    "block": {"do": "leave_out"},
    "check": {"olx": "<html/>"},
}


def status(client: Client, name: str, places: dict[str, tuple[str, ...]]) -> str:
    """What a page answers, taken back where it did something."""
    _before, is_form, rest = name.rpartition("POST ")
    place = places.get(rest, ())
    url = page_url(rest.partition(" ")[0], *place)
    with transaction.atomic():
        response = client.post(url, DATA.get(rest, {})) if is_form else client.get(url)
        b"".join(response)  # To its end, which closes a file that is sent.
        transaction.set_rollback(True)
    if response.status_code == 302 and "/sign-in/" in response.url:
        return "login"
    return str(response.status_code)


@pytest.mark.few
@pytest.mark.parametrize("name", NAMES)
def test_pages_are_for_whom_they_are(request, places, name):
    client = Client()
    if name != "anonymous":
        client.force_login(request.getfixturevalue(name))
    found = {page: status(client, page, places) for page in EXPECTED}
    assert found == {page: row[name] for page, row in EXPECTED.items()}


def test_no_page_is_left_out():
    assert {pattern.name for pattern in urlpatterns} == {name.removeprefix("POST ").split()[0] for name in EXPECTED}
