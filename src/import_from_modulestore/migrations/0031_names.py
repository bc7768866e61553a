"""
What models and fields are called on pages, in the language of the reader; no table changes.

Django's own ``AlterField`` and ``AlterModelOptions`` would make a hundred models anew for each of these, which takes a
second of every new database; nothing that a migration does with a model asks what people call it.
"""

from typing import Any

from django.db import migrations
from django.db.migrations.operations.base import Operation


class NameForPeople(Operation):
    """Names of a model, in singular and plural, and of its fields."""

    reduces_to_sql = False
    reversible = True

    def __init__(self, model: str, names: tuple[str, str] | None = None, fields: dict[str, str] | None = None) -> None:
        self.model = model
        self.names = names
        self.fields = fields

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Give the names, without making models anew."""
        model = state.models[app_label, self.model]
        if self.names:
            model.options |= dict(zip(("verbose_name", "verbose_name_plural"), self.names, strict=True))
        for field, name in (self.fields or {}).items():
            _name, _path, args, options = model.fields[field].deconstruct()
            model.fields[field] = type(model.fields[field])(*args, **{**options, "verbose_name": name})

    def database_forwards(self, *args: Any) -> None:
        """Nothing."""

    def database_backwards(self, *args: Any) -> None:
        """Nothing."""

    def describe(self) -> str:
        """What it does."""
        return f"Name {self.model} for people"


class Migration(migrations.Migration):
    dependencies = [
        ("modulestore_imports", "0030_asked"),
    ]

    operations = [
        NameForPeople("batch", fields={"username": "username", "created": "created"}),
        NameForPeople(
            "import", fields={"username": "username", "state": "state", "level": "level", "created": "created"}
        ),
        NameForPeople("stagedroot", ("staged root", "staged roots")),
        NameForPeople("stagedblock", ("staged block", "staged blocks")),
        NameForPeople("reviewedblock", ("reviewed block", "reviewed blocks")),
        NameForPeople("standingchoice", ("standing choice", "standing choices")),
        NameForPeople("removal", ("removal", "removals")),
        NameForPeople("lastchange", ("last change", "last changes")),
        NameForPeople(
            "importrecord",
            ("import record", "import records"),
            {
                "kind": "kind",
                "title": "title",
                "state": "state",
                "outcome": "outcome",
                "reason": "reason",
                "collected": "collected",
                "undone": "undone",
                "contents": "contents",
            },
        ),
        NameForPeople("donemark", ("mark as done", "marks as done")),
        NameForPeople(
            "reversal", fields={"kind": "kind", "username": "username", "forced": "forced", "finished": "finished"}
        ),
        NameForPeople("reversalrecord", fields={"outcome": "outcome", "reason": "reason"}),
        NameForPeople("linkchange", ("change of links", "changes of links")),
        NameForPeople("blocklink", ("link of a block", "links of blocks")),
        NameForPeople("idempotentrequest", ("idempotent request", "idempotent requests")),
    ]
