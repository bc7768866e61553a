"""The subcommands as they are listed; each is a thin door onto :mod:`import_from_modulestore.api`."""

from django.utils.translation import gettext_noop as _

from . import batches, gone, history, links, review, sources, steps
from .base import Subcommand

SUBCOMMANDS: dict[str, tuple[Subcommand, ...]] = {
    _("what there is"): (sources.sources, sources.libraries),
    _("in one go"): (steps.preview, steps.run),
    _("several at once"): (batches.batch, batches.batches),
    _("step by step"): (
        steps.stage,
        review.review,
        review.decide,
        review.select,
        review.leave_out,
        review.contents,
        review.edit,
        review.merge,
        review.choices,
        review.take_back,
        review.forward,
        gone.gone,
        steps.plan,
        steps.complete,
        steps.cancel,
        steps.retry,
    ),
    _("what happened"): (history.history, history.show, history.report, history.work, history.where, history.story),
    _("back into the course"): (links.link, links.unlink),
    _("back and forth"): (history.undo, history.redo),
    _("keeping house"): (sources.backup, history.cleanup),
}
"""Subcommands by what they are for, to be translated where it is shown."""

__all__ = ["SUBCOMMANDS", "Subcommand"]
