"""What becomes of references of courses is told, and can be chosen, at every door."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from import_from_modulestore import api
from import_from_modulestore.data import Forward
from import_from_modulestore.models import Import
from tests.admin.conftest import messages_of, text_of
from tests.builders import KEY, LIBRARY_KEY, TARGET

pytest.importorskip("cms.djangoapps.modulestore_migrator.api", reason="this platform has no migrator")

OTHER = "lib:Acme:Other"
IS_FORWARDED = f"References of courses to {LIBRARY_KEY} are forwarded to this library."
IS_ELSEWHERE = f"References of courses to {LIBRARY_KEY} are forwarded to {OTHER} already, and go on to be."
FROM_NOW_ON = f"are forwarded to this library from now on, instead of to {OTHER}."


@pytest.fixture
def elsewhere(ada, legacy, stage):
    """A legacy library that is forwarded to another library."""
    legacy()
    api.create_library(user=ada, library_key=OTHER, title="Other")
    api.complete_import(user=ada, import_id=stage(LIBRARY_KEY, target=OTHER).id)


def forward_of(import_id: str) -> str:
    return Import.objects.get(uuid=import_id).forward


class TestRest:
    @pytest.fixture
    def ask(self, ada):
        """Ask, and give the answer: ``ask("GET", "imports/")``."""
        client = APIClient()
        client.force_authenticate(ada)
        root = reverse("modulestore_imports_api:v1:imports").removesuffix("imports/")

        def ask(method: str, path: str, body: object = None) -> dict:
            response = client.generic(method, root + path, json.dumps(body or {}), "application/json")
            return response.json()

        return ask

    def test_an_import_says_what_it_is_asked_for_and_what_it_does(self, ask, legacy, library):
        legacy()
        body = {"source_key": LIBRARY_KEY, "library_key": TARGET, "start": False, "options": {"forward": "no"}}
        made = ask("POST", "imports/", body)
        assert (made["options"]["forward"], made["forwards"]) == ("no", False)

    def test_the_plan_tells_it_and_it_is_chosen(self, ada, ask, elsewhere, stage):
        run = f"imports/{stage(LIBRARY_KEY, forward=Forward.YES).id}/"
        found = ask("GET", f"{run}forwarding/")["forwarding"]
        assert (found["forwards"], found["elsewhere"], found["is_conflict"]) == (False, OTHER, True)
        assert found["choices"] == ["instead", "no"]
        assert found == ask("GET", f"{run}plan/")["forwarding"] == ask("GET", f"{run}summary/")["forwarding"]
        assert ask("GET", f"{run}plan/")["blockers"] == ask("GET", f"{run}summary/")["blockers"] != []
        chosen = ask("PATCH", f"{run}forwarding/", {"forward": "instead"})["forwarding"]
        assert (chosen["forwards"], chosen["choices"]) == (True, ["no"])
        api.complete_import(user=ada, import_id=run.split("/")[1])
        assert ask("GET", run)["forwards"]
        assert "not forwarded to what this import has brought any more" in ask("GET", f"{run}undo/")["forwarding"]

    def test_of_a_course_it_is_not_in_question(self, ask, load, stage):
        load()
        run = f"imports/{stage(KEY).id}/"
        assert ask("GET", f"{run}forwarding/") == {"forwarding": None}
        assert ask("PATCH", f"{run}forwarding/", {"forward": "yes"})["forwarding"]["forwards"]
        assert ask("PATCH", f"{run}forwarding/", {"forward": None}) == {"forwarding": None}

    def test_a_word_that_there_is_not_is_refused_at_its_field(self, ask, legacy, stage):
        legacy()
        answer = ask("PATCH", f"imports/{stage(LIBRARY_KEY).id}/forwarding/", {"forward": "maybe"})
        assert {error["field"] for error in answer["errors"]} == {"forward"}


class TestCommandLine:
    @pytest.fixture
    def command(self, ada):
        """Type a line, and give what it prints: ``command("run", KEY, TARGET)``."""

        def run(*words: str) -> str:
            out = StringIO()
            call_command("import_from_modulestore", *words, "--user", "ada", stdout=out)
            return " ".join(out.getvalue().split())

        return run

    def test_it_is_told_before_and_after(self, command, legacy, library):
        legacy()
        assert IS_FORWARDED in command("preview", LIBRARY_KEY, TARGET)
        assert IS_FORWARDED in command("stage", LIBRARY_KEY, TARGET)
        assert IS_FORWARDED in command("plan", "last")
        command("complete", "last")
        assert "references of courses to the source are forwarded to what it has brought" in command("show", "last")
        assert "are not forwarded to what this import has brought any more" in command("undo", "last", "--preview")

    def test_it_is_chosen(self, command, elsewhere, library):
        with pytest.raises(CommandError, match="instead, or not"):
            command("run", LIBRARY_KEY, TARGET, "--forward", "yes")
        assert FROM_NOW_ON in command("forward", "last", "instead")
        assert "as was chosen" in command("forward", "last", "no")
        assert IS_ELSEWHERE in command("forward", "last", "default")
        command("forward", "last", "no")
        assert "forward: no" in command("show", "last")


class TestPages:
    @pytest.fixture
    def author(self, ada, settings):
        settings.ROOT_URLCONF = "tests.studio.cms_urls"
        client = Client()
        client.force_login(ada)
        return client

    def page(self, author, name: str, *args: str) -> str:
        return text_of(author.get(reverse(f"modulestore_imports:{name}", args=args)))

    def test_the_summary_tells_it_and_lets_it_be_chosen(self, ada, author, elsewhere, stage):
        run = stage(LIBRARY_KEY).id
        for name in ("import", "review"):
            assert IS_ELSEWHERE in self.page(author, name, run)
            assert "Forward to this library instead" in self.page(author, name, run)
        alone = author.get(reverse("modulestore_imports:summary", args=[run]), headers={"HX-Request": "true"})
        assert "Forward to this library instead" in text_of(alone)
        author.post(reverse("modulestore_imports:review", args=[run]), {"do": "forward:instead"})
        assert forward_of(run) == "instead"
        assert FROM_NOW_ON in self.page(author, "import", run)
        api.complete_import(user=ada, import_id=run)
        assert "Forwarded References of courses to the source" in self.page(author, "import", run)
        undo = self.page(author, "reversal", run, "undo")
        assert "are not forwarded to what this import has brought any more" in undo

    def test_it_is_an_option_for_who_may(self, ada, site, author, legacy, library):
        legacy()
        options, form = reverse("modulestore_imports:options"), {"source": LIBRARY_KEY, "library": TARGET}
        assert "Forward references of courses" in author.get(options, form).content.decode()
        author.post(options, form | {"publish": "on", "forward": "no"})
        [run] = api.list_imports(user=ada).items
        assert run.options.forward is Forward.NO
        bob = site.person("bob")
        site.let_read(bob, LIBRARY_KEY)
        site.let_edit(bob, TARGET)
        author.force_login(bob)
        assert "Forward references of courses" not in author.get(options, form).content.decode()
        refused = author.post(options, form | {"publish": "on", "forward": "yes"}).content.decode()
        assert "takes the right to change" in refused


class TestAdmin:
    @pytest.fixture
    def pages(self, ada):
        client = Client()
        client.force_login(ada)
        return client

    def test_the_review_tells_it_and_lets_it_be_chosen(self, ada, pages, elsewhere, stage):
        run = Import.objects.get(uuid=stage(LIBRARY_KEY).id)
        blocks, choices, change = (
            reverse(f"admin:modulestore_imports_import_{name}", args=[run.pk])
            for name in ("blocks", "choices", "change")
        )
        assert IS_ELSEWHERE in text_of(pages.get(blocks))
        answer = pages.post(choices, {"do": "forward_instead"}, follow=True)
        assert any(FROM_NOW_ON in message for message in messages_of(answer))
        complete = reverse("admin:modulestore_imports_import_action", args=["complete"])
        assert FROM_NOW_ON in text_of(pages.get(complete, {"ids": run.pk}))
        api.complete_import(user=ada, import_id=str(run.uuid))
        assert "Forwarded to what it has brought" in text_of(pages.get(change))

    def test_it_is_an_option(self, pages, ada, legacy, library):
        legacy()
        form = {"source": LIBRARY_KEY, "library": TARGET, "forward": "no"}
        pages.post(reverse("admin:modulestore_imports_import_add"), form)
        [run] = api.list_imports(user=ada).items
        assert run.options.forward is Forward.NO


@pytest.mark.parametrize("forward", [Forward.YES, Forward.INSTEAD])
def test_a_site_that_has_come_to_forward_none_says_so_and_the_import_goes_on_without(
    ada, legacy, stage, monkeypatch, settings, client, forward
):
    legacy()
    run = stage(LIBRARY_KEY, forward=forward)
    monkeypatch.setattr("import_from_modulestore.hosts.cms.StudioHost.forwarding", lambda self: None)
    settings.ROOT_URLCONF = "tests.studio.cms_urls"
    client.force_login(ada)
    page = client.get(reverse("modulestore_imports:import", args=[run.id]))
    told = "References of courses are not forwarded here"
    assert (page.status_code, told in page.content.decode()) == (200, True)
    with pytest.raises(api.PlanBlocked, match=told):
        api.complete_import(user=ada, import_id=run.id)
    assert api.get_forwarding(user=ada, import_id=run.id).choices == (Forward.NO,)
    assert api.choose_forward(user=ada, import_id=run.id, forward=Forward.NO) is None
    assert api.complete_import(user=ada, import_id=run.id).counts == {"created": 3}
