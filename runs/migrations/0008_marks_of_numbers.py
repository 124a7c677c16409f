from django.db import migrations

from runs import searching


class Migration(migrations.Migration):
    """PostgreSQL's index of words also knows about numbers, and where a line begins."""

    dependencies = [
        ('runs', '0007_approval_links'),
    ]

    operations = [
        migrations.RunPython(searching.renew, migrations.RunPython.noop),
    ]
