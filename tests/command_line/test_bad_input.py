"""What is refused: with a message that says what is wrong and what is allowed, an exit code, and nothing changed."""

import pytest

from import_from_modulestore import api
from import_from_modulestore.management.commands.import_from_modulestore import Command

from ..builders import KEY, TARGET, usage_key
from ..library_state import row_counts
from .calls import command, data_of, refused


@pytest.fixture
def staged(library):
    command("stage", KEY, TARGET)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("reviw", "last"), 2, "There is no command reviw. Do you mean review? All that there are: "),
        (("xyz", "it"), 2, "There is no command xyz. All that there are: import_from_modulestore --help\n"),
        (("sources", "--language=tlh"), 1, "This site does not speak 'tlh'. It speaks ar, en, es, fr.\n"),
        (("sources", "--nope"), 2, "usage: manage.py import_from_modulestore sources [options]\n"),
        (("batches", "--limit", "1001"), 2, "usage: manage.py import_from_modulestore batches [options]\n"),
    ],
)
def test_what_is_no_command_of_it(words, code, told, capsys):
    with pytest.raises(SystemExit) as ended:
        Command().run_from_argv(["manage.py", "import_from_modulestore", *words])
    assert (ended.value.code, capsys.readouterr().err[: len(told)]) == (code, told)


def test_a_usage_is_one_line():
    parser = Command().create_parser("manage.py", "import_from_modulestore")
    [subcommands] = parser._subparsers._group_actions
    usage = subcommands.choices["run"].format_usage()
    assert usage == "usage: manage.py import_from_modulestore run [options] SOURCE LIBRARY\n"


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("run", "nonsense", TARGET), 4, "There is no file nonsense, and that is not the key of a course"),
        (("run", "non:sense", TARGET), 1, "is not the key of a course"),
        (("stage", KEY, "nonsense"), 1, "is not the key of a content library"),
        (("stage", KEY, TARGET), 4, "To have it made: --create"),
        (("stage", "course-v1:No+No+No", TARGET, "--create"), 4, "`sources` lists what is there"),
        (("show", "123"), 4, "There is no import 123, or none that you may see."),
        (("retry", "123"), 4, "`history` lists those that there are"),
        (("undo", "last"), 4, "You have no imports yet"),
        (("backup", TARGET, "x.zip"), 4, "There is no library"),
        (("where", "nonsense"), 1, "block-v1:"),
        (("where", "lb:nonsense"), 1, "lb:Org:slug:type:id"),
        (("cleanup", "--days", "-1"), 1, "0 or more"),
        (("history", "--limit", "0"), 1, "argument --limit: '0' is not a number from 1 to 1000"),
        (("sources", "--limit", "many"), 1, "argument --limit: 'many' is not a number from 1 to 1000"),
        (("sources", "--user", "nobody"), 4, "There is no user 'nobody'"),
        (("stage", KEY, TARGET, "--level", "course"), 1, "choose from 'section', 'subsection'"),
        (("stage", KEY, TARGET, "--on-conflict", "guess"), 1, "choose from 'skip', 'overwrite'"),
        (("history", "--state", "lost"), 1, "invalid choice: 'lost'"),
        (("history", "--after", "May"), 1, "'May' is no time: write 2026-11-27"),
    ],
)
def test_words_that_mean_nothing(words, code, told):
    message, returned = refused(*words)
    assert (returned, told in message) == (code, True), message


def test_what_the_import_does_not_allow(staged):
    before = data_of("plan", "last")["plan"], row_counts()
    for words, code, told in (
        ("decide last guess t1", 1, "choose from 'skip', 'overwrite', 'new_version', 'fork', 'merge', 'default'"),
        ("decide last skip t1", 1, "There is no conflict to decide"),
        ("decide last skip t1 --only", 1, "is new: there is no conflict to decide"),
        (f"leave-out last {usage_key('html', 't1', 'course-v1:Acme+C2+R1')}", 4, "Acme+C2+R1+type@html+block@t1"),
        (f"review last {usage_key('html', 'gone')}", 4, "Not among the blocks of this import"),
        ("undo last --yes", 6, "the import is staged"),
        ("redo last --preview", 6, "import_from_modulestore complete"),
    ):
        message, returned = refused(*words.split())
        assert (returned, told in message) == (code, True), message
    assert (data_of("plan", "last")["plan"], row_counts()) == before


def test_after_completion_only_undo_is_possible(staged):
    command("complete", "last")
    for words in ("review", "plan", "decide skip --all", "leave-out t1", "complete", "cancel", "retry", "redo --yes"):
        name, *rest = words.split()
        message, code = refused(name, "last", *rest)
        assert code == 6, words
        assert message.splitlines()[-1].startswith("  import_from_modulestore undo "), words


def test_a_plan_that_cannot_be_written(staged, settings):
    settings.MAX_BLOCKS_PER_CONTENT_LIBRARY = 3
    message, code = refused("complete", "last")
    assert code == 1
    assert "9 more than its limit of 3" in message
    assert "The library is as it was. Go on from here with: import_from_modulestore retry" in message


def test_an_id_that_several_imports_begin_with(staged, library, user):
    ids = {api.create_import(user=user, source_key=KEY, library_key=TARGET).id[0] for _more in range(17)}
    shared = [first for first in ids if sum(run["id"].startswith(first) for run in data_of("history")) > 1]
    assert refused("show", shared[0]) == (
        f"Several imports have an ID that begins with {shared[0]}. Give more of it.",
        4,
    )
