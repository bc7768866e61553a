"""Addresses of the standalone project."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/modulestore_imports/", include("import_from_modulestore.rest_api.urls")),
]
