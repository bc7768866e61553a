"""Components: OLX and files."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.files.base import ContentFile
from openedx_content import api as content_api
from openedx_content.models_api import ComponentType, LearningPackage, Media

from ...data import LocalKey
from ...library.items import FILES_PREFIX, OLX_PATH
from ...staging.files import read_file
from ..lost_files import is_stored, write_again
from ..names import NAMESPACE, file_media_type, olx_media_type


class ComponentMedia:
    """Makes the media of components; each file content is stored once, however many components use it."""

    def __init__(self, package_id: LearningPackage.ID, created: datetime) -> None:
        self._package_id = package_id
        self._created = created
        self._types: dict[str, Any] = {}
        self._files: dict[tuple[str, str], int] = {}
        self._component_types: dict[str, ComponentType] = {}

    def component_type(self, block_type: str) -> ComponentType:
        """The component type of an XBlock type."""
        if block_type not in self._component_types:
            self._component_types[block_type] = content_api.get_or_create_component_type(NAMESPACE, block_type)
        return self._component_types[block_type]

    def of(self, key: LocalKey, olx: str, files: list[dict[str, Any]]) -> dict[str, Any]:
        """All media of one component version, by path."""
        media: dict[str, Any] = {OLX_PATH: self._olx(key.type, olx)}
        for file in files:
            media[FILES_PREFIX + file["name"]] = self._file(file)
        return media

    def _olx(self, block_type: str, olx: str) -> int:
        media_type = self._media_type(olx_media_type(block_type))
        return content_api.get_or_create_text_media(self._package_id, media_type, text=olx, created=self._created).id

    def _file(self, file: dict[str, Any]) -> int:
        if "media" in file:  # The library has it already.
            return file["media"]
        mime_type = file_media_type(file["name"])
        known = (mime_type, file["digest"])
        if known not in self._files:
            self._files[known] = self._stored(self._media_type(mime_type), file)
        return self._files[known]

    def _stored(self, media_type: Any, file: dict[str, Any]) -> int:
        existing = Media.objects.filter(
            learning_package_id=self._package_id, media_type_id=media_type, hash_digest=file["digest"]
        ).values_list("pk", flat=True)
        if (pk := existing.first()) is not None:
            return pk
        data = read_file(file)
        media = content_api.get_or_create_file_media(self._package_id, media_type, data=data, created=self._created)
        if not is_stored(media):
            write_again(media, ContentFile(data))
        return media.id

    def _media_type(self, mime_type: str) -> Any:
        if mime_type not in self._types:
            self._types[mime_type] = content_api.get_or_create_media_type(mime_type).id
        return self._types[mime_type]
