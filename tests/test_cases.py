"""Of many cases of a test, those that are run by default are from both ends, or from all lists."""

import pytest

LETTERS = "abcdefgh"


@pytest.mark.few
@pytest.mark.parametrize("letter", LETTERS)
def test_of_one_list(letter, request):
    assert run_by_default(request) == ["a", "h"]


@pytest.mark.few
@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("letter", LETTERS)
def test_of_several_lists_that_meet(letter, number, request):
    letters, numbers = zip(*(name.split("-") for name in run_by_default(request)), strict=True)
    assert sorted(letters) == [*LETTERS]
    assert {*numbers} == {"1", "2", "3"}


@pytest.mark.few
@pytest.mark.parametrize("letter", ["a", "b"])
def test_of_few_all(letter, request):
    assert run_by_default(request) == ["a", "b"]


def run_by_default(request) -> list[str]:
    """The cases of this test that are not left to the gate."""
    cases = [item for item in request.session.items if getattr(item, "originalname", "") == request.node.originalname]
    return [case.callspec.id for case in cases if not case.get_closest_marker("at_gate")]
