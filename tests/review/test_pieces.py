"""A merge in the review: what comes of it, the pieces that need somebody, and what is chosen for them."""

import pytest

from import_from_modulestore import api
from import_from_modulestore.actions.review import planned
from import_from_modulestore.data import Decision, ImportOptions, MergeChoice, MergeSide, Outcome
from import_from_modulestore.models import Import
from import_from_modulestore.review import choose_pieces

from ..builders import section, subsection, text, unit
from ..keeping import kept
from .conftest import key
from .test_details import changes

LIBRARY, SOURCE = MergeChoice(take=MergeSide.LIBRARY), MergeChoice(take=MergeSide.SOURCE)


def edit(text: str) -> MergeChoice:
    return MergeChoice(take=MergeSide.EDIT, text=text)


@pytest.fixture
def course(write):
    """Write a course of one unit with one text: ``course("<p>One</p>", title="Another")``."""

    def course(body: str, *, of_unit: str | None = None, title: str | None = None) -> None:
        write(section("s", subsection("b", unit("u", text("t", body, title=title), title=of_unit))))

    return course


@pytest.fixture
@kept
def both(course, run_import, edit_in_library):
    """A paragraph and the title that both have changed, and one that only the source has."""
    course("<p>One</p><p>Between</p><p>Two</p>")
    run_import()
    edit_in_library("t", "<p>1</p><p>Between</p><p>Two</p>", title="Mine")
    course("<p>I</p><p>Between</p><p>II</p>", title="Theirs")


@pytest.fixture
def staged(stage) -> str:
    return stage(on_conflict=Decision.MERGE)


@pytest.fixture
def choose(user):
    """Choose pieces of the text: ``choose(import_id, {"title": LIBRARY})``."""
    return lambda import_id, choices, of=None: api.choose_pieces(
        user=user, import_id=import_id, usage_key=of or key("t"), choices=choices
    )


def test_what_needs_somebody_is_shown_with_three_texts(both, staged, user):
    found = api.get_block(user=user, import_id=staged, usage_key=key("t"))
    assert found.block.outcome is Outcome.NEEDS_YOU
    assert [(piece.name, piece.base, piece.library, piece.source, piece.choice) for piece in found.pieces] == [
        ("title", "Text t", "Mine", "Theirs", None),
        ("body:1", "<p>One</p>", "<p>1</p>", "<p>I</p>", None),
    ]
    with pytest.raises(api.PlanBlocked, match="Text t|Theirs"):
        api.complete_import(user=user, import_id=staged)


def test_the_three_comparisons_tell_the_truth(both, staged, user):
    found = changes(api.get_block(user=user, import_id=staged, usage_key=key("t")))
    assert found["replacement"] == ["-<p>Two</p>", "+<p>II</p>"]  # What would be written; the library's, where open.
    assert "+<p>1</p>" in found["library"]
    assert {"+<p>I</p>", "+<p>II</p>", "+title: Theirs"} <= set(found["source"])


def test_once_everything_is_chosen_it_is_written(both, staged, choose, user, state):
    found = choose(staged, {"title": SOURCE, "body:1": edit("<p>Both</p>")})
    assert found.block.outcome is Outcome.UPDATED
    assert [piece.choice for piece in found.pieces] == [SOURCE, edit("<p>Both</p>")]
    assert "<p>Both</p><p>Between</p><p>II</p>" in found.merged_olx
    assert "+<p>Both</p>" in changes(found)["replacement"]
    api.complete_import(user=user, import_id=staged)
    draft = state()["items"]["xblock.v1:html:t"]["draft"]
    assert draft["title"] == "Theirs"
    assert b"<p>Both</p><p>Between</p><p>II</p>" in draft["files"]["block.xml"]


def test_a_choice_is_taken_back(both, staged, choose):
    choose(staged, {"title": SOURCE, "body:1": LIBRARY})
    found = choose(staged, {"title": None})
    assert [piece.choice for piece in found.pieces] == [None, LIBRARY]


def test_two_reviewers_choose_at_once(both, staged, user):
    """The second has begun before the first is done."""
    run = Import.objects.get(uuid=staged)
    seen = planned(run)
    for name in "title", "body:1":
        choose_pieces(run, key("t"), {name: SOURCE}, seen)
    details = api.get_block(user=user, import_id=staged, usage_key=key("t"))
    assert {piece.name: piece.choice is not None for piece in details.pieces} == {"title": True, "body:1": True}


def test_the_body_as_a_whole(both, staged, choose, user):
    whole = api.get_block(user=user, import_id=staged, usage_key=key("t")).whole_body
    assert (whole.name, whole.library) == ("body", "<p>1</p><p>Between</p><p>Two</p>")
    found = choose(staged, {"title": SOURCE, "body": SOURCE})
    assert "<p>I</p><p>Between</p><p>II</p>" in found.merged_olx
    assert found.block.outcome is Outcome.UPDATED


@pytest.mark.parametrize(
    ("choices", "why"),
    [
        ({"weight": LIBRARY}, "No such piece needs you: weight. There are: body, body:1, title"),
        ({"title": edit("")}, "1 to 500 characters"),
        ({"body:1": edit("\x00")}, "do not fit together"),
        ({"body:1": edit('<img src="/static/no.png">')}, "It names a file that neither .* no.png"),
    ],
)
def test_what_cannot_be_chosen(both, staged, choose, choices, why):
    with pytest.raises(api.InvalidEdit, match=why):
        choose(staged, choices)


def test_what_is_not_merged_has_no_pieces(both, stage, choose):
    with pytest.raises(api.InvalidEdit, match="is not merged"):
        choose(stage(), {"title": LIBRARY})


def test_what_is_chosen_is_void_once_the_library_changes(both, staged, choose, edit_in_library, user):
    choose(staged, {"title": SOURCE, "body:1": LIBRARY})
    edit_in_library("t", "<p>2</p><p>Between</p><p>Two</p>")
    found = api.get_block(user=user, import_id=staged, usage_key=key("t"))
    assert found.block.outcome is Outcome.NEEDS_YOU
    assert any("is void" in warning for warning in found.block.warnings)
    assert [piece.choice for piece in found.pieces] == [None, None]


class TestStagedAnew:
    """What is chosen stands for as long as the texts are what they were."""

    @pytest.fixture
    def chosen(self, both, staged, choose) -> str:
        choose(staged, {"title": SOURCE, "body:1": edit("<p>Both</p>")})
        return staged

    @pytest.fixture
    def found(self, user, chosen):
        """The text, once it is staged anew: ``found()``."""

        def staged_anew():
            api.stage_import(user=user, import_id=chosen)
            return api.get_block(user=user, import_id=chosen, usage_key=key("t"))

        return staged_anew

    def test_while_they_are(self, found):
        again = found()
        assert [piece.choice for piece in again.pieces] == [SOURCE, edit("<p>Both</p>")]
        assert (again.block.outcome, again.block.warnings) == (Outcome.UPDATED, ())

    def test_where_the_source_has_changed(self, found, course):
        course("<p>III</p><p>Between</p><p>II</p>", title="Theirs")
        again = found()
        assert [piece.choice for piece in again.pieces] == [None, None]
        assert any("is void" in warning for warning in again.block.warnings)

    def test_where_the_library_has(self, found, edit_in_library):
        edit_in_library("t", "<p>2</p><p>Between</p><p>Two</p>")
        assert any("is void" in warning for warning in found().block.warnings)


def test_where_the_import_decides_otherwise_the_pieces_can_be_chosen_all_the_same(both, stage, choose):
    import_id = stage(on_conflict=Decision.MERGE, unmerged=Decision.SKIP)
    found = choose(import_id, {"title": SOURCE})
    assert found.block.outcome is Outcome.SKIPPED
    assert choose(import_id, {"body:1": SOURCE}).block.outcome is Outcome.UPDATED


def test_the_title_of_a_container(course, run_import, user, stage, choose, library):
    from openedx_content.models_api import LearningPackage

    from ..authoring import Author

    course("<p>One</p>", of_unit="Then")
    run_import()
    Author(LearningPackage.objects.get(package_ref=library.key).id).edit("u", "Mine")
    course("<p>One</p>", of_unit="Theirs")
    import_id, unit_key = stage(on_conflict=Decision.MERGE), key("u", "vertical")
    found = api.get_block(user=user, import_id=import_id, usage_key=unit_key)
    assert [(piece.name, piece.library, piece.source) for piece in found.pieces] == [("title", "Mine", "Theirs")]
    found = choose(import_id, {"title": edit("Ours")}, unit_key)
    assert "+title: Ours" in changes(found)["replacement"]
    api.complete_import(user=user, import_id=import_id)
    assert api.get_records(user=user, import_id=import_id)[2].title == "Ours"


@pytest.mark.parametrize("below", [False, True])
def test_an_id_that_is_taken_cannot_be_decided_as_a_merge(below, course, run_import, edit_in_library, stage, user):
    from import_from_modulestore.models import Import

    course("<p>One</p>")
    run_import()
    edit_in_library("t", "<p>Mine</p>")
    Import.objects.all().delete()
    with pytest.raises(api.InvalidEdit, match="cannot be merged"):
        api.decide_blocks(user=user, import_id=stage(), usage_keys=[key("t")], decision=Decision.MERGE, below=below)
    asked = api.get_block(user=user, import_id=stage(on_conflict=Decision.MERGE), usage_key=key("t"))
    assert not asked.pieces
    assert asked.block.reason.startswith("Decide otherwise. The library’s item does not come from this source")


def test_instead_of_a_merge_no_merge_can_be_done(user, library, course):
    course("<p>One</p>")
    with pytest.raises(api.InvalidOption, match="another decision"):
        from ..builders import KEY, TARGET

        options = ImportOptions(unmerged=Decision.MERGE)
        api.create_import(user=user, source_key=KEY, library_key=TARGET, options=options)
