"""The subcommands as they are listed; each is a thin door onto :mod:`import_from_modulestore.api`."""

from . import batches, gone, history, links, review, sources, steps
from .base import Subcommand

SUBCOMMANDS: dict[str, tuple[Subcommand, ...]] = {
    "what there is": (sources.sources, sources.libraries),
    "in one go": (steps.preview, steps.run),
    "several at once": (batches.batch, batches.batches),
    "step by step": (
        steps.stage,
        review.review,
        review.decide,
        review.select,
        review.leave_out,
        review.contents,
        review.edit,
        review.merge,
        review.choices,
        review.forward,
        gone.gone,
        steps.plan,
        steps.complete,
        steps.cancel,
        steps.retry,
    ),
    "what happened": (history.history, history.show, history.report, history.work, history.where, history.story),
    "back into the course": (links.link, links.unlink),
    "back and forth": (history.undo, history.redo),
    "keeping house": (sources.backup, history.cleanup),
}
"""Subcommands by what they are for."""

EPILOGS = {
    **dict.fromkeys((steps.preview.name, steps.run.name, steps.stage.name, batches.batch.name), steps.OPTIONS_HELP),
    **dict.fromkeys(
        (
            review.review.name,
            review.decide.name,
            review.select.name,
            review.leave_out.name,
            review.contents.name,
            review.edit.name,
            review.merge.name,
            links.link.name,
            links.unlink.name,
        ),
        review.BLOCKS_HELP,
    ),
    gone.gone.name: gone.ITEMS_HELP,
}
"""What stands at the end of a subcommand's help."""

__all__ = ["EPILOGS", "SUBCOMMANDS", "Subcommand"]
