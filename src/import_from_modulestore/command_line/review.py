"""Looking through what is staged, and changing what is to be imported."""

from __future__ import annotations

import argparse
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import click
from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from .. import api
from .. import choices as document
from ..data import (
    MAX_OLX_CHARACTERS,
    BlockData,
    ConflictState,
    Contents,
    Decision,
    Forward,
    MergeChoice,
    MergeSide,
    Outcome,
)
from ..quoting import bounded
from .base import (
    FAILED,
    PARTLY,
    USAGE,
    Session,
    arguments_of_import,
    arguments_of_tree,
    command_line,
    listing,
    refusal,
    subcommand,
    what_would_happen,
)
from .blocks import all_blocks, find_keys
from .gone import gone_in_review
from .terminal.marks import in_short, summary, type_of
from .terminal.outline import notes
from .terminal.review import block_view, review_counts, review_tree
from .terminal.text import printable

_DEFAULT = "default"
_STATES = [state.value for state in ConflictState if state is not ConflictState.GONE]

BLOCKS_HELP = (
    listing(
        ("12", gettext_lazy("by the number that `review` shows")),
        ("intro", gettext_lazy("by block ID")),
        ("html/intro", gettext_lazy("by type and block ID, where several types share an ID")),
        ("block-v1:…", gettext_lazy("by usage key")),
        gap=10,
        title=gettext_lazy("naming blocks:"),
    ),
)


def _arguments_of_review(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("block", nargs="?", metavar="BLOCK", help=_("show this block in full, with its differences"))
    parser.add_argument("--conflicts", action="store_true", help=_("only blocks that a decision settles"))
    parser.add_argument("--warnings", action="store_true", help=_("only blocks of which something is worth knowing"))
    parser.add_argument(
        "--state",
        action="append",
        choices=_STATES,
        dest="states",
        default=[],
        metavar="STATE",
        help=_("only blocks in this state; repeat ({states})").format(states=", ".join(_STATES)),
    )
    parser.add_argument("--search", default="", metavar="TEXT", help=_("only blocks with this in their title or key"))
    parser.add_argument("--type", default="", dest="block_type", metavar="TYPE", help=_("only blocks of this type"))
    parser.add_argument("--edited", action="store_true", help=_("only blocks that were edited"))
    parser.add_argument("--left-out", action="store_true", help=_("only blocks that are left out"))
    parser.add_argument(
        "--as-last-time", action="store_true", help=_("only blocks of which is said what an earlier review had said")
    )
    parser.add_argument("--below", metavar="BLOCK", help=_("only this block and what is below it"))
    parser.add_argument(
        "--diff", action="store_true", help=_("show the differences of the block, or of every conflict")
    )


def _arguments_of_blocks(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("blocks", nargs="+", metavar="BLOCK", help=_("see below"))
    parser.add_argument("--only", action="store_true", help=_("just these blocks, not what is below them"))


def _arguments_of_decide(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "decision",
        type=lambda text: text.replace("-", "_"),
        choices=[*Decision.values, _DEFAULT],
        metavar="DECISION",
        help=_("{decisions}, or {default}: as the import's --on-conflict says").format(
            decisions=", ".join(Decision.values), default=_DEFAULT
        ),
    )
    parser.add_argument("blocks", nargs="*", metavar="BLOCK", help=_("see below"))
    parser.add_argument("--only", action="store_true", help=_("just these blocks, not what is below them"))
    parser.add_argument("--all", action="store_true", dest="every", help=_("all conflicts of the import"))


def _arguments_of_merge(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("block", metavar="BLOCK", help=_("see below"))
    for side, told in (
        ("library", _("take the library's of this piece; repeat")),
        ("source", _("take the source's of this piece; repeat")),
    ):
        parser.add_argument(f"--{side}", action="append", default=[], metavar="PIECE", help=told)
    parser.add_argument(
        "--edit", action="append", nargs=2, default=[], metavar=("PIECE", "TEXT"), help=_("take this text; repeat")
    )
    parser.add_argument(
        "--undecided", action="append", default=[], metavar="PIECE", help=_("take the choice back; repeat")
    )


def _arguments_of_contents(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "choice",
        type=lambda text: text.replace("-", "_"),
        choices=[*Contents.values, _DEFAULT],
        metavar="CONTENTS",
        help=_("leave-out, unit, collection, or {default}: as the import's --contents says").format(default=_DEFAULT),
    )
    _arguments_of_blocks(parser)


def _arguments_of_forward(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "forward",
        choices=[*Forward.values, _DEFAULT],
        help=_("see below; {default}: as --forward has it").format(default=_DEFAULT),
    )


def _arguments_of_choices(parser: argparse.ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--as-last-time",
        action="store_true",
        default=None,
        help=_("take all that was said last time of the other blocks"),
    )
    what.add_argument(
        "--not-as-last-time",
        action="store_false",
        dest="as_last_time",
        default=None,
        help=_("take nothing of what other reviews have said"),
    )
    what.add_argument("--export", metavar="FILE", help=_("write what the review says into this file; - prints it"))
    what.add_argument("--apply", metavar="FILE", help=_("apply what another says; - reads standard input"))


def _arguments_of_edit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("block", metavar="BLOCK", help=_("see below"))
    parser.add_argument("--title", help=_("give it this title"))
    parser.add_argument("--olx", metavar="FILE", help=_("give it the OLX in this file; - reads standard input"))
    parser.add_argument("--revert", action="store_true", help=_("take all edits of it back"))


@subcommand(
    arguments_of_import,
    _arguments_of_review,
    arguments_of_tree,
    told=(
        gettext_lazy("Show what is staged: all of it as a tree, or one block in full."),
        gettext_lazy(
            "Each line has the block's number, what would happen to it (+ create, ↑ update, ⑂ fork, = "
            "unchanged, – skip, ⊘ unsupported, ✗ cannot be read, ○ left out), its name and type, its "
            "state where that is a conflict, the decision that settles it, what becomes of the blocks "
            "inside where a library cannot hold it, whether it was edited, and whether all of that is as "
            "the last review of this source had it."
        ),
        gettext_lazy(
            "A block is shown with its OLX, its files, what stands in the library in its place, and the "
            "differences: - is what the library holds, + is what would replace it. For a block that was "
            "imported before, the differences also say what changed since, in the library and in the "
            "source."
        ),
        gettext_lazy("What the source has lost since it was imported is named at the end; `gone` lists all of it."),
    ),
    more=BLOCKS_HELP,
)
def review(
    session: Session,
    *,
    import_name: str,
    block: str | None,
    below: str | None,
    diff: bool,
    everything: bool,
    **filters: Any,
) -> None:
    run = session.find(import_name)
    if block is not None:
        (key,) = find_keys(session, [block])
        details = api.get_block(user=session.user, import_id=run.id, usage_key=key)
        session.show(details, block_view(details, only_differences=diff))
        return
    blocks = all_blocks(session)
    nums = _wanted(session, blocks, below, filters, conflicts=filters["conflicts"] or diff)
    shown = blocks if nums is None else [staged for staged in blocks if staged.num in nums]
    if diff:
        compared = [api.get_block(user=session.user, import_id=run.id, usage_key=found.usage_key) for found in shown]
        parts = [part for details in compared for part in (block_view(details, only_differences=True), "")]
        session.show(compared, *(parts[:-1] or [_("No such conflicts.")]))
        return
    if not shown:
        session.show(shown, _("No such blocks.") if blocks else _("There is nothing to import here."))
        return
    # That a conflict is skipped is told by its line; a note on each would bury the others.
    noted = [staged for staged in shown if staged.outcome is not Outcome.SKIPPED]
    worth_knowing = notes(noted, run.warnings, everything=everything)
    gone = gone_in_review(session, everything=everything) if nums is None else None
    session.show(
        shown,
        review_tree(f"{run.source_title} → {run.library_key}", blocks, only=nums, everything=everything),
        "",
        summary(shown, planned=True) if any(staged.outcome for staged in shown) else None,
        printable(review_counts(shown)),
        "" if gone else None,
        gone,
        "" if worth_knowing else None,
        worth_knowing,
        "",
        _("One block in full: {command}").format(command=command_line("review {id} BLOCK", run.id)),
    )


@subcommand(
    arguments_of_import,
    _arguments_of_decide,
    told=(
        gettext_lazy("Decide what to do with conflicts."),
        gettext_lazy("With those among the blocks and all that is below them:"),
        listing(
            ("skip", gettext_lazy("leave the library's item as it is")),
            ("overwrite", gettext_lazy("make the imported content the item's next version, live at once")),
            ("new_version", gettext_lazy("make it the item's next draft, for an author to publish")),
            ("fork", gettext_lazy("create a separate item under the next free ID")),
            ("merge", gettext_lazy("put what the library and the source have changed into one version")),
            ("default", gettext_lazy("go back to the import's own default")),
            gap=2,
        ),
    ),
    more=BLOCKS_HELP,
)
def decide(
    session: Session,
    *,
    import_name: str,
    decision: str,
    blocks: list[str],
    only: bool,
    every: bool,
    **options: Any,
) -> None:
    if bool(blocks) == every:
        raise CommandError(_("Name blocks, or say --all for all conflicts: one of the two."), returncode=USAGE)
    run = session.find(import_name)
    keys = [top.usage_key for top in all_blocks(session, top=True)] if every else find_keys(session, blocks)
    changed = api.decide_blocks(
        user=session.user,
        import_id=run.id,
        usage_keys=keys,
        decision=None if decision == _DEFAULT else Decision(decision),
        below=not only,
    )
    conflicts = all_blocks(session, conflicts=True)
    session.show(
        {"changed": changed, "conflicts": conflicts},
        _("Decided. All conflicts, as they are settled now:"),
        *_conflict_lines(conflicts),
        "",
        what_would_happen(run.id),
    )


@subcommand(
    arguments_of_import,
    _arguments_of_merge,
    told=(
        gettext_lazy("Choose the pieces of a merge that need you."),
        gettext_lazy(
            "A block that is decided as `merge` needs you where the library and the source have changed "
            "the same piece, each in another way: title, body, body:1 for the first such place in it, "
            "setting:weight, file:photo.png. Without options, the block is shown with its pieces. What "
            "you choose holds until the library or the source changes."
        ),
    ),
    more=BLOCKS_HELP,
)
def merge(
    session: Session,
    *,
    import_name: str,
    block: str,
    library: list[str],
    source: list[str],
    edit: list[list[str]],
    undecided: list[str],
    **options: Any,
) -> None:
    run = session.find(import_name)
    (key,) = find_keys(session, [block])
    asked: dict[str, Any] = {"user": session.user, "import_id": run.id, "usage_key": key}
    choices: dict[str, MergeChoice | None] = dict.fromkeys(undecided)
    choices |= {name: MergeChoice(take=MergeSide.LIBRARY) for name in library}
    choices |= {name: MergeChoice(take=MergeSide.SOURCE) for name in source}
    choices |= {name: MergeChoice(take=MergeSide.EDIT, text=text) for name, text in edit}
    details = api.choose_pieces(**asked, choices=choices) if choices else api.get_block(**asked)
    session.show(details, block_view(details, only_differences=False))


@subcommand(
    arguments_of_import,
    _arguments_of_contents,
    told=(
        gettext_lazy("Choose what becomes of blocks inside components."),
        gettext_lazy(
            "Of experiments, banks of questions and other components that a library cannot hold, since "
            "they are made of other blocks. Of those that are named, and those in the blocks that are "
            "named:"
        ),
        listing(
            ("leave-out", gettext_lazy("the blocks inside go with the component")),
            ("unit", gettext_lazy("they are imported, and stand in the unit in its stead")),
            ("collection", gettext_lazy("they are imported on their own, into a collection that bears its name")),
            ("default", gettext_lazy("go back to what the import's --contents says")),
        ),
        gettext_lazy(
            "The blocks inside are listed by `review`; `select`, `leave-out`, `edit` and `decide` work "
            "with them as with all others."
        ),
    ),
    more=BLOCKS_HELP,
)
def contents(session: Session, *, import_name: str, choice: str, blocks: list[str], only: bool, **options: Any) -> None:
    run = session.find(import_name)
    changed = api.choose_contents(
        user=session.user,
        import_id=run.id,
        usage_keys=find_keys(session, blocks),
        contents=None if choice == _DEFAULT else Contents(choice),
        below=not only,
    )
    session.show(
        {"changed": changed},
        ngettext("Chosen; {count:,} component changed.", "Chosen; {count:,} components changed.", changed).format(
            count=changed
        )
        + f" {what_would_happen(run.id)}",
    )


@subcommand(
    arguments_of_import,
    _arguments_of_forward,
    told=(
        gettext_lazy("Say whether references of courses are forwarded."),
        gettext_lazy(
            "Courses refer to the blocks of legacy libraries (library_content). Once the import is "
            "completed, these references"
        ),
        listing(
            ("yes", gettext_lazy("lead to its items, unless they are forwarded to another library")),
            ("instead", gettext_lazy("lead to its items, also instead of to another library")),
            ("no", gettext_lazy("stay as they are")),
            (
                "default",
                gettext_lazy(
                    "lead to its items, if it is the first import of the library, by somebody who may change that"
                ),
            ),
        ),
    ),
)
def forward(session: Session, *, import_name: str, forward: str, **options: Any) -> None:
    run = session.find(import_name)
    asked = None if forward == _DEFAULT else Forward(forward)
    found = api.choose_forward(user=session.user, import_id=run.id, forward=asked)
    told = found.reason if found else _("References of courses stay as they are.")
    session.show({"forwarding": found}, printable(told))


@subcommand(
    arguments_of_import,
    _arguments_of_blocks,
    told=(
        gettext_lazy("Select blocks that were left out."),
        gettext_lazy(
            "With everything below them, unless --only. What is selected inside a block that stays left "
            "out stands on its own in the library."
        ),
    ),
    more=BLOCKS_HELP,
)
def select(session: Session, **options: Any) -> None:
    _select(session, selected=True, **options)


@subcommand(
    arguments_of_import,
    _arguments_of_blocks,
    name="leave-out",
    told=(
        gettext_lazy("Leave blocks out of the import."),
        gettext_lazy("With everything below them, unless --only. They stay staged; `select` has them imported again."),
    ),
    more=BLOCKS_HELP,
)
def leave_out(session: Session, **options: Any) -> None:
    _select(session, selected=False, **options)


@subcommand(
    arguments_of_import,
    _arguments_of_edit,
    told=(
        gettext_lazy("Edit a staged block: its title, or its OLX."),
        gettext_lazy(
            "Without options, the OLX opens in your editor (the environment's VISUAL or EDITOR) and is "
            "saved when you save it. The OLX has to keep its root tag and url_name, and can name only "
            "files that came with the source. Neither the source nor the library is changed."
        ),
    ),
    more=BLOCKS_HELP,
)
def edit(
    session: Session,
    *,
    import_name: str,
    block: str,
    title: str | None,
    olx: str | None,
    revert: bool,
    **options: Any,
) -> None:
    if revert and (title is not None or olx is not None):
        raise CommandError(_("--revert takes all edits back; it goes with no other option."), returncode=USAGE)
    run = session.find(import_name)
    (key,) = find_keys(session, [block])
    asked: dict[str, Any] = {"user": session.user, "import_id": run.id, "usage_key": key}
    if revert:
        details, told = api.revert_block(**asked), _("The edits of {title} are taken back.")
    elif title is not None or olx is not None:
        text = None if olx is None else _read(session, olx)
        details, told = api.edit_block(**asked, title=title, olx=text), _("{title} is edited.")
    else:
        before = api.get_block(**asked)
        changed = _edit_in_editor(session, run.id, before.olx, asked, type_of(before.block))
        details, told = changed or before, _("{title} is edited.") if changed else _("Nothing was changed.")
    look = _("Look at it: {command}").format(command=command_line(f"review {{id}} {details.block.num}", run.id))
    session.show(details, printable(told.format(title=details.block.name)), look)


@subcommand(
    arguments_of_import,
    _arguments_of_choices,
    told=(
        gettext_lazy(
            "Take what other reviews have said as a whole: all of last time's, none, or that of another import."
        ),
        gettext_lazy(
            "--as-last-time takes all that the last reviews of the source have said, for the library, of "
            "blocks of which this one says nothing; --not-as-last-time takes back all that others have "
            "said."
        ),
        gettext_lazy(
            "--export writes what the review says as JSON: what is left out, decided, edited, and what "
            "becomes of contents. --apply has another review say the same: of another run of the course, "
            "or for another library. Blocks are found by type and ID. What does not stand is listed, and "
            "the exit code is 3: blocks that are not there, edits of what is something else in this "
            "source, decisions where there is nothing to decide, and what this review says otherwise."
        ),
    ),
)
def choices(
    session: Session,
    *,
    import_name: str,
    as_last_time: bool | None,
    export: str | None,
    apply: str | None,
    **options: Any,
) -> int | None:
    run = session.find(import_name)
    asked: dict[str, Any] = {"user": session.user, "import_id": run.id}
    look = _("Look at them: {command}").format(command=command_line("review {id} --as-last-time", run.id))
    if as_last_time is not None:
        changed = api.choose_as_last_time(**asked, as_last_time=as_last_time)
        told = (
            ngettext("{count:,} block changed: as last time.", "{count:,} blocks changed: as last time.", changed)
            if as_last_time
            else ngettext(
                "{count:,} block changed: as the source has it.",
                "{count:,} blocks changed: as the source has it.",
                changed,
            )
        )
        session.show({"changed": changed}, told.format(count=changed), look)
        return None
    if apply is not None:
        applied = api.apply_choices(**asked, choices=document.from_text(_document(session, apply)))
        left = [f"  {each.told}" for each in applied.unapplied]
        session.show(
            applied,
            ngettext("{count:,} block changed.", "{count:,} blocks changed.", applied.changed).format(
                count=applied.changed
            ),
            "\n".join([_("Not applied:"), *map(printable, bounded(left))]) if left else None,
            look,
        )
        return PARTLY if left else None
    exported = api.export_choices(**asked)
    if export == "-":
        session.print_json(document.as_json(exported))
        return None
    with session.writing_for_user(), Path(str(export)).open("x", encoding="utf-8") as file:
        file.write(document.as_text(exported))
    count = len(exported.blocks)
    told = ngettext(
        "What the review says of {count:,} block is written into {file}.",
        "What the review says of {count:,} blocks is written into {file}.",
        count,
    )
    session.show({"blocks": count}, printable(told.format(count=count, file=export)))
    return None


@subcommand(
    arguments_of_import,
    name="take-back",
    told=(
        gettext_lazy("Take the last change of a review back."),
        gettext_lazy(
            "Of each block that it changed, the review says again what it said before: whether it is "
            "selected, how it is decided, what becomes of what is inside it; of what is gone from the source, "
            "whether it is removed. That is a change as well, and can be taken back. Edits are taken back by `edit "
            "--revert`."
        ),
    ),
)
def take_back(session: Session, *, import_name: str, **options: Any) -> None:
    run = session.find(import_name)
    change = api.get_last_change(user=session.user, import_id=run.id)
    if change is None:
        told = _("There is nothing to take back. Edits are taken back by `edit --revert`.")
        raise refusal(told, FAILED)
    changed = api.take_back(user=session.user, import_id=run.id, change=change)
    done = _("Taken back; {count:,} changed.").format(count=changed)
    session.show({"changed": changed}, f"{done} {what_would_happen(run.id)}")


def _document(session: Session, name: str) -> str | bytes:
    if name == "-":
        return session.stdin.read(document.MAX_SIZE + 1)
    with Path(name).open("rb") as file:
        return file.read(document.MAX_SIZE + 1)


def _wanted(
    session: Session, blocks: list[BlockData], below: str | None, filters: dict[str, Any], *, conflicts: bool
) -> set[int] | None:
    """The numbers of the blocks that the filters leave; ``None`` for all."""
    asked: dict[str, Any] = {
        "conflicts": conflicts,
        "warnings": filters["warnings"],
        "search": filters["search"],
        "block_type": filters["block_type"],
    }
    asked["states"] = [ConflictState(state) for state in filters["states"]]
    asked |= {"edited": True} if filters["edited"] else {}
    asked |= {"as_last_time": True} if filters["as_last_time"] else {}
    asked |= {"selected": False} if filters["left_out"] else {}
    nums = {found.num for found in all_blocks(session, **asked)} if any(asked.values()) or filters["left_out"] else None
    if below is None:
        return nums
    (key,) = find_keys(session, [below])
    inside = _with_descendants(blocks, key)
    return inside if nums is None else nums & inside


def _with_descendants(blocks: list[BlockData], key: str) -> set[int]:
    """The numbers of a block and all below it; blocks stand in the order of the source."""
    found: set[int] = set()
    top: BlockData | None = None
    for block in blocks:
        if top is not None and block.depth <= top.depth:
            break
        if block.usage_key == key:
            top = top or block
        if top is not None:
            found.add(block.num)
    if top is None:
        raise api.NotFound(_("Not among the blocks of this import: {keys}.").format(keys=key))
    return found


def _conflict_lines(conflicts: list[BlockData]) -> list[str]:
    lines = [
        printable(
            f"  {block.num}  {block.name} ({type_of(block)}): {str(block.state.label).lower() if block.state else ''}"
            f" → {in_short(block.decision or Decision.SKIP)}"
        )
        for block in conflicts[:20]
    ]
    if (left := len(conflicts) - 20) > 0:
        told = ngettext("… and {count:,} more conflict", "… and {count:,} more conflicts", left).format(count=left)
        lines.append(f"  {told}")
    return lines


def _select(
    session: Session, *, selected: bool, import_name: str, blocks: list[str], only: bool, **options: Any
) -> None:
    run = session.find(import_name)
    changed = api.select_blocks(
        user=session.user,
        import_id=run.id,
        usage_keys=find_keys(session, blocks),
        selected=selected,
        below=not only,
    )
    told = (
        ngettext("{count:,} block selected.", "{count:,} blocks selected.", changed)
        if selected
        else ngettext("{count:,} block left out.", "{count:,} blocks left out.", changed)
    )
    session.show({"changed": changed}, f"{told.format(count=changed)} {what_would_happen(run.id)}")


def _read(session: Session, name: str) -> str:
    """A text, from a file or standard input; no more of it than tells that it is too long."""
    try:
        if name == "-":
            return session.stdin.read(MAX_OLX_CHARACTERS + 1)
        with Path(name).open(encoding="utf-8") as file:
            return file.read(MAX_OLX_CHARACTERS + 1)
    except UnicodeDecodeError as error:
        told = _("{name} is not text in UTF-8: {reason} at byte {at}.")
        raise api.InvalidEdit(told.format(name=name, reason=error.reason, at=error.start)) from error


def _edit_in_editor(session: Session, import_id: str, olx: str, asked: dict[str, Any], type_name: str) -> Any:
    """Have a person edit the OLX until it is accepted, or given up; ``None`` where nothing was changed."""
    if not olx:
        told = _("A {type} has no OLX of its own. Rename it with --title.")
        raise api.InvalidEdit(told.format(type=type_name))
    text: str | None = olx
    while True:
        try:
            text = click.edit(text, extension=".xml")
        except click.ClickException as error:
            told = _("{reason}. Name your editor in the environment: EDITOR=nano.").format(reason=error.message)
            raise refusal(told, FAILED) from error
        if text is None or text.strip() == olx.strip():
            return None
        try:
            return api.edit_block(**asked, olx=text)
        except api.InvalidEdit as error:
            reason = f"{error}\n"
            if session.can_ask():
                session.err.print(printable(str(error)), style="red")
                if session.confirm(_("Go on editing?"), default=True):
                    continue
                reason = ""
            words = f"edit {{id}} {asked['usage_key']} --olx {_kept(text)}"
            raise api.InvalidEdit(
                reason
                + _("Nothing was changed. What you wrote is kept; mend it and save it with:")
                + f"\n  {command_line(words, import_id)}"
            ) from error


def _kept(text: str) -> str:
    with NamedTemporaryFile("w", encoding="utf-8", prefix="olx-", suffix=".xml", delete=False) as file:
        file.write(text)
    return file.name
