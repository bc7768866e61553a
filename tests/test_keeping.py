"""What many tests begin with is made once, and each has it to itself."""

import pytest

from import_from_modulestore import api
from import_from_modulestore.models import Import

from .builders import KEY, TARGET, small_course, write_course
from .keeping import is_kept, kept, kept_at_first

made: list[object] = []
seen: set[str] = set()


@pytest.fixture
def size(request) -> int:
    return request.param


@pytest.fixture
@kept
def begun(courses, user, library) -> str:
    write_course(courses / "c1", *small_course())
    made.append("begun")
    return api.create_import(user=user, source_key=KEY, library_key=TARGET).id


@pytest.fixture
@kept
def sized(size) -> int:
    made.append(size)
    return size


@pytest.mark.parametrize("turn", range(3))
def test_each_finds_it_and_does_with_it_what_it_likes(begun, courses, user, state, turn):
    assert ([run.state for run in Import.objects.all()], state()["items"]) == (["created"], {})
    api.stage_import(user=user, import_id=begun)
    assert api.complete_import(user=user, import_id=begun).counts == {"created": 12}
    (courses / "c1/course.xml").unlink()
    assert made.count("begun") == 1 or not is_kept()


@pytest.mark.parametrize("size", [1, 2], indirect=True)
@pytest.mark.parametrize("turn", range(2))
def test_what_has_parameters_is_made_with_each(db, sized, size, turn):
    assert sized == size


def test_where_it_was_not_asked_for_there_is_nothing(db, courses):
    assert not Import.objects.exists()
    assert not any(courses.iterdir())


@pytest.fixture
def call(request, user, library):
    """Create an import, and tell the title in its source."""

    def create(title: str = "Target") -> str:
        made.append("called")
        api.create_library(user=user, library_key="lib:Acme:Called", title=title)
        return title

    return kept_at_first(create, request)


@pytest.mark.parametrize("turn", range(3))
@pytest.mark.parametrize("between", ["nothing", "files", "rows", "settings", "arguments"])
def test_a_call_that_a_test_begins_with(call, courses, user, settings, between, turn):
    before = made.count("called")
    match between:
        case "files":
            (courses / f"{turn}.txt").touch()
        case "rows":
            user.save()
        case "settings":
            settings.MAX_BLOCKS_PER_CONTENT_LIBRARY = 1
    assert call(*[f"Target {turn}"] * (between == "arguments")).startswith("Target")
    is_known = "nothing" in seen and between == "nothing" and is_kept()
    seen.add(between)
    assert made.count("called") - before == (0 if is_known else 1)
    assert "lib:Acme:Called" in {library.key for library in api.list_libraries(user=user)}


@pytest.mark.parametrize("turn", range(2))
def test_a_call_is_not_kept_where_a_test_looks_on(call, django_assert_num_queries, turn):
    before = made.count("called")
    call()
    assert made.count("called") == before + 1
