"""Uploading an export on a page, and removing it again."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from import_from_modulestore import api

from ..builders import KEY, header, pack, small_course, write_course, write_tar
from .conftest import SAMPLE, Site, dom, page_url, text_of


def sent(file: Path) -> dict[str, SimpleUploadedFile]:
    return {"file": SimpleUploadedFile(file.name, file.read_bytes())}


def test_an_upload_leads_on_to_its_import(author, user, library, export):
    page = author.post(page_url("upload"), sent(export))
    assert "The export is uploaded." in text_of(page)
    assert "Import Mine" in text_of(page)
    [source] = api.list_sources(user=user).items
    assert dom(page).xpath("//input[@name='source']/@value")[0] == f"{KEY} upload {source.export}"
    part = author.post(page_url("upload"), sent(export), htmx=True)
    assert part["HX-Redirect"].startswith(page_url("options"))


@pytest.mark.parametrize("name", ["broken.zip", "hostile.tar.gz", "nothing"])
def test_what_is_refused_is_said_beside_the_file_and_nothing_is_kept(author, user, library, tmp_path, name):
    write_tar(tmp_path / "hostile.tar.gz", header("course.xml", b"2", "/etc/passwd"))
    (tmp_path / "broken.zip").write_bytes(b"broken")
    form = {} if name == "nothing" else sent(tmp_path / name)
    page = author.post(page_url("upload"), form)
    [told] = dom(page).xpath("//form[@id='upload']//*[@role='alert']")
    assert told.text_content().strip()
    part = author.post(page_url("upload"), {} if name == "nothing" else sent(tmp_path / name), htmx=True)
    assert (dom(part).get("role"), "HX-Redirect" in part) == ("alert", False)
    assert api.list_sources(user=user).total == 0


def test_one_s_own_are_listed_and_removed(author, author_of, stranger, user, library, courses, export):
    write_course(courses / "c1", *small_course(), title="Shelf")
    author.post(page_url("upload"), sent(export))
    page = author.get(page_url("choose"), uploads="on")
    assert "Mine" in text_of(page)
    assert "Shelf" not in text_of(page)
    assert "by ada" in text_of(page)
    [name] = dom(page).xpath("//button[@form='remove']/@value")
    assert author_of(stranger).post(page_url("remove_upload"), {"export": name}).status_code == 404
    assert "The export is removed." in text_of(author.post(page_url("remove_upload"), {"export": name}))
    assert [source.title for source in api.list_sources(user=user).items] == ["Shelf"]


def test_where_there_is_no_room_nothing_is_offered(author, library, settings):
    assert dom(author.get(page_url("choose"))).xpath("//input[@type='file']")
    settings.MAX_UPLOADS_BYTES_PER_USER = 0
    assert not dom(author.get(page_url("choose"))).xpath("//input[@type='file']")


@pytest.mark.slow
def test_in_a_browser_a_good_file_is_imported_and_others_are_refused(site: Site, tmp_path):
    (tmp_path / "broken.zip").write_bytes(b"broken")
    write_tar(tmp_path / "hostile.tar.gz", header("course.xml", b"2", "/etc/passwd"))
    site.go("/import/")
    for name in ("broken.zip", "hostile.tar.gz"):
        site.page.locator("#file").set_input_files(tmp_path / name)
        site.page.get_by_role("button", name="Upload", exact=True).click()
        site.page.locator("#upload-told [role=alert]").wait_for()
        assert site.violations() == []
    site.page.locator("#file").set_input_files(pack(SAMPLE, tmp_path / "mine.tar.gz"))
    site.page.get_by_role("button", name="Upload", exact=True).click()
    site.page.get_by_text("The export is uploaded.").wait_for()
    site.page.get_by_role("button", name="Start").click()
    site.page.get_by_role("heading", name="It is laid out for you").wait_for()
    site.go("/import/?uploads=on")
    assert site.violations() == []
    site.page.get_by_role("button", name="Remove").click()
    site.page.get_by_text("The export is removed.").wait_for()


@pytest.mark.slow
def test_in_a_browser_a_file_can_be_dropped_and_a_large_one_is_not_sent(site: Site):
    site.go("/import/")
    site.page.evaluate(
        """() => {
            const form = document.getElementById("upload"), data = new DataTransfer();
            form.dataset.limit = "3";
            data.items.add(new File(["too large"], "large.zip"));
            form.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
        }"""
    )
    assert "too large" in site.page.locator("#file").evaluate("input => input.validationMessage")
    site.page.evaluate("document.getElementById('upload').dataset.limit = '1000'")
    site.page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File(["small"], "small.zip"));
            const drop = new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
            document.getElementById("upload").dispatchEvent(drop);
        }"""
    )
    site.page.locator("#upload-told [role=alert]").wait_for()
