"""Addresses of version 1."""

from django.urls import path

from ...frames import signed_file
from . import views

app_name = "v1"

urlpatterns = [
    path("sources/", views.Sources.as_view(), name="sources"),
    path("sources/<str:key>/", views.SourceDetail.as_view(), name="source"),
    path("exports/<path:export>/", views.ExportDetail.as_view(), name="export"),
    path("libraries/", views.Libraries.as_view(), name="libraries"),
    path("libraries/<str:key>/", views.LibraryDetail.as_view(), name="library"),
    path("libraries/<str:key>/history/", views.LibraryHistory.as_view(), name="library-history"),
    path("items/<str:key>/history/", views.ItemHistory.as_view(), name="item-history"),
    path("libraries/<str:key>/backup/", views.LibraryBackup.as_view(), name="backup"),
    path("batches/", views.Batches.as_view(), name="batches"),
    path("batches/<str:batch_id>/", views.BatchDetail.as_view(), name="batch"),
    path("batches/<str:batch_id>/stage/", views.BatchStage.as_view(), name="batch-stage"),
    path("batches/<str:batch_id>/complete/", views.BatchComplete.as_view(), name="batch-complete"),
    path("batches/<str:batch_id>/cancel/", views.BatchCancel.as_view(), name="batch-cancel"),
    path("batches/<str:batch_id>/retry/", views.BatchRetry.as_view(), name="batch-retry"),
    path("batches/<str:batch_id>/undo/", views.BatchUndo.as_view(), name="batch-undo"),
    path("batches/<str:batch_id>/redo/", views.BatchRedo.as_view(), name="batch-redo"),
    path("preview/", views.Preview.as_view(), name="preview"),
    path("imports/", views.Imports.as_view(), name="imports"),
    path("imports/<str:import_id>/", views.ImportDetail.as_view(), name="import"),
    path("imports/<str:import_id>/blocks/", views.Blocks.as_view(), name="blocks"),
    path("imports/<str:import_id>/blocks/<str:usage_key>/", views.BlockDetail.as_view(), name="block"),
    path("imports/<str:import_id>/blocks/<str:usage_key>/edit/", views.BlockEdit.as_view(), name="block-edit"),
    path(
        "imports/<str:import_id>/blocks/<str:usage_key>/rendered/", views.BlockRendered.as_view(), name="block-rendered"
    ),
    path(
        "imports/<str:import_id>/blocks/<str:usage_key>/files/<path:name>/",
        views.BlockFile.as_view(),
        name="block-file",
    ),
    path("files/<str:signed>/", signed_file, name="signed-file"),
    path("imports/<str:import_id>/choices/", views.Choices.as_view(), name="choices"),
    path("imports/<str:import_id>/forwarding/", views.Forwarding.as_view(), name="forwarding"),
    path("imports/<str:import_id>/take-back/", views.TakeBack.as_view(), name="take-back"),
    path("imports/<str:import_id>/gone/", views.Gone.as_view(), name="gone"),
    path("imports/<str:import_id>/plan/", views.Plan.as_view(), name="plan"),
    path("imports/<str:import_id>/summary/", views.Summary.as_view(), name="summary"),
    path("imports/<str:import_id>/stage/", views.Stage.as_view(), name="stage"),
    path("imports/<str:import_id>/complete/", views.Complete.as_view(), name="complete"),
    path("imports/<str:import_id>/cancel/", views.Cancel.as_view(), name="cancel"),
    path("imports/<str:import_id>/retry/", views.Retry.as_view(), name="retry"),
    path("imports/<str:import_id>/undo/", views.Undo.as_view(), name="undo"),
    path("imports/<str:import_id>/redo/", views.Redo.as_view(), name="redo"),
    path("imports/<str:import_id>/records/", views.Records.as_view(), name="records"),
    path("imports/<str:import_id>/report/", views.Report.as_view(), name="report"),
    path("imports/<str:import_id>/links/", views.Links.as_view(), name="links"),
    path("imports/<str:import_id>/unlink/", views.Unlink.as_view(), name="unlink"),
    path("imports/<str:import_id>/work/", views.Work.as_view(), name="work"),
    path("imports/<str:import_id>/reversals/", views.Reversals.as_view(), name="reversals"),
    path("imports/<str:import_id>/reversals/last/", views.LastReversal.as_view(), name="last-reversal"),
    path("where/", views.Where.as_view(), name="where"),
    path("schema/", views.Schema.as_view(), name="schema"),
    path("docs/", views.Docs.as_view(), name="docs"),
]
