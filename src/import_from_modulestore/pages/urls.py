"""Addresses of the pages; at the root of the standalone site, below ``/import_from_modulestore/`` in Studio."""

from django.urls import path

from . import home, imports

app_name = "modulestore_imports"

urlpatterns = [
    path("", home.Home.as_view(), name="home"),
    path("imports/", imports.Imports.as_view(), name="imports"),
    path("imports/<str:import_id>/", imports.Import.as_view(), name="import"),
    path("imports/<str:import_id>/progress/", imports.Progress.as_view(), name="progress"),
    path("imports/<str:import_id>/do/<slug:action>/", imports.Do.as_view(), name="do"),
]
