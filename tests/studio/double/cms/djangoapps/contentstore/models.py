"""Platform: cms/djangoapps/contentstore/models.py."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar


class _Rows(list["EntityLink"]):
    def delete(self) -> None:
        for row in self:
            type(row).rows.pop(row.downstream_usage_key, None)


class _Manager:
    def __get__(self, _instance: Any, model: Any) -> Any:
        self._model = model
        return self

    def filter(self, *, downstream_usage_key__in: Iterable[Any]) -> _Rows:
        rows = self._model.rows
        return _Rows([rows[key] for key in downstream_usage_key__in if key in rows])


@dataclass(frozen=True)
class EntityLink:
    """One row for each block that follows an item."""

    rows: ClassVar[dict[Any, Any]]
    objects: ClassVar[Any] = _Manager()

    upstream: str
    downstream_usage_key: Any
    version_synced: int
    top_level_parent: Any


class ComponentLink(EntityLink):
    rows: ClassVar[dict[Any, Any]] = {}


class ContainerLink(EntityLink):
    rows: ClassVar[dict[Any, Any]] = {}
