"""What was done with a difference is only ever added to. Apart from the tables, so that it can be taken back alone."""

from django.db import migrations

from pagoefectivo.migrations._locking import under_all_locks

GUARD = (
    "CREATE TRIGGER pe_append_only BEFORE UPDATE OR DELETE ON pagoefectivo_discrepancyentry "
    "FOR EACH ROW EXECUTE FUNCTION pagoefectivo_refuse();"
)


def build(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(GUARD, params=None)


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER pe_append_only ON pagoefectivo_discrepancyentry;", params=None)


class Migration(migrations.Migration):
    dependencies = [("pagoefectivo", "0027_monthly_close")]
    operations = under_all_locks([migrations.RunPython(build, remove)])
