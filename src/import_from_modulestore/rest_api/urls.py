"""Addresses of the REST API; to be included below ``/api/modulestore_imports/``."""

from django.urls import include, path, re_path

from .base import Nowhere

app_name = "modulestore_imports_api"

urlpatterns = [
    path("v1/", include("import_from_modulestore.rest_api.v1.urls")),
    re_path("", Nowhere.as_view()),
]
