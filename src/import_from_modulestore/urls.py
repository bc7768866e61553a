"""All addresses of the app in Studio: the REST API and the pages, each under a name of its own."""

from django.urls import include, path

urlpatterns = [
    path("api/modulestore_imports/", include("import_from_modulestore.rest_api.urls")),
    path("import_from_modulestore/", include("import_from_modulestore.pages.urls")),
]
