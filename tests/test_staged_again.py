"""A source that has not changed since it was staged is not read again, and what is staged of it is the same."""

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.files.storage import FileSystemStorage, default_storage
from django.utils.translation import override

from import_from_modulestore import api
from import_from_modulestore.data import Branch, Contents, ImportOptions
from import_from_modulestore.errors import InvalidOption
from import_from_modulestore.exports import looks
from import_from_modulestore.exports.export import Export
from import_from_modulestore.models import Import, StagedBlock, StagedRoot, StagedSource
from import_from_modulestore.staging import again, content

from .builders import KEY, TARGET, block, pack, problem, section, subsection, text, unit, usage_key, write_course
from .counting import calls_of
from .reviewing import OLX

SAMPLE = Path(__file__).parents[1] / "courses"
LINK = '<a href="/jump_to_id/u2">on</a>'


pytestmark = pytest.mark.usefixtures("settled")


@pytest.fixture
def course(courses):
    """
    A course with all that the index has a column for: files, also missing ones, links, blocks that are shown twice,
    blocks in components, tags, what cannot be read, what is not stock.
    """
    foreign = text("foreign", '<img src="/asset-v1:Acme+C2+R1+type@asset+block@other.png"/>')
    parts = (
        section("s1", subsection("b1", unit("u1", text("t1"), text("image", '<img src="/static/a.png"/>')))),
        section("s2", subsection("b2", unit("u2", text("link", LINK), text("twice")), unit("u4", title="Empty"))),
        section("s3", subsection("b3", unit("u3", text("lost", '<img src="/static/lost.png"/>'), text("twice")))),
        section(
            "m5",
            subsection(
                "b5",
                unit("u", block("itembank", "bank", "", problem("q1"), display_name="Bank"), block("odd", "o1")),
                unit("u6", problem("p1", '<script type="loncapa/python">import x</script>'), text("bad"), foreign),
            ),
        ),
    )
    files = {
        "html/bad.xml": "<html",
        "tags.csv": '"Name","Type","ID","Colors"\n"t","html","t1","red"\n',
        "policies/R1/policy.json": '{"course/R1": {"display_name": "Tides"}}',
    }
    return write_course(courses / "c1", *parts, static={"a.png": b"AAAA", "other.png": b"O"}, files=files)


def of_rows(model: Any, rows: Any, *left_out: str) -> list[dict[str, Any]]:
    names = {field.attname for field in model._meta.concrete_fields} - {"id", *left_out}
    return list(rows.values(*sorted(names)))


def staged(import_id: str) -> dict[str, Any]:
    """All that is staged, but for keys and names that another staging would give, and times."""
    run = Import.objects.get(uuid=import_id)
    roots = list(run.roots.order_by("order"))
    places = {root.pk: root.order for root in roots}
    contents = apps.get_model("content_staging", "StagedContent")
    file_model = apps.get_model("content_staging", "StagedContentFile")
    staged_contents = [contents.objects.filter(pk=root.staged_content_id) for root in roots]
    of_contents = [of_rows(contents, rows, "created", "purpose") for rows in staged_contents]
    files: list[Any] = []
    of_file: dict[int, Any] = {}
    for root, rows in zip(roots, staged_contents, strict=True):
        for file in file_model.objects.filter(for_content__in=rows).order_by("filename"):
            with file.data_file.open("rb") as opened:
                content = opened.read()
            assert file.data_file.name.startswith(f"staged-content-temp/{run.uuid.hex}/")
            name = file.data_file.name.partition("-temp/")[2].partition("/")[2]
            of_file[file.pk] = (root.order, file.filename)
            files.append((*of_file[file.pk], name, content, file.source_key_str, file.md5_hash))
    blocks = of_rows(StagedBlock, run.blocks.order_by("num"), "import_run_id")
    for row in blocks:
        row["root_id"] = places[row["root_id"]]
        for column in ("files", "source_files"):
            row[column] = [file | {"staged_file": of_file[file["staged_file"]]} for file in row[column]]
    told = ("block_count", "source_title", "source_version", "is_partial", "warnings", "state")
    return {
        "roots": of_rows(StagedRoot, run.roots.order_by("order"), "import_run_id", "staged_content_id"),
        "contents": of_contents,
        "files": files,
        "blocks": blocks,
        "import": {name: getattr(run, name) for name in told},
        "source": StagedSource.objects.filter(import_run=run).values_list("stamp", "facts").first(),
    }


@contextmanager
def known_to_nobody():
    """What is staged by now is not known by its source meanwhile."""
    known = list(StagedSource.objects.all())
    StagedSource.objects.all().delete()
    yield
    StagedSource.objects.all().delete()
    StagedSource.objects.bulk_create(known)


@pytest.fixture
def staging(user, library):
    """
    Stage the course, and say whether it was read: ``staging(level=…)`` gives that and the import's ID.

    What was taken over has to be what a reading makes of it, in every row.
    """

    def stage(source: str = KEY, **options: Any) -> tuple[bool, str]:
        def now() -> str:
            made = ImportOptions(**options)
            run = api.create_import(user=user, source_key=source, library_key=TARGET, options=made)
            return api.stage_import(user=user, import_id=run.id).id

        with calls_of(Export.read) as readings:
            import_id = now()
        if not readings:
            taken = staged(import_id)
            with known_to_nobody(), calls_of(Export.read) as readings_anew:
                read = now()
                assert readings_anew
                assert taken == staged(read)
            api.cancel_import(user=user, import_id=read)
        return bool(readings), import_id

    return stage


def test_what_has_not_changed_is_taken_over(course, staging):
    assert [staging()[0] for _ in range(3)] == [True, False, False]  # And what was taken over, again.


def test_an_archive_is_taken_over(course, courses, staging):
    pack(course, courses / "c1.tar.gz")
    shutil.rmtree(course)
    assert [staging()[0] for _ in range(2)] == [True, False]
    (courses / "c1.tar.gz").write_bytes((courses / "c1.tar.gz").read_bytes())  # Another file, for all that is known.
    assert staging()[0]


def test_an_archive_that_is_as_large_and_as_old_as_the_one_before_is_read(course, courses, staging):
    pack(course, courses / "c1.tar")
    shutil.rmtree(course)
    staging()
    rewritten("c1.tar", b"Text t1", b"Tent t1")(courses)
    read, run = staging()
    assert read
    assert Import.objects.get(uuid=run).blocks.filter(title="Tent t1").exists()


def test_the_sample_course_is_taken_over(settings, staging):
    settings.COURSES_DIR = SAMPLE
    assert [staging("course-v1:Acme+Tides+2026")[0] for _ in range(2)] == [True, False]


@pytest.mark.slow
@pytest.mark.parametrize("key", ["course-v1:OpenedX+DemoX+DemoCourse", "library-v1:OpenedX+DemoRespiratoryQuestions"])
def test_real_exports_are_taken_over(key, real_exports, settings, staging):
    settings.COURSES_DIR = real_exports
    assert [staging(key)[0] for _ in range(2)] == [True, False]


def rewritten(name: str, before: bytes, after: bytes):
    """Change some bytes of a file, and have it be as large and as old as it was."""

    def change(course: Path) -> None:
        path = course / name
        stat = path.stat()
        content = path.read_bytes()
        assert before in content
        path.write_bytes(content.replace(before, after))
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        assert path.stat().st_size == stat.st_size

    return change


def renamed(course: Path) -> None:
    (course / "static" / "a.png").rename(course / "static" / "b.png")


def replaced(course: Path) -> None:
    (course / "static" / "new.png").write_bytes(b"BBBB")
    (course / "static" / "new.png").rename(course / "static" / "a.png")


def added(course: Path) -> None:
    (course / "static" / "lost.png").write_bytes(b"Found")


def left(course: Path) -> None:
    """As an editor does that writes a file and takes it away: the folder is younger, and nothing in it."""
    os.utime(course, (4e9, 4e9))


def linked(course: Path) -> None:
    (course / "static" / "lost.png").symlink_to("a.png")


@pytest.mark.few
@pytest.mark.parametrize(
    "change",
    [
        rewritten("html/t1.html", b"Text", b"Tent"),
        rewritten("policies/R1/policy.json", b"Tides", b"Winds"),
        rewritten("static/a.png", b"A", b"B"),
        rewritten("tags.csv", b"red", b"rad"),
        rewritten("vertical/u1.xml", b"u1", b"v1"),
        renamed,
        replaced,
        added,
        linked,
        left,
        lambda course: (course / "html" / "t1.html").unlink(),
        lambda course: (course / "policies" / "R2").mkdir(),
    ],
    ids=["text", "policy", "file", "tags", "unit", "renamed", "replaced", "added", "linked", "left", "gone", "folder"],
)
def test_whatever_changes_in_an_export_has_it_be_read(change, course, staging):
    staging()
    change(course)
    assert [staging()[0] for _ in range(2)] == [True, False]


@pytest.mark.parametrize("kind", ["folder", "archive", "link"])
def test_another_that_lay_there_while_it_was_read_is_not_taken_for_it(kind, course, courses, user, library, staging):
    other = courses.parent / "other"
    shutil.copytree(course, other)
    (other / "html" / "t1.html").write_text("Another.")
    at = course
    if kind == "archive":
        at = pack(course, courses / "c1.tar")
        other = pack(other, courses.parent / "other.tar")
        shutil.rmtree(course)
    elif kind == "link":
        course.rename(courses.parent / "one")
        at.symlink_to(courses.parent / "one")
    aside = courses.parent / "aside"

    def swap(*_told: Any) -> None:
        """Once it was looked at, and before it is opened."""
        if not aside.exists():
            at.rename(aside)
            other.rename(at)

    run = api.create_import(user=user, source_key=KEY, library_key=TARGET)
    api.stage_import(user=user, import_id=run.id, progress=swap)
    at.rename(other)
    aside.rename(at)
    assert staging()[0]


def test_what_was_changed_only_just_is_not_known_for_certain(course, staging, monkeypatch):
    monkeypatch.setattr(looks, "_SETTLED_AFTER", 2 * 10**9)
    assert [staging()[0] for _ in range(2)] == [True, True]


@pytest.mark.at_gate
def test_other_circumstances_have_it_be_read(course, staging, settings, monkeypatch):
    from openedx_tagging.api import create_taxonomy

    staging()
    assert [staging(branch=Branch.PUBLISHED)[0] for _ in range(2)] == [True, False]
    with override("es"):
        assert [staging()[0] for _ in range(2)] == [True, False]
    settings.STOCK_BLOCK_TYPES = {*settings.STOCK_BLOCK_TYPES, "odd"}
    assert [staging()[0] for _ in range(2)] == [True, False]
    create_taxonomy("Colors", export_id="Colors")
    assert [staging()[0] for _ in range(2)] == [True, False]
    monkeypatch.setattr(again, "code", lambda: "another version")
    assert [staging()[0] for _ in range(2)] == [True, False]


def test_a_process_that_was_overtaken_by_an_upgrade_says_nothing_of_what_it_stages(course, staging, monkeypatch):
    staging()
    monkeypatch.setattr(again, "_LOADED", 0)
    monkeypatch.setattr(again, "code", again.code.__wrapped__)
    assert [staging()[0] for _ in range(2)] == [True, True]
    assert StagedSource.objects.count() == 1


def test_what_was_asked_for_is_selected(course, staging):
    staging()
    wanted = (usage_key("vertical", "u1"), usage_key("html", "twice"), usage_key("chapter", "m5"))
    assert not staging(selection=wanted)[0]
    assert not staging()[0]  # Of what is taken over from there, nothing is left out.
    with pytest.raises(InvalidOption):
        staging(selection=(usage_key("html", "nowhere"),))


def review(user: Any, run: str) -> None:
    """Leave parts out, edit what holds files, links, nothing, or could not be read, decide and choose."""
    common = {"user": user, "import_id": run}
    api.select_blocks(**common, usage_keys=[usage_key("chapter", "s1")], selected=False)
    api.choose_contents(**common, usage_keys=[usage_key("itembank", "bank")], contents=Contents.UNIT)
    api.edit_block(**common, usage_key=usage_key("html", "t1"), olx=OLX)
    for kind, name in (("html", "image"), ("html", "link"), ("vertical", "u2"), ("problem", "q1")):
        api.edit_block(**common, usage_key=usage_key(kind, name), title="Another")
    api.edit_block(**common, usage_key=usage_key("html", "bad"), olx="<html><![CDATA[Mended.]]></html>")


def test_what_a_review_has_made_of_it_stays_behind(course, staging, user):
    _read, first = staging()
    review(user, first)
    assert not staging()[0]
    assert not staging()[0]


@pytest.mark.at_gate
def test_what_stands_for_the_next_review_comes_along(course, staging, user):
    _read, first = staging()
    review(user, first)
    api.complete_import(user=user, import_id=first)
    taken, second = staging()
    assert not taken
    assert Import.objects.get(uuid=second).blocks.exclude(edited_olx="").count() == 5
    assert not staging()[0]
    assert not staging(as_last_time=False)[0]
    rewritten("html/t1.html", b"Text", b"Tent")(course)
    _read, third = staging()
    assert Import.objects.get(uuid=third).blocks.get(block_id="t1").reading_warnings
    assert not staging()[0]
    assert not staging(as_last_time=False)[0]  # Warnings of a review are no part of what was staged.
    api.choose_as_last_time(user=user, import_id=third, as_last_time=False)
    assert not staging()[0]


@pytest.mark.at_gate
def test_what_was_staged_may_be_damaged(course, staging, user):
    files = apps.get_model("content_staging", "StagedContentFile").objects
    contents = apps.get_model("content_staging", "StagedContent").objects
    for damage in (
        lambda: [default_storage.delete(file.data_file.name) for file in files.all()],
        lambda: files.all().delete(),
        lambda: files.filter(filename="other.png").delete(),  # No row names it.
        lambda: contents.update(olx="<chapter/>"),
        lambda: contents.all().delete(),
        lambda: StagedBlock.objects.filter(block_id="t1").delete(),
    ):
        staging()
        assert not staging()[0]
        damage()
        read, run = staging()
        assert read
        api.complete_import(user=user, import_id=run)
        StagedSource.objects.all().delete()


class Remote(FileSystemStorage):
    """A storage that says in its own way that a file is gone."""

    class Gone(Exception):
        pass

    def _open(self, name: str, mode: str = "rb") -> Any:
        if not self.exists(name):
            raise self.Gone
        return super()._open(name, mode)


def test_what_nobody_foresaw_has_it_be_read(course, staging, settings, caplog):
    caplog.set_level("WARNING", logger="import_from_modulestore")
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": f"{__name__}.Remote"}}
    staging()
    for file in apps.get_model("content_staging", "StagedContentFile").objects.all():
        default_storage.delete(file.data_file.name)
    assert staging()[0]
    [line] = [each for each in caplog.records if "could not be taken over (Gone)" in each.message]
    assert (line.levelname, bool(line.exc_info)) == ("WARNING", True)


@pytest.mark.at_gate
def test_progress_does_not_run_backwards_where_it_is_read_in_the_end(courses, user, staging, caplog):
    many = unit("u1", *[text("t1")] * 1_000)
    write_course(courses / "c1", *(section(name, subsection("b1", many)) for name in ("s1", "s2", "s3")))
    staging()
    contents = apps.get_model("content_staging", "StagedContent").objects
    contents.filter(pk=contents.latest("pk").pk).update(olx="<chapter/>")
    told: list[int] = []
    caplog.set_level("INFO", logger="import_from_modulestore")

    def progress(_phase: str, done: int, *_rest: Any) -> None:
        told.append(done)

    run = api.create_import(user=user, source_key=KEY, library_key=TARGET)
    with calls_of(Export.read) as readings:
        api.stage_import(user=user, import_id=run.id, progress=progress)
    assert readings
    assert told == sorted(told)
    assert max(told) > 1_000
    assert [each.levelname for each in caplog.records if "could not be taken over" in each.message] == ["INFO"]


@pytest.mark.at_gate
def test_much_that_links_in_one_section_is_gone_through_once_and_stops_where_it_is_asked_to(courses, user, staging):
    linking = (text(f"t{number}", LINK) for number in range(501))
    write_course(courses / "c1", section("s1", subsection("b1", unit("u2", *linking))))
    staging()
    run = api.create_import(user=user, source_key=KEY, library_key=TARGET)
    told: list[int] = []

    def stop(_phase: str, done: int, total: int, *_rest: Any) -> None:
        told.append(done)
        if done == total:
            raise api.StepCanceled("Stopped.")

    with calls_of(content._elements) as calls, pytest.raises(api.StepCanceled):
        api.stage_import(user=user, import_id=run.id, progress=stop)
    assert len(calls) == 1
    assert len(told) > 501
    assert not Import.objects.get(uuid=run.id).roots.exists()
    api.stage_import(user=user, import_id=run.id)


def test_each_keeps_what_is_its_own(course, staging, user):
    _read, first = staging()
    _read, second = staging()
    was = staged(second)
    api.cancel_import(user=user, import_id=first)
    api.remove_old_staged_content(days=0)
    assert staged(second) == was
    api.complete_import(user=user, import_id=second)
    api.remove_old_staged_content(days=0)
    assert default_storage.listdir("staged-content-temp") == ([], [])
    assert not StagedSource.objects.exists()
    assert staging()[0]  # Of what is gone, nothing is taken over.


def test_an_import_that_is_staged_anew_keeps_its_review(course, staging, user):
    staging()
    _read, run = staging()
    review(user, run)
    with calls_of(Export.read) as readings:
        api.stage_import(user=user, import_id=run)
    assert not readings
    taken = staged(run)
    with known_to_nobody(), calls_of(Export.read) as readings:
        api.stage_import(user=user, import_id=run)
        assert readings
        assert staged(run) == taken
