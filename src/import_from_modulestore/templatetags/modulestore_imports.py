"""How pages word things, and how they mark them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django import template
from django.db.models import TextChoices
from django.templatetags.static import static
from django.utils.formats import date_format, localize
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext

from .. import __version__
from ..data import BlockKind, Contents, Decision, ImportData
from ..hosts import get_host
from ..quoting import joined, shortened
from ..sizes import size_told

register = template.Library()

NOTHING = "–"

MAX_OLX = 100_000
"""Characters of OLX that a page quotes."""


@register.simple_tag
def versions(before: int | None, after: int | None) -> str:
    """
    What became of a version, from left to right in every language.

    >>> print(versions(2, 3), versions(None, 1), versions(2, 2))
    <bdi dir="ltr">2 → 3</bdi> <bdi dir="ltr">– → 1</bdi> 2
    """
    if before == after:
        return str(after or NOTHING)
    return format_html('<bdi dir="ltr">{} → {}</bdi>', before or NOTHING, after or NOTHING)


@register.filter
def when(moment: datetime | None) -> str:
    """
    A moment with its time zone, for a page; empty for none.

    >>> when(None)
    ''
    """
    if moment is None:
        return ""
    shown = date_format(localtime(moment), "Y-m-d H:i T")
    return format_html('<time datetime="{}">{}</time>', moment.isoformat(timespec="minutes"), shown)


@register.filter
def size(size: int) -> str:
    """How large something is, as the command line says it, too."""
    return size_told(size)


@register.filter
def in_a_line(texts: Iterable[str]) -> str:
    """Several texts, parted as in the language of this moment."""
    return joined(texts)


@register.filter
def origin(name: str) -> str:
    """What people call the origin of a source; empty where the site has no other."""
    return get_host().sources.called(name)


@register.filter
def beginning(text: str) -> str:
    """What a page quotes of OLX."""
    return shortened(text, MAX_OLX)


@register.filter
def short(choice: Decision | Contents) -> str:
    """The first words of the label of a choice, for a button: ``New version`` of ``New version: make this …``."""
    return str(choice.label).partition(":")[0]


_TONES = {
    "green": "new created imported restored ready",
    "blue": "source_changed updated forked reverted edited staging importing undoing redoing linked",
    "amber": "staged library_changed both_changed id_taken deleted needs_you files_missing held_back "
    "changed unpublished incomplete",
    "red": "failed unreadable unsupported staging_failed import_failed",
    "purple": "removed undone gone",
}

_TONE_OF = {value: tone for tone, values in _TONES.items() for value in values.split()}

_ICONS = {
    "section": "section",
    "subsection": "subsection",
    "unit": "unit",
    "html": "text",
    "problem": "problem",
    "video": "video",
    "course": "course",
    "library": "library",
}


@register.simple_tag
def badge(choice: TextChoices | None, *, planned: bool = False, count: int | None = None) -> SafeString | str:
    """A state or outcome as a coloured word; with a number before it where there are several."""
    if choice is None:
        return ""
    label = getattr(choice, "planned", choice.label) if planned else choice.label
    number = f"{localize(count)} " if count is not None else ""
    tone = _TONE_OF.get(choice.value, "grey")
    return format_html('<span class="badge tone-{}">{}{}</span>', tone, number, label)


@register.simple_tag
def tone(choice: TextChoices) -> str:
    """The class that colours a word as the badge of a state or outcome is coloured."""
    return f"tone-{_TONE_OF.get(choice.value, 'grey')}"


@register.simple_tag
def asset(name: str) -> str:
    """The address of a static file of the app's own; another for each version, so that browsers may keep it."""
    return f"{static(f'modulestore_imports/{name}')}?v={__version__}"


@register.simple_tag
def icon(name: str) -> SafeString:
    """A picture from the sprite, for the eye alone: what it stands for is written beside it."""
    address = asset("icons.svg")
    turns = " turns" if name in _TURNING else ""
    return format_html('<svg class="icon{}" aria-hidden="true"><use href="{}#{}"></use></svg>', turns, address, name)


_TURNING = {"arrow", "chevron", "redo", "undo"}
"""Pictures that point along the line: where one writes from right to left, they point to the left."""


@register.simple_tag
def block_icon(kind: BlockKind, block_type: str = "") -> SafeString:
    """The picture of a block, by its kind, of a component by its type."""
    name = block_type if kind is BlockKind.COMPONENT else kind.value
    return icon(_ICONS.get(name, "component"))


@register.filter
def any_running(imports: Iterable[ImportData]) -> bool:
    """Whether a step of one of them is under way, or waits for a worker: a list of them is to be asked for again."""
    return any(run.state.is_running for run in imports)


@register.filter
def told_before(seconds: float | None) -> str:
    """
    How long something will take, in words.

    >>> told_before(None), told_before(0.4), told_before(95), told_before(7300)
    ('', 'a few seconds', '2 minutes', '2 hours')
    """
    if seconds is None:
        return ""
    if seconds < 8:
        return gettext("a few seconds")
    if seconds < 90:
        rounded = round(seconds / 10) * 10
        return ngettext("{count} second", "{count} seconds", rounded).format(count=rounded)
    if seconds < 5400:
        minutes = round(seconds / 60)
        return ngettext("{count} minute", "{count} minutes", minutes).format(count=minutes)
    hours = round(seconds / 3600)
    return ngettext("{count} hour", "{count} hours", hours).format(count=hours)
