"""What pages cost, counted in statements: the same for a small course and for one many times larger."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from import_from_modulestore import api
from import_from_modulestore.data import Decision, ImportOptions

from ..builders import KEY, block, section, subsection, text, unit, usage_key, write_course
from ..examples import size
from .conftest import page_url

T1 = usage_key("html", "t0-0")


@pytest.fixture
def counted(author, user, courses):
    """The statements of every page about an import of ``size`` sections of ``size`` units, each with its address."""

    def write(size: int, body: str) -> None:
        write_course(
            courses / "c1",
            *(
                section(
                    f"s{one}",
                    subsection(
                        f"b{one}",
                        *(
                            unit(f"u{one}-{two}", text(f"t{one}-{two}", body), block("poll", f"p{one}-{two}"))
                            for two in range(size)
                        ),
                    ),
                )
                for one in range(size)
            ),
        )

    def stage(library: str) -> str:
        options = ImportOptions(on_conflict=Decision.OVERWRITE)
        run = api.create_import(user=user, source_key=KEY, library_key=library, options=options)
        return api.stage_import(user=user, import_id=run.id).id

    def count(size: int) -> dict[tuple[str, bool], int]:
        library = f"lib:Acme:L{size}"
        api.create_library(user=user, library_key=library, title=library)
        write(size, "<p>One.</p>")
        done = stage(library)
        api.complete_import(user=user, import_id=done)
        write(size, "<p>Two.</p><img src='/static/gone.png'>")
        staged = stage(library)
        addresses = {
            "result": page_url("import", done),
            "work": page_url("work", done),
            "reversal": page_url("reversal", done, "undo"),
            "library": page_url("library", library),
            "staged": page_url("import", staged),
            "review": page_url("review", staged),
            "hits": page_url("review", staged) + "?state=new&q=t",
            "under": page_url("under", staged),
            "conflict": page_url("conflict", staged),
            "bar": page_url("bar", staged),
            "block": page_url("block", staged, T1),
            "rendered": page_url("rendered", staged, T1) + "?side=comparison",
            **{name: page_url(name) for name in ("home", "choose", "imports", "libraries", "counts")},
        }
        found = {}
        for name, address in addresses.items():
            for htmx in (False, True):
                author.get(address, htmx=htmx)
                with CaptureQueriesContext(connection) as statements:
                    assert author.get(address, htmx=htmx).status_code in (200, 302)
                found[name, htmx] = len(statements)
        return found

    return count


@pytest.mark.at_gate
def test_a_page_takes_as_many_statements_for_a_large_course_as_for_a_small_one(counted):
    assert counted(size(6, 3)) == counted(1)
