"""What the database refuses to change in proofs of payment. Apart from the tables, so that it can be taken back alone."""

from django.db import migrations

from pagoefectivo.migrations._locking import under_all_locks

PROOF = (
    "id", "public_id", "order_id", "voucher_id", "width", "height", "size", "sha256", "looks", "edited", "channel", "paid_at",
    "amount", "operation_digest", "received_at",
)
READING = ("id", "proof_id", "engine", "outcome", "verdicts", "operation_digest", "duration_ms", "read_at")
ERASABLE = {"paymentproof": ("picture", "operation_number", "note", "remote_ip"), "proofreading": ("seen",)}


def _changes(columns):
    return " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns)


def _before_update(table, name, columns, function):
    return (
        f"CREATE TRIGGER {name} BEFORE UPDATE OF {', '.join(columns)} ON pagoefectivo_{table} "
        f"FOR EACH ROW WHEN ({_changes(columns)}) EXECUTE FUNCTION {function};"
    )


def _triggers():
    for table, columns in (("paymentproof", PROOF), ("proofreading", READING)):
        yield _before_update(table, "pe_keep_facts", columns, "pagoefectivo_refuse()")
        yield (
            f"CREATE TRIGGER pe_keep_rows BEFORE DELETE ON pagoefectivo_{table} "
            "FOR EACH ROW EXECUTE FUNCTION pagoefectivo_refuse();"
        )
        for column in ERASABLE[table]:
            yield _before_update(table, f"pe_keep_{column}", [column], f"pagoefectivo_erase('{column}')")
    for table in ("prooflikeness", "proofreview"):
        yield (
            f"CREATE TRIGGER pe_append_only BEFORE UPDATE OR DELETE ON pagoefectivo_{table} "
            "FOR EACH ROW EXECUTE FUNCTION pagoefectivo_refuse();"
        )


def _names():
    for table, column_names in ERASABLE.items():
        yield from ((table, name) for name in ("pe_keep_facts", "pe_keep_rows", *(f"pe_keep_{each}" for each in column_names)))
    yield from (("prooflikeness", "pe_append_only"), ("proofreview", "pe_append_only"))


def build(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for statement in _triggers():
            schema_editor.execute(statement, params=None)


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for table, name in _names():
            schema_editor.execute(f"DROP TRIGGER {name} ON pagoefectivo_{table};", params=None)


class Migration(migrations.Migration):

    dependencies = [
        ('pagoefectivo', '0013_payment_proofs'),
    ]

    operations = under_all_locks([migrations.RunPython(build, remove)])
