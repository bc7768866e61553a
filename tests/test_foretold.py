"""What a plan says beforehand of what a library lets nobody do, at every door, and what the record says afterwards."""

import pytest
from openedx_content import api as content_api
from openedx_content.models_api import LearningPackage

from import_from_modulestore import api
from import_from_modulestore.data import CompositionLevel, Contents, Decision, Outcome
from import_from_modulestore.models import Import

from .admin.conftest import pages, pages_of, text_of, url  # noqa: F401 - fixtures
from .builders import block, problem, section, subsection, text, unit, usage_key, write_course
from .command_line.calls import command, in_one_line
from .records import assert_as_planned
from .rest_api.conftest import client, client_of  # noqa: F401 - fixtures

UNIT = usage_key("vertical", "u")
DRAFT = "It stays a draft: it holds an item that was never published: Text t2."
MERGED = "The library has not changed it: it is the source’s."


class TestWhatStaysADraft:
    """A unit that is merged, and of which one text was imported before, as a draft, and stays that."""

    @pytest.fixture
    def asked(self, courses, run_import, stage, user):
        """Who asks, and of which import: it is staged."""

        def course(*texts):
            write_course(courses / "c1", section("s", subsection("b", unit("u", *texts))))

        course(text("t1"))
        run_import()
        course(text("t2", "<p>Draft.</p>"))
        run_import(level=CompositionLevel.COMPONENT, publish=False)
        course(text("t1"), text("t2"))
        import_id = stage(on_conflict=Decision.MERGE)
        api.decide_blocks(user=user, import_id=import_id, usage_keys=[usage_key("html", "t2")], decision=Decision.SKIP)
        return {"user": user, "import_id": import_id}

    def test_is_told_beside_the_other_reasons_before_and_after(self, asked, state):
        planned = api.plan_import(**asked)
        unit_ = next(item for item in planned.items if item.usage_key == UNIT)
        assert (unit_.outcome, unit_.publish, unit_.reason) == (Outcome.UPDATED, False, f"{MERGED} {DRAFT}")
        api.complete_import(**asked)
        assert_as_planned(planned, api.get_records(**asked))
        assert state()["items"]["u"]["published"]["children"] == ["xblock.v1:html:t1"]

    def test_at_every_door(self, asked, client, pages):  # noqa: F811
        assert api.get_block(**asked, usage_key=UNIT).block.reason.endswith(DRAFT)
        path = f"imports/{asked['import_id']}/"
        assert DRAFT in client.get(f"{path}blocks/{UNIT}/")["block"]["reason"]
        (planned,) = [item for item in client.get(f"{path}plan/")["results"] if item["usage_key"] == UNIT]
        assert (planned["publish"], planned["reason"]) == (False, f"{MERGED} {DRAFT}")
        assert DRAFT in in_one_line(command("review", asked["import_id"]))
        assert DRAFT in in_one_line(command("plan", asked["import_id"]))
        run = Import.objects.get(uuid=asked["import_id"])
        assert DRAFT in text_of(pages.get(url("import", "blocks", run.pk)))
        assert DRAFT in text_of(pages.get(url("import", "block", run.pk, UNIT)))

    def test_is_told_no_longer_once_somebody_has_published_the_item(self, asked, library):
        assert DRAFT in api.get_block(**asked, usage_key=UNIT).block.reason
        content_api.publish_all_drafts(LearningPackage.objects.get(package_ref=library.key).id)
        assert api.get_block(**asked, usage_key=UNIT).block.reason == MERGED

    def test_what_is_around_it_for_the_first_time_stays_one_too(self, courses, run_import, stage, user, state):
        write_course(courses / "c1", section("s", subsection("b", unit("u", text("t2", "<p>Draft.</p>")))))
        run_import(level=CompositionLevel.COMPONENT, publish=False)
        write_course(courses / "c1", section("s", subsection("b", unit("u", text("t2")), unit("u2", text("t3")))))
        asked = {"user": user, "import_id": stage()}
        planned = api.plan_import(**asked)
        assert {item.usage_key.rpartition("@")[2]: item.publish for item in planned.items} == {
            **dict.fromkeys(["s", "b", "u", "t2"], False),
            **dict.fromkeys(["u2", "t3"], True),
        }
        api.complete_import(**asked)
        assert_as_planned(planned, api.get_records(**asked))
        assert {ref for ref, item in state()["items"].items() if item["published"]} == {"u2", "xblock.v1:html:t3"}


BANK = usage_key("itembank", "bank")


class TestIntoWhichCollection:
    """The contents of a bank of questions go into a collection: into which one is said in the review."""

    @pytest.fixture
    def asked(self, courses, stage, user):
        """Who asks, and of which import: ``asked("Title of the bank")`` stages one."""

        def staged(title: str, *more, unit_title: str = "Quiz"):
            named = {"display_name": title} if title else {}
            banks = block("itembank", "bank", "", problem("q1"), **named), *more
            write_course(courses / "c1", section("s", subsection("b", unit("u", *banks, title=unit_title))))
            return {"user": user, "import_id": stage(contents=Contents.COLLECTION, collection=None)}

        return staged

    def told(self, asked, key=BANK):
        found = api.get_block(**asked, usage_key=key).block
        return found.collection_title, found.reason

    def test_a_new_one_at_every_door(self, asked, client, pages):  # noqa: F811
        asked = asked("Tides")
        new = "1 block is put into a new collection, “Tides”: Problem q1 (problem)."
        title, reason = self.told(asked)
        assert title == "Tides"
        assert reason.endswith(new)
        path = f"imports/{asked['import_id']}/"
        assert client.get(f"{path}blocks/{BANK}/")["block"]["collection_title"] == "Tides"
        (planned,) = [item for item in client.get(f"{path}plan/")["results"] if item["usage_key"] == BANK]
        assert (planned["collection_title"], planned["reason"]) == ("Tides", reason)
        told = in_one_line(command("review", asked["import_id"]))
        assert "contents → collection “Tides” by default" in told
        assert new in told
        run = Import.objects.get(uuid=asked["import_id"])
        assert "Collection “Tides”" in text_of(pages.get(url("import", "blocks", run.pk)))
        assert new in text_of(pages.get(url("import", "block", run.pk, BANK)))

    def test_the_one_that_an_earlier_import_gave_it_by_the_title_that_it_has_now(self, asked, library):
        api.complete_import(**asked("Tides"))
        again = asked("Ebb and flow")
        assert self.told(again)[0] == "Tides"
        package = LearningPackage.objects.get(package_ref=library.key)
        content_api.update_collection(package.id, "tides", title="Questions")
        title, reason = self.told(again)
        assert title == "Questions"
        assert "1 block is put into the collection “Questions”" in reason

    def test_one_without_a_title_has_one_that_is_named_after_what_it_stands_in(self, asked, state):
        other = block("itembank", "bank2", "", problem("q2"))
        here = asked("", other)
        assert self.told(here)[0] == "Quiz: Problem Bank"
        assert self.told(here, usage_key("itembank", "bank2"))[0] == "Quiz: Problem Bank (2)"
        api.complete_import(**here)
        assert [title for title, _items in state()["collections"].values()] == [
            "Quiz: Problem Bank",
            "Quiz: Problem Bank (2)",
        ]
