"""What is kept of a settlement file is compressed and encrypted when it comes: PostgreSQL shall not try to compress it again."""

from django.db import migrations

_PIECES = "ALTER TABLE pagoefectivo_settlementpiece ALTER COLUMN content SET STORAGE"


def as_they_are(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"{_PIECES} EXTERNAL")


def compressed(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"{_PIECES} EXTENDED")


class Migration(migrations.Migration):
    dependencies = [("pagoefectivo", "0031_told_once_by_identity")]
    operations = [migrations.RunPython(as_they_are, compressed)]
