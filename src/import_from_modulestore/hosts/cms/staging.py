"""Sections of a course put into ``content_staging``, each as a whole where the platform can, else in parts."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from lxml import etree
from opaque_keys.edx.keys import LearningContextKey, UsageKey

from ...data import Notice, StagedRoot
from ...olx.blocks import CONTAINER_KINDS, ROOT_TAGS, is_component
from ...olx.course_bound import take_off_groups
from ...olx.files.addresses import CourseName, OwnAddresses
from ...olx.files.closure import Gathered, gather
from ...olx.parsing import parse_xml
from ...olx.pieces import pieces_of
from ...olx.studio import give_name, is_named, mend, restore_cdata_ends, stub
from ...olx.tree import walk
from ...olx.units import UnitMaker
from ...packets import StatementTooLarge, measured
from .assets import Assets, Files
from .outline import Outline
from .platform import (
    export_settings_kept,
    holds_blocks,
    is_installed,
    modulestore,
    raise_if_of_the_site,
    staged_content_model,
)

log = logging.getLogger(__name__)


class Stager:
    """Stages the roots of one source; to be used while it is being read (:func:`reading`)."""

    def __init__(
        self,
        source_key: LearningContextKey,
        user: Any,
        purpose: str,
        outline: Outline,
        assets: Assets,
        units: UnitMaker,
    ) -> None:
        self._source_key: Any = source_key
        self._addresses = OwnAddresses(CourseName.of_key(str(source_key)))
        self._assets = assets
        self._user = user
        self._purpose = purpose
        self._outline = outline
        self._units = units
        self._problems: dict[str, str] = {}
        self._warnings: dict[str, list[str]] = {}
        self._notices: Counter[Notice] = Counter()

    def stage(self, usage_key: UsageKey) -> list[StagedRoot]:
        """One root: several, where it is too large for one statement."""
        try:
            block = modulestore().get_item(usage_key, depth=None)
            self._note_edits(block)
            content, element = self._whole(block)
        except StatementTooLarge as error:
            log.info("%s is staged in parts: %s", usage_key, error)
            content, element = self._in_parts(usage_key)
        except Exception as error:
            raise_if_of_the_site(error)
            log.warning("%s could not be staged as a whole: %s", usage_key, error, exc_info=True)
            content, element = self._in_parts(usage_key)
        else:
            if not is_named(element, block.usage_key):
                log.warning("%s: the platform's serializer does not write copied_from_block", usage_key)
                self._notices[Notice.UNNAMED_BLOCKS] += 1
                content, element = self._in_parts(usage_key, content)
        self._note_gone(element)
        self._problems.update(mend(element, is_installed, self._outline.title_of))
        self._restore_groups(element)
        for key, warning in take_off_groups(element, self._source_key):
            self._warn(key, warning)
        self._notices[Notice.UNITS_MADE] += self._units.make(element)
        files = Files(content, self._assets)
        gathered = gather(element, files)
        self._add_files(files, gathered)
        return [
            StagedRoot(
                staged_content_id=pk,
                usage_key=str(usage_key),
                title=content.display_name,
                olx=olx,
                names=gathered.names,
                problems=self._problems,
                warnings={key: tuple(warnings) for key, warnings in self._warnings.items()},
                notices={} if order else +self._notices,
                continues=continues,
            )
            for order, (pk, olx, continues) in enumerate(self._in_pieces(content, element))
        ]

    def _in_pieces(self, content: Any, element: etree._Element) -> Iterator[tuple[int, str, int]]:
        """Write what is staged, in pieces where it is too large: ID of staged content, OLX, and what each continues."""
        tags, file_rows = content.tags, list(content.files.all())
        beside = (content.display_name, content.suggested_url_name, json.dumps(tags))
        for order, piece in enumerate(pieces_of(element, *beside)):
            content.olx = piece.olx
            with measured(piece.name):
                if order == 0:
                    content.save(update_fields=["olx"])
                else:
                    content.pk, content.tags = None, {}
                    content.save(force_insert=True)
                    for row in file_rows:
                        row.pk, row.for_content = None, content
                    content.files.model.objects.bulk_create(file_rows)
            yield content.pk, piece.olx, piece.continues

    def _whole(self, block: Any) -> tuple[Any, etree._Element]:
        from openedx.core.djangoapps.content_staging.api import stage_xblock_temporarily

        with export_settings_kept():
            content = stage_xblock_temporarily(block, self._user.pk, self._purpose)
        element = parse_xml(self._addresses.rewrite(content.olx))
        restore_cdata_ends(element, self._text_of)
        return content, element

    def _text_of(self, url_name: str) -> str:
        return modulestore().get_item(self._source_key.make_usage_key("html", url_name)).data

    def _in_parts(self, usage_key: UsageKey, *parts_before: Any) -> tuple[Any, etree._Element]:
        """
        A root put together from components that are staged one by one, also those inside others; files and tags also
        from ``parts_before``.
        """
        parts = list(parts_before)
        element = self._part(usage_key, parts)
        model = staged_content_model()
        tags: dict[str, Any] = {}
        for part in parts:
            tags.update(part.tags or {})
        content = model.objects.create(
            user_id=self._user.pk,
            purpose=self._purpose,
            status="ready",
            block_type=usage_key.block_type,
            olx="",  # Written when it is mended, in pieces perhaps.
            display_name=element.get("display_name", ""),
            suggested_url_name=usage_key.block_id,
            tags=tags,
        )
        for part in parts:
            part.files.update(for_content=content)
            part.delete()
        return content, element

    def _part(self, usage_key: UsageKey, parts: list[Any]) -> etree._Element:
        title = self._outline.title_of(usage_key)
        children: list[UsageKey] = []
        try:
            block = modulestore().get_item(usage_key)
            if holds_blocks(usage_key.block_type):
                children = list(block.children)
            if is_component(usage_key.block_type):
                with measured(title or str(usage_key)):
                    element = self._alone(block, children, parts)
            else:
                element = stub(usage_key, title)
        except Exception as error:
            raise_if_of_the_site(error)
            told = _("Studio could not write it as OLX: {error} Open it in Studio, correct it and save it.").format(
                error=_sentence(error)
            )
            if children:  # They are as good as ever.
                self._warn(str(usage_key), told)
            else:
                self._problems[str(usage_key)] = told
            element = stub(usage_key, title)
        element.extend(self._part(child, parts) for child in children)
        return element

    def _alone(self, block: Any, children: list[UsageKey], parts: list[Any]) -> etree._Element:
        """A component without the blocks inside it: hidden, as the platform's serializer does to tell files apart."""
        if children:
            block.children = []
        try:
            content, element = self._whole(block)
        finally:
            if children:
                block.children = children
        if not is_named(element, block.usage_key):
            give_name(element, block.usage_key)
        parts.append(content)
        return element

    def _note_edits(self, block: Any) -> None:
        if str(block.runtime.course_entry.structure["_id"]) != self._outline.version:
            self._warn(
                str(block.usage_key),
                _("It was staged after an edit that somebody made while the parts before it were being staged."),
            )

    def _note_gone(self, element: etree._Element) -> None:
        for node in element.iter(*CONTAINER_KINDS, *ROOT_TAGS):
            key = str(self._source_key.make_usage_key(node.tag, node.get("url_name", "")))
            for child in self._outline.gone.get(key, ()):
                self._warn(key, _("It names the block {child}, which is not there any more.").format(child=child))

    def _restore_groups(self, element: etree._Element) -> None:
        """Write out which groups may see a block: the platform does not, of texts, and no more do stubs."""
        for block in walk(element):
            groups = self._outline.groups_of(block.block_type, block.block_id)
            if groups and "group_access" not in block.element.attrib:
                block.element.set("group_access", json.dumps(groups))

    def _warn(self, usage_key: str, warning: str) -> None:
        self._warnings.setdefault(usage_key, []).append(warning)

    # Files

    def _add_files(self, files: Files, gathered: Gathered[Any]) -> None:
        """
        Stage the files that ``content_staging`` left out, and those that were made here.

        Left out are files of more than 10 MB, transcripts and others that are not named by address, the library of
        Python problems, and what pages load.
        """
        for name, file in gathered.files.items():
            files.stage(name, file)
        for name, data in gathered.made.items():
            files.stage_made(name, data)
        for block, warning in gathered.warnings:
            self._warn(str(self._source_key.make_usage_key(block.block_type, block.block_id)), warning)


def _sentence(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text if text.endswith(".") else f"{text}."
