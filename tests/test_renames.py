"""What earlier versions stored is found under the names of this one, or is staged again."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from .builders import usage_key

APP = "modulestore_imports"


@pytest.fixture
def before(request, transactional_db):
    """The models as they were before a migration, and the way to now; that to one name for one thing is the default."""
    last = MigrationExecutor(connection).loader.graph.leaf_nodes()  # Others stand on the app's.
    suffix = getattr(request, "param", "_one_name")
    wanted = next(key for key in MigrationExecutor(connection).loader.graph.nodes if key[1].endswith(suffix))
    [parent] = [
        node for node in MigrationExecutor(connection).loader.graph.node_map[wanted].parents if node.key[0] == APP
    ]
    executor = MigrationExecutor(connection)
    executor.migrate([parent.key])
    yield executor.loader.project_state([parent.key]).apps
    MigrationExecutor(connection).migrate(last)


@pytest.mark.slow
@pytest.mark.parametrize("before", ["_contents"], indirect=True)
def test_what_was_staged_without_the_blocks_inside_components_is_to_be_staged_again(before):
    runs, blocks = before.get_model(APP, "Import").objects, before.get_model(APP, "StagedBlock").objects

    def staged(state: str, inner_keys: list[str]) -> int:
        run = runs.create(source_key="course-v1:A+B+C", library_key="lib:A:B", state=state)
        root = before.get_model(APP, "StagedRoot").objects.create(import_run=run, order=0, first_num=0)
        refusal = "It holds others." if inner_keys else ""
        numbers = {"num": 0, "end_num": 1, "depth": 0}
        blocks.create(import_run=run, root=root, refusal=refusal, inner_keys=inner_keys, **numbers)
        return run.pk

    with_inner, without, done = staged("staged", ["a"]), staged("staged", []), staged("imported", ["a"])
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes(APP))
    states = dict(
        executor.loader.project_state(executor.loader.graph.leaf_nodes(APP))
        .apps.get_model(APP, "Import")
        .objects.values_list("pk", "state")
    )
    assert states == {with_inner: "staging_failed", without: "staged", done: "imported"}


@pytest.mark.slow
def test_keys_and_states_are_taken_over(before):
    run = before.get_model(APP, "Import").objects.create(source_key="course-v1:A+B+C", target_key="lib:A:B")
    before.get_model(APP, "ImportRecord").objects.create(
        import_run=run, num=0, depth=0, source_key=usage_key("html", "t"), target_key="lb:A:B:html:t", state="same_key"
    )
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes(APP))
    now = executor.loader.project_state(executor.loader.graph.leaf_nodes(APP)).apps
    record = now.get_model(APP, "ImportRecord").objects.select_related("import_run").get()
    assert (record.usage_key, record.item_key, record.state) == (usage_key("html", "t"), "lb:A:B:html:t", "id_taken")
    assert record.import_run.library_key == "lib:A:B"


@pytest.mark.at_gate
@pytest.mark.parametrize("before", ["_source_origin"], indirect=True)
def test_the_origin_of_a_source_is_told_from_the_name_of_its_export(before):
    runs = before.get_model(APP, "Import").objects
    exports = {"upload": "upload:7/tides.tar.gz", "folder": "tides.tar.gz", "modulestore": ""}
    for export in exports.values():
        runs.create(source_key="course-v1:A+B+C", library_key="lib:A:B", source_export=export)
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes(APP))
    now = executor.loader.project_state(executor.loader.graph.leaf_nodes(APP)).apps.get_model(APP, "Import").objects
    assert dict(now.values_list("source_origin", "source_export")) == exports
