"""Addresses of the standalone project."""

from django.contrib import admin
from django.urls import include, path

handler500 = "import_from_modulestore_standalone.unavailable.handler500"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/modulestore_imports/", include("import_from_modulestore.rest_api.urls")),
]
