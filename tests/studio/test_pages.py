"""The pages for authors in Studio: under its name, and back to it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import gettext

from import_from_modulestore import api
from import_from_modulestore.hosts import get_host, in_language_of
from tests.builders import KEY, TARGET

pytestmark = pytest.mark.django_db


@pytest.fixture
def in_studio(settings):
    settings.ROOT_URLCONF = "tests.studio.cms_urls"
    settings.STUDIO_NAME = "Acme Studio"
    settings.CMS_ROOT_URL = "https://studio.example.com"
    settings.LOGIN_URL = "/login"


def test_they_bear_its_name_and_lead_back(in_studio, ada):
    client = Client()
    client.force_login(ada)
    page = client.get(reverse("modulestore_imports:home")).content.decode()
    assert "Acme Studio" in page
    assert 'href="https://studio.example.com/home/"' in page
    assert "sign-out" not in page


def test_messages_name_them_where_the_site_s_address_is_known(in_studio, ada, settings):
    assert get_host().absolute_url("/x/") == "https://studio.example.com/x/"
    settings.CMS_ROOT_URL = ""
    assert get_host().absolute_url("/x/") == ""


@pytest.mark.double
def test_workers_write_in_the_language_of_the_account_and_the_pages_offer_no_other(in_studio, ada):
    from openedx.core.djangoapps.user_api.models import preferences

    assert get_host().language_of(ada) == ""
    preferences[ada.username, "pref-lang"] = "es-419"
    assert get_host().language_of(ada) == "es-419"
    with in_language_of(ada):
        assert gettext("Undo") == "Deshacer"
    client = Client()
    client.force_login(ada)
    assert 'name="language"' not in client.get(reverse("modulestore_imports:home")).content.decode()


def test_who_is_not_signed_in_goes_to_its_sign_in(in_studio, site):
    response = Client().get("/import_from_modulestore/imports/")
    assert response.status_code == 302
    assert response.url == "/login?next=/import_from_modulestore/imports/"


def test_a_course_is_chosen_and_its_import_begun(in_studio, ada, load, django_capture_on_commit_callbacks):
    load()
    client = Client()
    client.force_login(ada)
    page = client.get(reverse("modulestore_imports:choose")).content.decode()
    assert KEY in page
    assert 'type="file"' not in page  # Studio takes no exports.
    assert client.get(reverse("modulestore_imports:counts"), headers={"HX-Request": "true"}).status_code == 200
    form = {"source": KEY, "library": "new", "new_key": "lib:Acme:New", "new_title": "New", "publish": "on"}
    assert client.get(reverse("modulestore_imports:options"), form).status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(reverse("modulestore_imports:options"), form)
    [run] = api.list_imports(user=ada).items
    assert answer.url == reverse("modulestore_imports:import", args=[run.id])
    assert "can go into the library" in client.get(answer.url).content.decode()


def test_who_may_not_publish_is_told_so_at_that_choice(in_studio, site, load, library):
    load()
    contributor = site.person("cora")
    site.let_read(contributor, KEY)
    site.let_contribute(contributor, TARGET)
    client = Client()
    client.force_login(contributor)
    form = {"source": KEY, "library": TARGET, "publish": "on"}
    page = client.post(reverse("modulestore_imports:options"), form).content.decode()
    assert "Import without publishing." in page.partition('id="publish-errors"')[2]
