"""Addresses of the pages; at the root of the standalone site, below ``/import_from_modulestore/`` in Studio."""

from django.urls import path, re_path

from ..frames import signed_file
from . import blocks, history, home, imports, rendered, results

app_name = "modulestore_imports"

urlpatterns = [
    path("", home.Home.as_view(), name="home"),
    path("imports/", imports.Imports.as_view(), name="imports"),
    path("imports/<str:import_id>/", imports.Import.as_view(), name="import"),
    path("imports/<str:import_id>/progress/", imports.Progress.as_view(), name="progress"),
    path("imports/<str:import_id>/blocks/<str:usage_key>/", blocks.Block.as_view(), name="block"),
    path("imports/<str:import_id>/blocks/<str:usage_key>/check/", blocks.Check.as_view(), name="check"),
    path("imports/<str:import_id>/blocks/<str:usage_key>/files/<str:name>/", blocks.File.as_view(), name="block_file"),
    path("imports/<str:import_id>/do/<slug:action>/", imports.Do.as_view(), name="do"),
    path("imports/<str:import_id>/work/", results.Work.as_view(), name="work"),
    re_path("^imports/(?P<import_id>[^/]+)/(?P<kind>undo|redo)/$", results.Reversal.as_view(), name="reversal"),
    path("libraries/", history.Libraries.as_view(), name="libraries"),
    path("libraries/<str:library_key>/", history.Library.as_view(), name="library"),
    path("items/<str:item_key>/", history.Item.as_view(), name="item"),
    path("imports/<str:import_id>/blocks/<str:usage_key>/rendered/", rendered.Rendered.as_view(), name="rendered"),
    path("files/<str:signed>/", signed_file, name="signed_file"),
]
