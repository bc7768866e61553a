"""What earlier versions stored is found under the names of this one."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from .builders import usage_key

APP = "modulestore_imports"


@pytest.fixture
def before(transactional_db):
    """The models as they were before things got one name each, and the way to now."""
    last = MigrationExecutor(connection).loader.graph.leaf_nodes(APP)
    one_name = next(key for key in MigrationExecutor(connection).loader.graph.nodes if key[1].endswith("_one_name"))
    [parent] = MigrationExecutor(connection).loader.graph.node_map[one_name].parents
    executor = MigrationExecutor(connection)
    executor.migrate([parent.key])
    yield executor.loader.project_state([parent.key]).apps
    MigrationExecutor(connection).migrate(last)


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
