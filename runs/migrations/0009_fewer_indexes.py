import django.db.models.deletion
from django.db import migrations, models

# Foreign keys whose own index says no more than the beginning of another: each row that was written paid for both.
_COVERED = [
    ("runs_agentrun", "run_id"),
    ("runs_agentturn", "agent_run_id"),
    ("runs_gate", "run_id"),
    ("runs_stagerun", "run_id"),
    ("runs_workflowcall", "run_id"),
    ("runs_workflowrun", "project_id"),
    ("runs_workflowrun", "workflow_id"),
]


def drop(apps, editor):
    """Drop the indexes alone. Altering the fields would make SQLite write each of the tables anew."""
    with editor.connection.cursor() as cursor:
        for table, column in _COVERED:
            found = editor.connection.introspection.get_constraints(cursor, table)
            for name, one in found.items():
                if one["index"] and not one["unique"] and one["columns"] == [column]:
                    cursor.execute(f"DROP INDEX {editor.quote_name(name)}")


def make(apps, editor):
    """Make them again."""
    with editor.connection.cursor() as cursor:
        for table, column in _COVERED:
            cursor.execute(f"CREATE INDEX {table}_{column} ON {table} ({column})")


def _key(to, name, **more):
    more.setdefault("on_delete", django.db.models.deletion.CASCADE)
    return models.ForeignKey(db_index=False, related_name=name, to=to, **more)


class Migration(migrations.Migration):
    dependencies = [
        ("builder", "0002_edits"),
        ("projects", "0002_project_description"),
        ("runs", "0008_marks_of_numbers"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField("agentrun", "run", _key("runs.workflowrun", "agent_runs")),
                migrations.AlterField("agentturn", "agent_run", _key("runs.agentrun", "turn_rows")),
                migrations.AlterField("gate", "run", _key("runs.workflowrun", "gates")),
                migrations.AlterField("stagerun", "run", _key("runs.workflowrun", "stage_runs")),
                migrations.AlterField("workflowcall", "run", _key("runs.workflowrun", "calls")),
                migrations.AlterField("workflowrun", "project", _key("projects.project", "runs")),
                migrations.AlterField(
                    "workflowrun",
                    "workflow",
                    _key("builder.workflow", "runs", null=True, on_delete=django.db.models.deletion.SET_NULL),
                ),
            ],
            database_operations=[migrations.RunPython(drop, make)],
        ),
    ]
