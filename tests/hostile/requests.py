"""
Requests as nobody who uses the admin would send them: what an address holds, its parameters, and the fields of forms.

All of this project's pages are tried; parameters and fields are those that Django and this app know, each with what
belongs into others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from django.contrib.admin import site
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from hypothesis import strategies as st
from openedx_content.models_api import LearningPackage

from import_from_modulestore.data import Action, BlockKind, ConflictState, Decision, Outcome
from import_from_modulestore.models import Import, ImportRecord, Reversal, ReversalRecord

from ..builders import KEY, TARGET, usage_key

MODELS = (Import, ImportRecord, Reversal, ReversalRecord, LearningPackage, get_user_model(), Group)

_LOOKUPS = ("", "__exact", "__iexact", "__in", "__gt", "__lte", "__range", "__isnull", "__regex", "__contains")
_FIELDS = (
    *("id", "pk", "uuid", "created", "finished", "undone", "kind", "state", "outcome", "num", "counts", "username"),
    *("import_run", "reversal", "record", "entity", "user", "user__password", "import_run__username", "source_key"),
    *("usage_key", "item_key", "import_run__uuid", "reversal__import_run", "nothing", "created__year", "level"),
    *("learning_package", "record__import_run", "records", "roots__staged_content__olx", "forced", "_to", "warnings"),
)
_ADMIN = ("p", "q", "o", "e", "all", "_popup", "_to_field", "_facets", "_changelist_filters", "term", "next")
_LINKS = (
    *("state__exact", "created__gte", "created__lt", "username", "level__exact", "outcome__exact", "kind__exact"),
    *("undone__exact", "import_run__exact", "usage_key__exact", "item_key__exact", "reversal__exact", "forced__exact"),
)
_OWN = ("ids", "force", "page", "kind", "state", "outcome", "selected", "edited", "conflicts", "parent")

PARAMETERS = (
    st.sampled_from(_ADMIN + _OWN)
    | st.sampled_from(_LINKS)
    | st.builds("{}{}".format, st.sampled_from(_FIELDS), st.sampled_from(_LOOKUPS))
)

_NUMBERS = (
    *("0", "1", "2", "-1", "-0", "1.5", "1e3", "007", "٣", "²", "nan", "0x1"),
    *(str(2**31), str(2**63 - 1), str(2**63), str(-(2**63) - 1), "9" * 20, "9" * 400, "9" * 5_000, "9" * 60_000),
)
_TEXTS = (
    *("", " ", "\0", "a\0b", "\x1b[2J", "é", "\ud800", "\ufffe", "\U0001f600", "%", "_", "'", '"', "%s", "{0}", "{x}"),
    *("<script>", "../../etc/passwd", "on", "yes", "no", "true", "None", "null", "[]", "{}", "a,b", ",", "1,2,x"),
    *(KEY, TARGET, usage_key("html", "t1"), usage_key("vertical", "u1"), "block-v1:x", "lb:Acme:Target:html:t1"),
    *("2026-01-01", "2026-13-45", "9999-12-31T23:59:59", "00000000-0000-0000-0000-000000000000", "a=b&c=d", "q=%00"),
    *("x" * 300, "x" * 60_000, "é" * 60_000, " x" * 30_000, ",".join(map(str, range(5_000))), "." * 2_000, "(" * 3_000),
)
_WORDS = (
    *("revert", "edit", "select", "leave_out", "default", "remove", "keep", "remove_all", "keep_all"),
    *('<html url_name="t1">x</html>', "<a>" * 5_000, "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"),
    *(word for words in (Action, BlockKind, ConflictState, Decision, Outcome) for word in words.values),
)

TEXTS = st.sampled_from(_NUMBERS + _TEXTS + _WORDS) | st.text(max_size=20)

KEYS = st.sampled_from([usage_key("html", "t1"), usage_key("vertical", "u1"), usage_key("chapter", "s1")])

_MEANT = {
    "do": ("revert", "edit", "select", "leave_out", "default", "remove", "keep_all", *Decision.values),
    "blocks": (usage_key("html", "t1"), usage_key("chapter", "s1")),
    "action": tuple(Action.values),
    "source": (KEY,),
    "library": (TARGET,),
    "new_key": ("lib:Acme:New",),
    "olx": ('<html url_name="t1">x</html>',),
    "title": ("A title",),
    "index": ("0",),
    "select_across": ("0", "1"),
}
"""Fields of forms, with what the pages themselves send."""

_OTHER_FIELDS = (
    *("new_title", "level", "on_conflict", "publish", "block_ids", "branch", "collection_title", "collection_code"),
    *("below", "items", "force", "_save", "_continue", "_saveasnew", "post", "form-TOTAL_FORMS", "form-INITIAL_FORMS"),
)
_ROLES = "guardian-userobjectpermission-content_type-object_pk"
_ROLE_FORMS = ("TOTAL_FORMS", "INITIAL_FORMS", "0-user", "0-permission", "0-id", "0-object_pk", "0-DELETE")


@dataclass(frozen=True)
class Request:
    """One request; ``who`` is a name of somebody."""

    who: str
    method: str
    path: str
    query: Sequence[tuple[str, str]]
    form: Mapping[str, Sequence[str]]


def routes() -> list[str]:
    """The addresses of this project's own pages in the admin, as patterns: ``import/<int:pk>/blocks/``."""
    return [
        f"{model._meta.app_label}/{model._meta.model_name}/{url.pattern}"
        for model in MODELS
        for url in site._registry[model].urls
    ]


def requests(people: Sequence[str], pks: Sequence[int]) -> st.SearchStrategy[Request]:
    """Requests of these people; ``pks`` are those of rows that there are."""
    some = st.sampled_from([str(pk) for pk in pks])
    often = [
        route
        for route in routes()
        if not re.search(r"(object_id>|add|delete|history)/$", route) or "import/add" in route
    ]
    return st.builds(
        Request,
        who=st.sampled_from(people),
        method=st.sampled_from(["GET", "GET", "GET", "POST", "POST", "POST", "HEAD", "PUT", "OPTIONS"]),
        path=(st.sampled_from(often) | st.sampled_from(routes())).flatmap(lambda route: _filled(route, some)),
        query=st.lists(st.tuples(PARAMETERS, some | TEXTS), max_size=2),
        form=_forms(some),
    )


def _forms(known: st.SearchStrategy[str]) -> st.SearchStrategy[Mapping[str, Sequence[str]]]:
    """What a form may send: what it is meant to, or anything else; and chosen rows."""
    fields = {name: st.lists(st.sampled_from(values) | TEXTS, max_size=2) for name, values in _MEANT.items()}
    others = dict.fromkeys(
        (*_OTHER_FIELDS, *(f"{_ROLES}-{field}" for field in _ROLE_FORMS)), st.lists(known | TEXTS, max_size=1)
    )
    chosen = {"_selected_action": st.lists(known | known | TEXTS, max_size=3)}
    return st.fixed_dictionaries({}, optional=fields | chosen) | st.fixed_dictionaries(
        {}, optional=fields | others | chosen
    )


def _filled(route: str, known: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """An address of the route, with what there is in its places, or something else."""
    texts = re.split(r"<[^>]+>", route)
    places = [known | KEYS | st.sampled_from(Action.values) | TEXTS for _ in texts[1:]]
    return st.tuples(*places).map(
        lambda found: "".join(
            text + quote(value, safe="", errors="replace") for text, value in zip(texts, (*found, ""), strict=True)
        )
    )
