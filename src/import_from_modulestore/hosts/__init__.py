"""The app's surroundings: Studio, or a folder of exports. See :class:`.base.Host`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.utils.module_loading import import_string
from django.utils.translation import override

from ..keys import parse_library_key
from .base import Host

__all__ = ["Host", "collection_url", "get_host", "in_language_of", "item_url"]

SETTING = "IMPORT_FROM_MODULESTORE_HOST"


def get_host() -> Host:
    """The host that the setting ``IMPORT_FROM_MODULESTORE_HOST`` names (a dotted path to a class)."""
    path = getattr(settings, SETTING, None)
    if not path:
        raise ImproperlyConfigured(f"Set {SETTING} to the dotted path of a host class.")
    return _host(path)


@cache
def _host(path: str) -> Host:
    return import_string(path)()


@contextmanager
def in_language_of(user: Any) -> Iterator[None]:
    """What is told meanwhile is told in the language that somebody reads; where it is not known, in that of before."""
    language = get_host().language_of(user) if user is not None else ""
    with override(language) if language else nullcontext():
        yield


def item_url(item_key: str) -> str:
    """The page of a library's item; empty where the host has none, or there is no item."""
    return get_host().item_url(item_key) if item_key else ""


def collection_url(library_key: str, code: str) -> str:
    """The page of a library's collection; empty where the host has none, or there is no collection."""
    return get_host().collection_url(parse_library_key(library_key), code) if code else ""


def _forget(*, setting: str, **kwargs: object) -> None:
    if setting == SETTING:
        _host.cache_clear()


setting_changed.connect(_forget)
