"""Addresses of the pages; at the root of the standalone site, below ``/import_from_modulestore/`` in Studio."""

from django.urls import path, re_path

from ..frames import signed_file
from . import batches, blocks, choose, history, home, imports, links, rendered, results, review, staged

app_name = "modulestore_imports"

urlpatterns = [
    path("", home.Home.as_view(), name="home"),
    path("import/", choose.Choose.as_view(), name="choose"),
    path("import/upload/", choose.Upload.as_view(), name="upload"),
    path("import/upload/remove/", choose.RemoveUpload.as_view(), name="remove_upload"),
    path("import/counts/", choose.Counts.as_view(), name="counts"),
    path("import/options/", choose.Options.as_view(), name="options"),
    path("import/libraries/", choose.Libraries.as_view(), name="choose_library"),
    path("imports/", imports.Imports.as_view(), name="imports"),
    path("imports/<str:import_id>/", imports.Import.as_view(), name="import"),
    path("imports/<str:import_id>/progress/", imports.Progress.as_view(), name="progress"),
    path("imports/<str:import_id>/review/", review.Review.as_view(), name="review"),
    path("imports/<str:import_id>/review/under/", review.Under.as_view(), name="under"),
    path("imports/<str:import_id>/review/rows/", review.Rows.as_view(), name="rows"),
    path("imports/<str:import_id>/review/conflict/", review.Conflict.as_view(), name="conflict"),
    path("imports/<str:import_id>/bar/", review.Bar.as_view(), name="bar"),
    path("imports/<str:import_id>/blocks/<str:usage_key>/", blocks.Block.as_view(), name="block"),
    path("imports/<str:import_id>/blocks/<str:usage_key>/check/", blocks.Check.as_view(), name="check"),
    path("imports/<str:import_id>/blocks/<str:usage_key>/files/<path:name>/", blocks.File.as_view(), name="block_file"),
    path("imports/<str:import_id>/summary/", staged.Summary.as_view(), name="summary"),
    path("imports/<str:import_id>/do/<slug:action>/", imports.Do.as_view(), name="do"),
    path("imports/<str:import_id>/links/", links.Links.as_view(), name="links"),
    path("imports/<str:import_id>/work/", results.Work.as_view(), name="work"),
    re_path("^imports/(?P<import_id>[^/]+)/(?P<kind>undo|redo)/$", results.Reversal.as_view(), name="reversal"),
    path("batches/", batches.Batches.as_view(), name="batches"),
    path("batches/<str:batch_id>/", batches.Batch.as_view(), name="batch"),
    path("batches/<str:batch_id>/do/<slug:action>/", batches.Do.as_view(), name="batch_do"),
    re_path("^batches/(?P<batch_id>[^/]+)/(?P<kind>undo|redo)/$", batches.Reversal.as_view(), name="batch_reversal"),
    path("libraries/", history.Libraries.as_view(), name="libraries"),
    path("libraries/<str:library_key>/", history.Library.as_view(), name="library"),
    path("items/<str:item_key>/", history.Item.as_view(), name="item"),
    path("imports/<str:import_id>/blocks/<str:usage_key>/rendered/", rendered.Rendered.as_view(), name="rendered"),
    path("files/<str:signed>/", signed_file, name="signed_file"),
]
