"""What guards payout files: apart from their columns, so that it can come and go while the code runs."""

from django.db import migrations, models

from pagoefectivo.migrations._locking import under_all_locks

PAYOUT = ("id", "reference", "account", "currency", "count", "total", "sha256", "made_by", "maker_id", "created_at")
# What is in a payout file stays in it, as it was written there.
REFUND = ("payout_id", "destination_id", "amount", "currency", "approved_by")


def _changes(columns):
    return " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns)


def _before_update(table, name, columns, function, when):
    return (
        f"CREATE TRIGGER {name} BEFORE UPDATE OF {', '.join(columns)} ON pagoefectivo_{table} "
        f"FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION {function};"
    )


def build(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    erase = "pagoefectivo_erase('content')"
    for statement in (
        _before_update("payout", "pe_keep_facts", PAYOUT, "pagoefectivo_refuse()", _changes(PAYOUT)),
        _before_update("payout", "pe_keep_file", ["content"], erase, _changes(["content"])),
        "CREATE TRIGGER pe_keep_rows BEFORE DELETE ON pagoefectivo_payout "
        "FOR EACH ROW EXECUTE FUNCTION pagoefectivo_refuse();",
        _before_update(
            "refund", "pe_keep_payout", REFUND, "pagoefectivo_refuse()",
            f"OLD.payout_id IS NOT NULL AND ({_changes(REFUND)})",
        ),
    ):
        schema_editor.execute(statement, params=None)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER pe_keep_payout ON pagoefectivo_refund", params=None)
        for name in ("pe_keep_facts", "pe_keep_file", "pe_keep_rows"):
            schema_editor.execute(f"DROP TRIGGER {name} ON pagoefectivo_payout", params=None)


class Migration(migrations.Migration):

    dependencies = [("pagoefectivo", "0006_payouts")]

    operations = under_all_locks([
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(condition=models.Q(('payout__isnull', False)), fields=['payout'], name='pe_refund_payout'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('payout__isnull', True), models.Q(models.Q(('approved_by', ''), _negated=True), ('destination__isnull', False)), _connector='OR'), name='pe_refund_payout_is_approved'),
        ),
        migrations.RunPython(build, drop),
    ])
