"""Naming blocks, and what came of them, without typing whole keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from .. import api
from ..data import BlockData, GoneData, LinkData
from .base import Session, all_of, command_line
from .terminal.marks import type_of

_CANDIDATES = 8
"""How many blocks an error names."""


def find_one[Named: (GoneData, LinkData)](name: str, among: Sequence[Named], none: str) -> Named:
    """
    The one of these that is called so, as :func:`find_keys` has it.

    Raises ``NotFound`` where that can be several, which are named, and in the words of ``none`` where it is none.
    """
    found = _called(name, among)
    if len(found) == 1:
        return found[0]
    if found:
        keys = "\n".join(f"  {each.num}  {type_of(each)}  {each.name}" for each in found)
        raise api.NotFound(_("{name} can be any of these; name one by its number:").format(name=name) + f"\n{keys}")
    raise api.NotFound(none)


def all_blocks(session: Session, **filters: Any) -> list[BlockData]:
    """Every staged block of the session's import that the filters leave, in the order of the source."""
    asked = partial(api.list_blocks, user=session.user, import_id=session.import_id, **filters)
    return all_of(asked)[0]


def find_keys(session: Session, names: Sequence[str]) -> list[str]:
    """
    The usage keys of the blocks that are called so.

    A name is a usage key, a block ID, a type and a block ID (``html/intro``), or the number that ``review`` shows.
    Raises ``NotFound``, naming candidates, where a name stands for no block or for several.
    """
    if all(map(_is_usage_key, names)):
        return list(names)
    blocks = all_blocks(session)
    return [name if _is_usage_key(name) else _find(session, name, blocks).usage_key for name in names]


def _is_usage_key(name: str) -> bool:
    return name.startswith(("block-v1:", "lib-block-v1:"))


def _block_id(block: BlockData | GoneData | LinkData) -> str:
    return block.usage_key.rpartition("@")[2]


def _called[Named: (BlockData, GoneData, LinkData)](name: str, among: Iterable[Named]) -> list[Named]:
    """Those that are called so: by usage key, ID, type and ID, or number."""
    block_type, slash, block_id = name.partition("/")
    return [
        each
        for each in among
        if name in (each.usage_key, _block_id(each))
        or (slash and _block_id(each) == block_id and block_type in (each.block_type, each.kind.value))
        or (name.isdecimal() and each.num == int(name))
    ]


def _find(session: Session, name: str, blocks: Sequence[BlockData]) -> BlockData:
    # Of several showings of one block, the first is what is meant.
    found = {block.usage_key: block for block in _called(name, reversed(blocks))}
    if len(found) == 1:
        return next(iter(found.values()))
    if found:
        told = _("{name} can be any of these blocks; say which:").format(name=name)
        raise api.NotFound(f"{told}\n{_listed(reversed(found.values()))}")
    similar = _similar(name, blocks)
    if similar:
        told = _("No block of this import is called {name}. Did you mean one of these?").format(name=name)
        told += f"\n{_listed(similar)}"
    else:
        told = _("No block of this import is called {name}.").format(name=name)
    listed = _("All of them are listed by: {command}")
    raise api.NotFound(f"{told}\n" + listed.format(command=command_line("review {id} --all", session.import_id)))


def _similar(name: str, blocks: Sequence[BlockData]) -> list[BlockData]:
    wanted = name.rpartition("/")[2].lower()
    by_id = {_block_id(block).lower(): block for block in reversed(blocks)}
    containing = [
        block
        for block in blocks
        if block.repeats is None and (wanted in _block_id(block).lower() or wanted in block.name.lower())
    ]
    close = [by_id[match] for match in get_close_matches(wanted, by_id, n=_CANDIDATES)]
    return list({block.usage_key: block for block in (*containing, *close)}.values())[:_CANDIDATES]


def _listed(blocks: Iterable[BlockData]) -> str:
    shown = list(blocks)
    left = len(shown) - _CANDIDATES
    more = "\n  " + _("… and {count:,} more").format(count=left) if left > 0 else ""
    lines = (f"  {block.num}  {type_of(block)}/{_block_id(block)}  {block.name}" for block in shown[:_CANDIDATES])
    return "\n".join(lines) + more
