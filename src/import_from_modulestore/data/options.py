"""How to import: what whoever starts an import, or reviews it, can choose."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from .blocks import CompositionLevel


class Decision(TextChoices):
    """What to do with a block whose place in the library is taken by something else."""

    SKIP = "skip", _("Skip: leave the library's item as it is")
    OVERWRITE = "overwrite", _("Overwrite: make this the item's next version, live at once")
    NEW_VERSION = "new_version", _("New version: make this the item's next draft, to be published by an author")
    FORK = "fork", _("Fork: create a separate item under the next free ID")
    MERGE = "merge", _("Merge: put what the library and the source have changed into one version")


class MergeSide(TextChoices):
    """Whose version of a piece stands, where both sides have changed it."""

    LIBRARY = "library", _("The library’s")
    SOURCE = "source", _("The source’s")
    EDIT = "edit", _("Another text")


class Contents(TextChoices):
    """What becomes of the blocks inside a component that a library cannot hold: an experiment, a bank of questions."""

    LEAVE_OUT = "leave_out", _("Leave out: they go with the block")
    UNIT = "unit", _("Unit: they stand in the block's stead")
    COLLECTION = "collection", _("Collection: they stand on their own, in a collection that bears the block's name")


class Forward(TextChoices):
    """Whether references of courses to a source are forwarded to the items of an import."""

    YES = "yes", _("Yes, unless it is forwarded to another library")
    INSTEAD = "instead", _("Yes, also instead of to another library")
    NO = "no", _("No")


class BlockIds(TextChoices):
    """Where the IDs of new library items come from."""

    KEEP = "keep", _("The source's block IDs")
    FROM_TITLES = "from_titles", _("Slugs made from titles")


class Branch(TextChoices):
    """Which side of the source is read."""

    DRAFT = "draft", _("What authors see: drafts over published content")
    PUBLISHED = "published", _("What learners see: published content only")


@dataclass(frozen=True, kw_only=True)
class CollectionChoice:
    """
    Which collection of the library gets the imported top-level items: an existing one, or one with this title, which is
    made where there is none. Without either, it has the title of the source.
    """

    code: str = ""
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class ImportOptions:
    """
    How to import.

    * ``level``: the highest container kept.
    * ``on_conflict``: the decision for every conflict that has none of its own.
    * ``unmerged``: the decision for conflicts that are to be merged and need somebody, while nobody has chosen; without
      it, the import waits for that.
    * ``publish``: make created, overwritten and forked items live at once (``new_version`` never publishes).
    * ``block_ids``: where IDs of new items come from.
    * ``branch``: which side of the source is read.
    * ``selection``: usage keys of the blocks to import, each with everything below it; empty means all.
    * ``collection``: put the top-level items into this collection of the library; ``None`` for none.
    * ``contents``: what becomes of the blocks inside components that a library cannot hold, where a review says nothing
      else of such a component.
    * ``as_last_time``: begin the review with what was left out, edited and decided the last time that this source was
      imported into this library.
    * ``forward``: forward the references of courses to the source to the items of this import, where the host can.
      ``None`` does so for a legacy library of this site that is imported whole, by somebody who may, and is not
      forwarded to another library.
    """

    level: CompositionLevel = CompositionLevel.SECTION
    on_conflict: Decision = Decision.SKIP
    unmerged: Decision | None = None
    publish: bool = True
    block_ids: BlockIds = BlockIds.KEEP
    branch: Branch = Branch.DRAFT
    selection: tuple[str, ...] = ()
    collection: CollectionChoice | None = CollectionChoice()
    contents: Contents = Contents.LEAVE_OUT
    as_last_time: bool = True
    forward: Forward | None = None
