"""Putting what was imported into a collection, and taking it out again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import batched
from typing import Any

from django.utils.text import slugify
from django.utils.translation import gettext as _
from openedx_content import api as content_api
from openedx_content.models_api import Collection, CollectionPublishableEntity, LearningPackage, PublishableEntity

from ..data import CollectionChoice, PlannedItem
from ..errors import InvalidOption
from ..models import Import
from ..planning import Collections
from ..planning.ids import numbered

_BATCH_SIZE = 500


@dataclass(frozen=True, kw_only=True)
class Collected:
    """What :func:`collect` did: the collection, the items that were not in it before, and whether it was made."""

    collection: Collection
    added: frozenset[int]
    made: bool


def find_collection(package_id: LearningPackage.ID, choice: CollectionChoice) -> Collection | None:
    """
    The existing collection that a choice means; ``None`` where it is to be made.

    By code where one is given (raises ``InvalidOption`` where there is none), else by title, so that importing again
    does not make another of the same name.
    """
    collections = Collection.objects.filter(learning_package_id=package_id, enabled=True).order_by("pk")
    if choice.code:
        found = collections.filter(collection_code=choice.code).first()
        if found is None:
            raise InvalidOption(
                _(
                    "The library has no collection {code!r}. Choose one that exists, or give a title to make one."
                ).format(code=choice.code),
                field="collection",
            )
        return found
    return collections.filter(title=choice.title).first()


def collect(
    package_id: LearningPackage.ID, choice: CollectionChoice, entity_ids: Iterable[int], *, user_id: int | None
) -> Collected | None:
    """Put items into the collection, making it where needed. Writes nothing where all of them are in it already."""
    wanted = set(entity_ids)
    if not wanted:
        return None
    return _put_into(find_collection(package_id, choice), package_id, choice.title, wanted, user_id)


def collections_of(run: Import, choice: CollectionChoice | None) -> Collections:
    """What planning has to know of the collections of the import's library; ``choice`` is its own. Three queries."""
    package_id = run.learning_package_id
    if package_id is None:
        return Collections()
    own = None
    if choice:
        with suppress(InvalidOption):  # Completing the import says so.
            own = find_collection(package_id, choice)
    collections = Collection.objects.filter(learning_package_id=package_id, enabled=True).order_by("pk")
    return Collections(
        titles=dict(collections.values_list("pk", "title")),
        of_blocks=dict(_known_collections(run)),
        own=own.pk if own else None,
    )


def collect_contents(
    package_id: LearningPackage.ID, contents: Sequence[tuple[PlannedItem, Sequence[int]]], *, user_id: int | None
) -> list[dict[str, Any]]:
    """
    Put what is inside components that a library cannot hold into the collections that the plan says, made where they
    are not there: ``contents`` are these components with the entity IDs of what was inside them. Returns what
    :attr:`.Import.contents_collections` keeps.

    One query, and some for each component.
    """
    if not contents:
        return []
    there = Collection.objects.filter(learning_package_id=package_id, enabled=True).in_bulk(
        [item.collection_id for item, _entity_ids in contents if item.collection_id is not None]
    )
    kept = []
    for item, entity_ids in contents:
        done = _put_into(there.get(item.collection_id), package_id, item.collection_title, set(entity_ids), user_id)
        kept.append(
            {
                "num": item.num,
                "usage_key": item.usage_key,
                "collection": done.collection.pk,
                "code": done.collection.collection_code,
                "made_as": done.collection.title if done.made else "",
                "added": sorted(done.added),
            }
        )
    return kept


def _known_collections(run: Import) -> Iterator[tuple[str, int]]:
    """The collections that imports of this source into this library gave to components, oldest first, by usage key."""
    runs = Import.objects.filter(library_key=run.library_key, source_key=run.source_key).order_by("pk")
    for collections in runs.values_list("contents_collections", flat=True):
        yield from ((each["usage_key"], each["collection"]) for each in collections)


def _put_into(
    collection: Collection | None, package_id: LearningPackage.ID, title: str, wanted: set[int], user_id: int | None
) -> Collected:
    made = collection is None
    if collection is None:
        collection = content_api.create_collection(
            package_id, _free_code(package_id, title), title=title[:500], created_by=user_id
        )
    missing = wanted - _members(collection)
    _add(collection, missing, user_id)
    return Collected(collection=collection, added=frozenset(missing), made=made)


def take_out(collection: Collection, entity_ids: Iterable[int], *, made_as: str | None) -> None:
    """
    Take items out of a collection, those of them that are in it.

    Where the import made it, under the title ``made_as``, it goes as well once it is empty (a soft delete), unless
    somebody has given it another title or a description since. A collection that somebody deleted since is left alone.
    """
    if not collection.enabled:
        return
    members = _members(collection)
    leaving = members.intersection(entity_ids)
    for batch in batched(sorted(leaving), _BATCH_SIZE):
        content_api.remove_from_collection(
            collection.learning_package_id, collection.collection_code, PublishableEntity.objects.filter(pk__in=batch)
        )
    if members == leaving and made_as == collection.title and not collection.description:
        content_api.delete_collection(collection.learning_package_id, collection.collection_code)


def put_back(collection: Collection, entity_ids: Iterable[int], *, made: bool, user_id: int | None) -> None:
    """
    Put items into a collection again, and bring it back where :func:`take_out` deleted it.

    That one is known by being ``made`` by the import and empty; one that somebody else deleted is left alone, and so
    is one that nothing comes back to.
    """
    wanted, members = set(entity_ids), _members(collection)
    if not wanted:
        return
    if not collection.enabled:
        if members or not made:
            return
        content_api.restore_collection(collection.learning_package_id, collection.collection_code)
    _add(collection, wanted - members, user_id)


def _members(collection: Collection) -> set[int]:
    return set(CollectionPublishableEntity.objects.filter(collection=collection).values_list("entity_id", flat=True))


def _add(collection: Collection, entity_ids: Iterable[int], user_id: int | None) -> None:
    for batch in batched(sorted(entity_ids), _BATCH_SIZE):
        content_api.add_to_collection(
            collection.learning_package_id,
            collection.collection_code,
            PublishableEntity.objects.filter(pk__in=batch),
            created_by=user_id,
        )


def _free_code(package_id: LearningPackage.ID, title: str) -> str:
    taken = set(Collection.objects.filter(learning_package_id=package_id).values_list("collection_code", flat=True))
    return next(code for code in numbered(slugify(title)[:80] or "collection") if code not in taken)
