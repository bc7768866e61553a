"""All columns of text take the characters of all scripts, whatever the character set of the database."""

from django.db import migrations
from openedx_django_lib import fields

from import_from_modulestore.columns import set_collations


class Migration(migrations.Migration):
    dependencies = [
        ("modulestore_imports", "0008_tags_left_out"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="idempotentrequest",
                    name="fingerprint",
                    field=fields.MultiCollationCharField(
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                        help_text="Hash of method, path and body.",
                        max_length=40,
                    ),
                ),
                migrations.AlterField(
                    model_name="import",
                    name="block_ids",
                    field=fields.MultiCollationCharField(
                        choices=[("keep", "The source's block IDs"), ("from_titles", "Slugs made from titles")],
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                        default="keep",
                        max_length=20,
                    ),
                ),
                migrations.AlterField(
                    model_name="import",
                    name="branch",
                    field=fields.MultiCollationCharField(
                        choices=[
                            ("draft", "What authors see: drafts over published content"),
                            ("published", "What learners see: published content only"),
                        ],
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                        default="draft",
                        max_length=20,
                    ),
                ),
                migrations.AlterField(
                    model_name="import",
                    name="collection_code",
                    field=fields.MultiCollationCharField(
                        blank=True,
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                        default="",
                        max_length=255,
                    ),
                ),
                migrations.AlterField(
                    model_name="import",
                    name="collection_title",
                    field=fields.MultiCollationCharField(
                        blank=True, db_collations={"mysql": "utf8mb4_unicode_ci"}, default="", max_length=500
                    ),
                ),
                migrations.AlterField(
                    model_name="import",
                    name="error",
                    field=fields.MultiCollationTextField(
                        blank=True, db_collations={"mysql": "utf8mb4_unicode_ci"}, default=""
                    ),
                ),
                migrations.AlterField(
                    model_name="import",
                    name="level",
                    field=fields.MultiCollationCharField(
                        choices=[
                            ("section", "Sections, subsections, units and components"),
                            ("subsection", "Subsections, units and components"),
                            ("unit", "Units and components"),
                            ("component", "Components only"),
                        ],
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                        default="section",
                        max_length=20,
                    ),
                ),
                migrations.AlterField(
                    model_name="import",
                    name="on_conflict",
                    field=fields.MultiCollationCharField(
                        choices=[
                            ("skip", "Skip: leave the library's item as it is"),
                            ("overwrite", "Overwrite: make this the item's next version, live at once"),
                            (
                                "new_version",
                                "New version: make this the item's next draft, to be published by an author",
                            ),
                            ("fork", "Fork: create a separate item under the next free ID"),
                        ],
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                        default="skip",
                        max_length=20,
                    ),
                ),
                migrations.AlterField(
                    model_name="import",
                    name="source_export",
                    field=fields.MultiCollationCharField(
                        blank=True,
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                        default="",
                        help_text="The export that it is read from, where sources are exports: one source may have several.",
                        max_length=500,
                    ),
                ),
                migrations.AlterField(
                    model_name="import",
                    name="source_title",
                    field=fields.MultiCollationCharField(
                        blank=True, db_collations={"mysql": "utf8mb4_unicode_ci"}, default="", max_length=255
                    ),
                ),
                migrations.AlterField(
                    model_name="import",
                    name="source_version",
                    field=fields.MultiCollationCharField(
                        blank=True,
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                        default="",
                        max_length=255,
                    ),
                ),
                migrations.AlterField(
                    model_name="import",
                    name="state",
                    field=fields.MultiCollationCharField(
                        choices=[
                            ("created", "Created"),
                            ("staging", "Staging"),
                            ("staging_failed", "Staging failed"),
                            ("staged", "Staged"),
                            ("importing", "Importing"),
                            ("import_failed", "Import failed"),
                            ("imported", "Imported"),
                            ("undoing", "Undoing"),
                            ("undone", "Undone"),
                            ("redoing", "Redoing"),
                            ("canceled", "Canceled"),
                        ],
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                        db_index=True,
                        default="created",
                        max_length=20,
                    ),
                ),
                migrations.AlterField(
                    model_name="import",
                    name="target_title",
                    field=fields.MultiCollationCharField(
                        blank=True, db_collations={"mysql": "utf8mb4_unicode_ci"}, default="", max_length=500
                    ),
                ),
                migrations.AlterField(
                    model_name="import",
                    name="username",
                    field=fields.MultiCollationCharField(
                        blank=True,
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                        default="",
                        max_length=150,
                    ),
                ),
                migrations.AlterField(
                    model_name="import",
                    name="worker",
                    field=fields.MultiCollationCharField(
                        blank=True,
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                        default="",
                        help_text="The process that runs the current step, as host:pid:start; empty when none does.",
                        max_length=255,
                    ),
                ),
                migrations.AlterField(
                    model_name="importrecord",
                    name="decision",
                    field=fields.MultiCollationCharField(
                        blank=True,
                        choices=[
                            ("skip", "Skip: leave the library's item as it is"),
                            ("overwrite", "Overwrite: make this the item's next version, live at once"),
                            (
                                "new_version",
                                "New version: make this the item's next draft, to be published by an author",
                            ),
                            ("fork", "Fork: create a separate item under the next free ID"),
                        ],
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                        default="",
                        max_length=20,
                    ),
                ),
                migrations.AlterField(
                    model_name="importrecord",
                    name="kind",
                    field=fields.MultiCollationCharField(
                        choices=[
                            ("section", "Section"),
                            ("subsection", "Subsection"),
                            ("unit", "Unit"),
                            ("component", "Component"),
                        ],
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                        max_length=20,
                    ),
                ),
                migrations.AlterField(
                    model_name="importrecord",
                    name="outcome",
                    field=fields.MultiCollationCharField(
                        choices=[
                            ("created", "Created"),
                            ("updated", "Updated"),
                            ("forked", "Forked"),
                            ("unchanged", "Unchanged"),
                            ("skipped", "Skipped"),
                            ("unsupported", "Unsupported"),
                            ("failed", "Failed"),
                            ("removed", "Removed"),
                            ("kept", "Kept"),
                        ],
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                        db_index=True,
                        max_length=20,
                    ),
                ),
                migrations.AlterField(
                    model_name="importrecord",
                    name="reason",
                    field=fields.MultiCollationTextField(
                        blank=True, db_collations={"mysql": "utf8mb4_unicode_ci"}, default=""
                    ),
                ),
                migrations.AlterField(
                    model_name="importrecord",
                    name="source_digest",
                    field=fields.MultiCollationCharField(
                        blank=True,
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                        default="",
                        max_length=40,
                    ),
                ),
                migrations.AlterField(
                    model_name="importrecord",
                    name="state",
                    field=fields.MultiCollationCharField(
                        choices=[
                            ("new", "New"),
                            ("unchanged", "Unchanged"),
                            ("source_changed", "Source changed"),
                            ("library_changed", "Library changed"),
                            ("both_changed", "Both changed"),
                            ("same_key", "ID taken"),
                            ("deleted", "Deleted in library"),
                            ("gone", "Gone from source"),
                            ("unsupported", "Unsupported"),
                            ("unreadable", "Unreadable"),
                        ],
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                        max_length=20,
                    ),
                ),
                migrations.AlterField(
                    model_name="importrecord",
                    name="target_digest",
                    field=fields.MultiCollationCharField(
                        blank=True,
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                        default="",
                        max_length=40,
                    ),
                ),
                migrations.AlterField(
                    model_name="importrecord",
                    name="title",
                    field=fields.MultiCollationCharField(
                        blank=True, db_collations={"mysql": "utf8mb4_unicode_ci"}, max_length=500
                    ),
                ),
                migrations.AlterField(
                    model_name="reversal",
                    name="kind",
                    field=fields.MultiCollationCharField(
                        choices=[("undo", "Undo"), ("redo", "Redo")],
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                        max_length=10,
                    ),
                ),
                migrations.AlterField(
                    model_name="reversal",
                    name="username",
                    field=fields.MultiCollationCharField(
                        blank=True,
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                        default="",
                        max_length=150,
                    ),
                ),
                migrations.AlterField(
                    model_name="reversalrecord",
                    name="outcome",
                    field=fields.MultiCollationCharField(
                        choices=[
                            ("removed", "Taken out of the library"),
                            ("restored", "Brought back"),
                            ("reverted", "Set to another version"),
                            ("kept", "Kept as it is"),
                        ],
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                        max_length=20,
                    ),
                ),
                migrations.AlterField(
                    model_name="reversalrecord",
                    name="reason",
                    field=fields.MultiCollationTextField(
                        blank=True, db_collations={"mysql": "utf8mb4_unicode_ci"}, default=""
                    ),
                ),
                migrations.AlterField(
                    model_name="stagedblock",
                    name="decision",
                    field=fields.MultiCollationCharField(
                        blank=True,
                        choices=[
                            ("skip", "Skip: leave the library's item as it is"),
                            ("overwrite", "Overwrite: make this the item's next version, live at once"),
                            (
                                "new_version",
                                "New version: make this the item's next draft, to be published by an author",
                            ),
                            ("fork", "Fork: create a separate item under the next free ID"),
                        ],
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                        default="",
                        help_text="For this very block; else the import's.",
                        max_length=20,
                    ),
                ),
                migrations.AlterField(
                    model_name="stagedblock",
                    name="digest",
                    field=fields.MultiCollationCharField(
                        blank=True,
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                        help_text="Hash of everything that makes up the item: OLX, title, files.",
                        max_length=40,
                    ),
                ),
                migrations.AlterField(
                    model_name="stagedblock",
                    name="edited_olx",
                    field=fields.MultiCollationTextField(
                        blank=True,
                        db_collations={"mysql": "utf8mb4_unicode_ci"},
                        default="",
                        help_text="For components.",
                    ),
                ),
                migrations.AlterField(
                    model_name="stagedblock",
                    name="edited_title",
                    field=fields.MultiCollationCharField(
                        blank=True,
                        db_collations={"mysql": "utf8mb4_unicode_ci"},
                        default="",
                        help_text="For containers.",
                        max_length=500,
                    ),
                ),
                migrations.AlterField(
                    model_name="stagedblock",
                    name="kind",
                    field=fields.MultiCollationCharField(
                        choices=[
                            ("section", "Section"),
                            ("subsection", "Subsection"),
                            ("unit", "Unit"),
                            ("component", "Component"),
                        ],
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                        max_length=20,
                    ),
                ),
                migrations.AlterField(
                    model_name="stagedblock",
                    name="normal_digest",
                    field=fields.MultiCollationCharField(
                        blank=True,
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                        help_text="Hash of the OLX with formatting left aside.",
                        max_length=40,
                    ),
                ),
                migrations.AlterField(
                    model_name="stagedblock",
                    name="olx_digest",
                    field=fields.MultiCollationCharField(
                        blank=True,
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                        help_text="Hash of the exact text that the library would store.",
                        max_length=40,
                    ),
                ),
                migrations.AlterField(
                    model_name="stagedblock",
                    name="problem",
                    field=fields.MultiCollationTextField(
                        blank=True,
                        db_collations={"mysql": "utf8mb4_unicode_ci"},
                        help_text="Why the block could not be read.",
                    ),
                ),
                migrations.AlterField(
                    model_name="stagedblock",
                    name="refusal",
                    field=fields.MultiCollationTextField(
                        blank=True,
                        db_collations={"mysql": "utf8mb4_unicode_ci"},
                        help_text="Why a library cannot hold the block.",
                    ),
                ),
                migrations.AlterField(
                    model_name="stagedblock",
                    name="source_digest",
                    field=fields.MultiCollationCharField(
                        blank=True,
                        db_collations={"mysql": "utf8mb4_bin", "sqlite": "BINARY"},
                        default="",
                        help_text="The same of what was staged, before any edit.",
                        max_length=40,
                    ),
                ),
                migrations.AlterField(
                    model_name="stagedblock",
                    name="source_title",
                    field=fields.MultiCollationCharField(
                        blank=True, db_collations={"mysql": "utf8mb4_unicode_ci"}, default="", max_length=500
                    ),
                ),
                migrations.AlterField(
                    model_name="stagedblock",
                    name="title",
                    field=fields.MultiCollationCharField(
                        blank=True, db_collations={"mysql": "utf8mb4_unicode_ci"}, max_length=500
                    ),
                ),
            ]
        ),
        migrations.RunPython(set_collations("modulestore_imports"), migrations.RunPython.noop, atomic=False),
    ]
