"""What a review says as a whole, in the admin."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from import_from_modulestore import api
from import_from_modulestore.models import StagedBlock

from ..builders import usage_key
from .conftest import messages_of, text_of, url

TEXT = usage_key("html", "t1")


@pytest.fixture
def reviewed(user, start):
    """A staged import with a text left out and another edited."""
    run = start()
    common = {"user": user, "import_id": str(run.uuid)}
    api.select_blocks(**common, usage_keys=[TEXT], selected=False)
    api.edit_block(**common, usage_key=usage_key("html", "t2"), title="Better")
    return run


@pytest.fixture
def apply(pages):
    """Upload a file of choices: ``apply(run, b"…")`` gives the page that it leads to."""

    def apply(run, content: bytes):
        file = SimpleUploadedFile("choices.json", content)
        return pages.post(url("import", "choices", run.pk), do="apply", choices=file)

    return apply


def said(run):
    rows = StagedBlock.objects.filter(import_run=run)
    return {row.block_id: (row.selected, row.title) for row in rows if not row.selected or row.edited_olx}


def test_are_downloaded_and_uploaded(pages, start, reviewed, apply):
    address = url("import", "choices", reviewed.pk)
    assert address in pages.get(url("import", "blocks", reviewed.pk)).content.decode()
    download = pages.get(address)
    assert download["Content-Disposition"] == f'attachment; filename="choices-{str(reviewed.uuid)[:8]}.json"'
    document = json.loads(download.content)
    document["blocks"].append({"block_type": "html", "block_id": "<b>t9", "selected": False})
    other = start()
    page = apply(other, json.dumps(document).encode())
    assert messages_of(page) == ["2 blocks were changed.", "Not applied: html/t9: The source has no such block."]
    assert "<b>t9" not in page.content.decode()
    assert said(other) == said(reviewed) == {"t1": (False, "Text t1"), "t2": (True, "Better")}
    assert "Text t1 As in import" in text_of(page)


def test_are_downloaded_of_what_is_completed(pages, reviewed):
    pages.do("complete", reviewed)
    page = pages.get(url("import", "change", reviewed.pk))
    assert "Export choices" in text_of(page)
    assert len(json.loads(pages.get(url("import", "choices", reviewed.pk)).content)["blocks"]) == 2


def test_are_all_taken_as_last_time_or_not(pages, start, reviewed):
    pages.do("complete", reviewed)
    again = start(as_last_time="")
    for do, now in (("as_last_time", said(reviewed)), ("not_as_last_time", {})):
        assert messages_of(pages.post(url("import", "choices", again.pk), do=do)) == ["2 blocks were changed."]
        assert said(again) == now


def test_that_are_none_are_refused(pages, reviewed, apply):
    before = said(reviewed)
    for content, told in (
        (b"\xff", "These are no choices"),
        (b'{"version": 1}', "This is missing: blocks."),
        (b'{"version": 1, "blocks": [{"block_type": "html"}]}', "blocks.0: This is missing: block_id."),
    ):
        assert messages_of(apply(reviewed, content))[0].startswith(told)
    assert messages_of(pages.post(url("import", "choices", reviewed.pk), do="apply")) == ["Choose a file."]
    assert pages.post(url("import", "choices", reviewed.pk), do="other").status_code == 404
    assert said(reviewed) == before
