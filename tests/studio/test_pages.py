"""The pages for authors in Studio: under its name, and back to it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

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


def test_who_is_not_signed_in_goes_to_its_sign_in(in_studio, site):
    response = Client().get("/import_from_modulestore/imports/")
    assert response.status_code == 302
    assert response.url == "/login?next=/import_from_modulestore/imports/"
