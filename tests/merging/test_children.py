"""What containers hold, merged by keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from import_from_modulestore.data import MergeChoice, MergeSide
from import_from_modulestore.merging import UnusableChoice, merge_children, merge_container

KEYS = st.lists(st.sampled_from("abcdefgh"), max_size=8, unique=True)


@pytest.mark.parametrize(
    ("base", "library", "source", "merged"),
    [
        ("abc", "ac", "abc", "ac"),  # taken out in the library
        ("abc", "abc", "ac", "ac"),  # in the source
        ("abc", "acb", "bc", "cb"),  # moved on one side, taken out on the other: it goes
        ("abc", "abcL", "abcS", "abcLS"),  # two in one place: the library's comes first
        ("abc", "Labc", "Sabc", "LSabc"),
        ("abc", "aLbc", "abSc", "aLbSc"),
        ("abc", "abLc", "aSbc", "aSbLc"),
        ("abcd", "bacd", "abdc", "bdac"),  # each has moved another
        ("abcd", "bcda", "bacd", "bcda"),  # both have moved the same one
        ("abc", "ab", "abc_", "ab_"),
        ("ab", "abX", "abX", "abX"),
        ("", "L", "S", "LS"),
        ("ab", "", "abc", "c"),
    ],
)
def test_cases(base, library, source, merged):
    assert "".join(merge_children(base, library, source)) == merged


@given(KEYS, KEYS)
def test_an_unchanged_side_gives_the_other(base, changed):
    assert merge_children(base, base, changed) == merge_children(base, changed, base) == tuple(changed)
    assert merge_children(base, changed, changed) == tuple(changed)


@given(KEYS, KEYS, KEYS)
def test_each_is_there_once_and_what_is_taken_out_stays_out(base, library, source):
    merged = merge_children(base, library, source)
    assert len(merged) == len(set(merged))
    added = ({*library} | {*source}) - {*base}
    assert {*merged} == ({*base} & {*library} & {*source}) | added
    assert {*merge_children(base, source, library)} == {*merged}


@given(KEYS, KEYS, KEYS)
def test_to_merge_again_changes_nothing(base, library, source):
    merged = merge_children(base, library, source)
    assert merge_children(source, merged, source) == merged
    assert {*merge_children(base, merged, source)} == {*merged}


@given(KEYS, st.data())
def test_it_does_not_matter_which_side_is_which_where_only_one_adds_and_moves(base, data):
    """The other one may take out."""
    one = data.draw(KEYS)
    other = [key for key in base if data.draw(st.booleans())]
    assert merge_children(base, one, other) == merge_children(base, other, one)


def test_titles_are_merged_as_well():
    merged = merge_container(("A", "ab"), ("B", "ab"), ("A", "b"), {})
    assert (merged.title, merged.children, merged.pieces) == ("B", ("b",), ())


def test_two_new_titles():
    merged = merge_container(("A", ""), ("B", ""), ("C", ""), {})
    assert [(piece.name, piece.base, piece.library, piece.source) for piece in merged.pieces] == [
        ("title", "A", "B", "C")
    ]
    choices = {"title": MergeChoice(take=MergeSide.EDIT, text="D")}
    assert merge_container(("A", ""), ("B", ""), ("C", ""), choices).title == "D"
    with pytest.raises(UnusableChoice):
        merge_container(("A", ""), ("B", ""), ("C", ""), {"title": MergeChoice(take=MergeSide.EDIT)})
