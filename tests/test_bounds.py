"""What is shown has bounds, however much a course holds."""

import pytest

from import_from_modulestore import api
from import_from_modulestore.data import MAX_OLX_CHARACTERS
from import_from_modulestore.models import StagedBlock
from import_from_modulestore.olx.readable import MAX_LINE, difference, readable_lines

from .admin.conftest import Pages, url
from .builders import KEY, TARGET, block, section, subsection, text, unit, usage_key, write_course
from .command_line.calls import command
from .keeping import kept
from .rest_api.conftest import Client

MUCH = 3_000_000
IMAGES = "".join(f'<img src="/static/{n}{"x" * 1_000}.png"/>' for n in range(3_000))


@pytest.fixture
@kept
def staged(courses, stage):
    """An attribute of megabytes, missing files with long names by the thousand, children of a refused block."""
    children = "".join(f'<html url_name="c{n}" display_name="Child {n}"/>' for n in range(1_500))
    blocks = (
        block("problem", "p1", "<p/>", display_name="P", markdown="y" * MUCH),
        text("t1", IMAGES),
        block("split_test", "x1", children),
    )
    write_course(courses / "c1", section("s", subsection("b", unit("u", *blocks))))
    return stage()


@pytest.fixture
def commits(django_capture_on_commit_callbacks):
    return django_capture_on_commit_callbacks


@pytest.mark.at_gate
def test_on_the_terminal(staged):
    for words in (
        ("review", "last"),
        ("review", "last", "p1"),
        ("review", "last", "t1"),
        ("review", "last", "x1", "--diff"),
        ("plan", "last", "--all"),
    ):
        assert len(command(*words, "--user", "ada")) < 500_000, words
    assert "more characters" in command("review", "last", "p1", "--user", "ada")
    assert "and 1,480 more." in " ".join(command("review", "last", "x1", "--user", "ada").split())
    assert "… and 2,950 more" in command("review", "last", "t1", "--user", "ada")


@pytest.mark.at_gate
def test_over_rest(staged, user, commits):
    client = Client(commits, user)
    blocks = client("GET", f"imports/{staged}/blocks/")
    assert len(blocks.content) < 500_000
    assert len(client("GET", f"imports/{staged}/plan/").content) < 500_000
    one = client("GET", f"imports/{staged}/blocks/{usage_key('problem', 'p1')}/")
    assert len(one.content) < 2 * MAX_OLX_CHARACTERS + 100_000
    assert one.json()["olx"].endswith("more characters)")


@pytest.mark.at_gate
def test_in_the_admin(staged, user):
    pages = Pages(user)
    run = StagedBlock.objects.first().import_run
    assert len(pages.get(url("import", "blocks", run.pk)).content) < 1_000_000
    for key in (usage_key("problem", "p1"), usage_key("html", "t1"), usage_key("split_test", "x1")):
        page = pages.get(url("import", "block", run.pk, key))
        assert page.status_code == 200
        assert len(page.content) < MAX_OLX_CHARACTERS


@pytest.mark.at_gate
def test_what_is_too_long_to_be_edited_is_not_cut_by_renaming(staged, user):
    pages = Pages(user)
    run = StagedBlock.objects.first().import_run
    page = url("import", "block", run.pk, usage_key("problem", "p1"))
    assert "too long to be edited here" in pages.get(page).content.decode()
    pages.post(page, do="edit", title="Renamed")
    assert len(StagedBlock.objects.get(title="Renamed").edited_olx) > MUCH


def test_what_differs_near_the_end_of_a_long_line_is_shown():
    before, after = (readable_lines(f"<p>{'x' * 10_000}{end}</p>") for end in ("old", "new"))
    assert max(map(len, before)) <= MAX_LINE
    told = {line.mark: line.text for line in difference(before, after)}
    assert ("old" in told["-"], "new" in told["+"]) == (True, True)


def test_very_many_lines_are_counted():
    assert difference(["a"] * 3_000, ["b"] * 3_000)[-1].text == "and 5,001 more lines"


def test_json_holds_nothing_that_turns_the_writing_around(courses, user, library):
    write_course(courses / "c1", section("s", subsection("b", unit("u", text("t", "<p>a\u202eb\x85</p>")))))
    made = api.create_import(user=user, source_key=KEY, library_key=TARGET)
    api.stage_import(user=user, import_id=made.id)
    out = command("review", "last", "t", "--json", "--user", "ada")
    assert "a\\u202eb" in out
    assert not set("\u202e\x85") & set(out)
