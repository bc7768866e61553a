"""A course, a library and a user whose every name is an attack: on all pages, words stay words."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from import_from_modulestore import api
from import_from_modulestore.data import Action, CollectionChoice, Decision, ImportOptions, SourceReference

from ..builders import KEY, block, section, subsection, text, unit, usage_key, write_course
from .conftest import dom, page_url

ATTACK = "\"'></title></textarea><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7 }}"
LIBRARY = "lib:Acme:Evil"
T1 = usage_key("html", "t1")

ADDRESSES = ("href", "src", "action", "formaction", "hx-get", "hx-post")


def harm(answer) -> list[str]:
    """What on a page is not of our making."""
    found = []
    for element in dom(answer).iter("*") if answer.content.strip() else ():
        named = {name for name in element.attrib if name.startswith(("on", "hx-on")) or name == "style"}
        addresses = [element.get(name, "").strip() for name in ADDRESSES]
        is_foreign = element.tag == "style" or (element.tag in ("script", "img") and "/static/" not in addresses[1])
        if named or is_foreign or any(address.lower().startswith("javascript:") for address in addresses):
            found.append(f"{element.tag} {dict(element.attrib)}")
    return found


@pytest.fixture
def pages(courses, user) -> list[str]:
    """The addresses of all pages about an attack that was imported, undone, and staged again."""
    user.username = ATTACK[:140]
    user.save()
    api.create_library(user=user, library_key=LIBRARY, title=ATTACK)
    options = ImportOptions(collection=CollectionChoice(title=ATTACK), on_conflict=Decision.OVERWRITE)

    def write(body: str) -> None:
        components = text("t1", body, title=ATTACK), block("poll", "p1", display_name=ATTACK)
        whole = section("s", subsection("b", unit("u", *components, title=ATTACK), title=ATTACK), title=ATTACK)
        write_course(courses / "<img onerror=x>", whole, title=ATTACK, static={"<b>'.png": b"image"})

    def stage() -> str:
        run = api.create_import(user=user, source_key=KEY, library_key=LIBRARY, options=options)
        return api.stage_import(user=user, import_id=run.id).id

    write(f"{ATTACK}<img src='/static/&lt;b&gt;&#39;.png'><img src='/static/gone&lt;i&gt;.png'>")
    done = stage()
    api.complete_import(user=user, import_id=done)
    write(f"Two. {ATTACK}<img src='/static/&lt;b&gt;&#39;.png'>")
    undone = stage()
    api.complete_import(user=user, import_id=undone)
    api.undo_import(user=user, import_id=undone, force=True)
    staged = stage()
    batch = api.create_batch(user=user, sources=[SourceReference(KEY)], library_key=LIBRARY).id
    for action in (Action.STAGE, Action.COMPLETE):
        api.do_batch_step(user=user, batch_id=batch, action=action, undecided=True)
    source = quote(f"{KEY} <img onerror=x>")
    items = [each.item_key for each in api.get_records(user=user, import_id=done) if each.item_key]
    about = "?" + "&".join(f"{name}={quote(ATTACK)}" for name in ("q", "of", "at", "tab", "library", "library_search"))
    names = "import", "work", "review", "under", "bar", "summary", "conflict"
    return [
        *(page_url(name) + about for name in ("home", "choose", "imports", "libraries", "counts")),
        *(page_url(name) for name in ("home", "choose", "imports", "libraries", "counts")),
        *(f"{page_url(name)}{about}&source={source}" for name in ("options", "choose_library", "choose")),
        *(page_url(name, *of) for name, *of in (("batches",), ("batch", batch), ("batch_reversal", batch, "undo"))),
        page_url("library", LIBRARY),
        *(page_url("item", key) for key in items),
        *(page_url(name, run) + query for name in names for run in (done, undone, staged) for query in ("", about)),
        page_url("reversal", done, "undo"),
        page_url("reversal", undone, "redo"),
        *(f"{page_url('block', staged, T1)}?tab={tab}" for tab in ("seen", "differences", "edit", "files")),
    ]


@pytest.mark.parametrize("htmx", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_no_name_becomes_a_part_of_a_page(author, pages, htmx):
    found = {}
    shown = 0
    for address in pages:
        answer = author.get(address, htmx=htmx)
        assert answer.status_code < 500
        shown += "alert(1)" in answer.content.decode()
        if harmful := harm(answer):
            found[address] = harmful
    assert found == {}
    assert shown > 20


def test_no_refusal_quotes_more_than_words(author, pages, user):
    staged = api.list_imports(user=user, states=["staged"], limit=1).items[0].id
    forms = [
        ("remove_upload", (), {"export": ATTACK}),
        ("review", (staged,), {"select": ATTACK}),
        ("block", (staged, T1), {"do": "edit", "title": ATTACK, "olx": f"<html>{ATTACK}"}),
        ("check", (staged, T1), {"olx": ATTACK}),
        ("options", (), {"source": KEY, "library": "new", "new_key": ATTACK, "new_title": ATTACK, "level": ATTACK}),
        ("options", (), {"source": ATTACK}),
    ]
    for name, args, form in forms:
        for htmx in (False, True):
            assert harm(author.post(page_url(name, *args), form, htmx=htmx)) == []
