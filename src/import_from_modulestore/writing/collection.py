"""Putting what was imported into a collection."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.text import slugify
from django.utils.translation import gettext as _
from openedx_content import api as content_api
from openedx_content.models_api import Collection, CollectionPublishableEntity, LearningPackage, PublishableEntity

from ..data import CollectionChoice
from ..errors import NotFound
from ..planning.ids import numbered


def find_collection(package_id: LearningPackage.ID, choice: CollectionChoice) -> Collection | None:
    """
    The existing collection that a choice means; ``None`` where it is to be made.

    By code where one is given (raises ``NotFound`` where there is none), else by title, so that importing again does
    not make another of the same name.
    """
    collections = Collection.objects.filter(learning_package_id=package_id, enabled=True).order_by("pk")
    if choice.code:
        found = collections.filter(collection_code=choice.code).first()
        if found is None:
            raise NotFound(
                _(
                    "The library has no collection {code!r}. Choose one that exists, or give a title to make one."
                ).format(code=choice.code)
            )
        return found
    return collections.filter(title=choice.title).first()


def collect(
    package_id: LearningPackage.ID, choice: CollectionChoice, entity_ids: Iterable[int], *, user_id: int | None
) -> Collection | None:
    """Put items into the collection, making it where needed. Writes nothing where all of them are in it already."""
    wanted = set(entity_ids)
    if not wanted:
        return None
    collection = find_collection(package_id, choice)
    if collection is None:
        collection = content_api.create_collection(
            package_id, _free_code(package_id, choice.title), title=choice.title[:500], created_by=user_id
        )
    present = set(CollectionPublishableEntity.objects.filter(collection=collection).values_list("entity_id", flat=True))
    if missing := sorted(wanted - present):
        content_api.add_to_collection(
            package_id,
            collection.collection_code,
            PublishableEntity.objects.filter(pk__in=missing),
            created_by=user_id,
        )
    return collection


def _free_code(package_id: LearningPackage.ID, title: str) -> str:
    taken = set(Collection.objects.filter(learning_package_id=package_id).values_list("collection_code", flat=True))
    return next(code for code in numbered(slugify(title)[:80] or "collection") if code not in taken)
