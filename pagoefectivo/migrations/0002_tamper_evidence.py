"""The audit chain, and triggers that keep PostgreSQL's evidence tables from being rewritten. SQLite has no triggers."""

from django.db import migrations, models

FUNCTIONS = """
CREATE FUNCTION pagoefectivo_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % % is refused: evidence is only ever added', TG_OP, TG_TABLE_NAME, OLD.id
        USING ERRCODE = 'restrict_violation';
END $$;

-- Whether the audit entry that this transaction names in the setting pagoefectivo.retention accounts for a row.
CREATE FUNCTION pagoefectivo_accounted(evidence text, row_id bigint, what text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM pagoefectivo_auditentry
        WHERE position = nullif(current_setting('pagoefectivo.retention', true), '')::bigint
          AND 'pagoefectivo_' || table_name = evidence AND kind = what AND row_id BETWEEN first_id AND last_id)
$$;

CREATE FUNCTION pagoefectivo_remove() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pagoefectivo_accounted(TG_TABLE_NAME, OLD.id, 'removal') THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'DELETE of % % is refused: no audit entry accounts for it', TG_TABLE_NAME, OLD.id
        USING ERRCODE = 'restrict_violation';
END $$;

-- The WHEN clause of its triggers has found that a body changes; the first argument names the column.
CREATE FUNCTION pagoefectivo_erase() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    after_bytes integer;
BEGIN
    EXECUTE format('SELECT octet_length(($1).%I)', TG_ARGV[0]) USING NEW INTO after_bytes;
    IF after_bytes = 0 AND pagoefectivo_accounted(TG_TABLE_NAME, OLD.id, 'erasure') THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'UPDATE of % % is refused: a body may only be erased, with an audit entry', TG_TABLE_NAME, OLD.id
        USING ERRCODE = 'restrict_violation';
END $$;

-- A call that was given up may still be answered, once and within the hour.
CREATE FUNCTION pagoefectivo_answer_late() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.outcome = 'no_response' AND NEW.outcome IN ('answered', 'no_response')
       AND clock_timestamp() <= OLD.sent_at + interval '1 hour' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'UPDATE of % % is refused: the outcome of a call is written once', TG_TABLE_NAME, OLD.id
        USING ERRCODE = 'restrict_violation';
END $$;
"""


def _changes(*columns):
    return " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns)


def _before_update(table, name, columns, function, when):
    # OF: a claim or a schedule names none of these columns, so it costs nothing
    return (
        f"CREATE TRIGGER {name} BEFORE UPDATE OF {', '.join(columns)} ON pagoefectivo_{table} "
        f"FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION {function};"
    )


def _triggers():
    for table in ("statechange", "paymentevent", "erroroccurrence", "auditentry"):
        yield (
            f"CREATE TRIGGER pe_append_only BEFORE UPDATE OR DELETE ON pagoefectivo_{table} "
            "FOR EACH ROW EXECUTE FUNCTION pagoefectivo_refuse();"
        )
    for table in ("apiexchange", "webhookdelivery"):
        yield (
            f"CREATE TRIGGER pe_keep_rows BEFORE DELETE ON pagoefectivo_{table} "
            "FOR EACH ROW EXECUTE FUNCTION pagoefectivo_remove();"
        )

    received = (
        *("id", "account", "event_identity", "headers", "verdict", "fault", "secret_index", "signed_at"),
        *("received_at", "remote_ip"),
    )
    yield _before_update("webhookdelivery", "pe_keep_message", received, "pagoefectivo_refuse()", _changes(*received))
    yield _before_update("webhookdelivery", "pe_keep_body", ["body"], "pagoefectivo_erase('body')", _changes("body"))
    for subject in ("voucher_id", "refund_id"):
        once = f"OLD.{subject} IS NOT NULL AND ({_changes(subject)})"
        yield _before_update("webhookdelivery", f"pe_keep_{subject}", [subject], "pagoefectivo_refuse()", once)

    sent = ("id", "request_id", "account", "voucher_id", "refund_id", "sent_at")
    yield _before_update("apiexchange", "pe_keep_request", sent, "pagoefectivo_refuse()", _changes(*sent))
    # A question of a batch is announced without its address, which comes with the answer.
    call = ("operation", "method", "url", "request_headers")
    once = f"OLD.url <> '' AND ({_changes(*call)})"
    yield _before_update("apiexchange", "pe_keep_call", call, "pagoefectivo_refuse()", once)
    yield _before_update(
        "apiexchange", "pe_keep_asked", ["request_body"], "pagoefectivo_erase('request_body')", _changes("request_body")
    )
    answer = ("outcome", "http_status", "response_headers", "duration_ms", "loss")
    once = f"OLD.outcome <> 'sending' AND ({_changes(*answer)})"
    yield _before_update("apiexchange", "pe_keep_answer", answer, "pagoefectivo_answer_late()", once)
    is_done = "OLD.response_body IS NOT NULL OR OLD.outcome = 'answered' OR NEW.outcome <> 'answered'"
    once = f"({is_done}) AND ({_changes('response_body')})"
    yield _before_update(
        "apiexchange", "pe_keep_answered", ["response_body"], "pagoefectivo_erase('response_body')", once
    )


def build(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for statement in (FUNCTIONS, *_triggers()):
            schema_editor.execute(statement, params=None)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name, arguments in (
            *(("refuse", ""), ("remove", ""), ("erase", ""), ("answer_late", "")),
            ("accounted", "text, bigint, text"),
        ):
            schema_editor.execute(f"DROP FUNCTION pagoefectivo_{name}({arguments}) CASCADE", params=None)


class Migration(migrations.Migration):

    dependencies = [
        ('pagoefectivo', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveBigIntegerField(unique=True, verbose_name='position')),
                ('kind', models.CharField(choices=[('seal', 'seal'), ('erasure', 'bodies erased'), ('removal', 'rows removed')], max_length=8, verbose_name='kind')),
                ('table_name', models.CharField(max_length=32, verbose_name='table')),
                ('columns', models.JSONField(default=list)),
                ('bodies', models.JSONField(default=list)),
                ('first_id', models.BigIntegerField()),
                ('last_id', models.BigIntegerField()),
                ('count', models.PositiveIntegerField(verbose_name='rows')),
                ('closed_to', models.BigIntegerField()),
                ('manifest', models.BinaryField()),
                ('actor', models.CharField(blank=True, max_length=160, verbose_name='who')),
                ('why', models.CharField(blank=True, max_length=200, verbose_name='why')),
                ('sealed_at', models.DateTimeField(verbose_name='sealed')),
                ('previous_hash', models.CharField(max_length=64)),
                ('key_id', models.CharField(max_length=16)),
                ('digest', models.CharField(max_length=64)),
                ('hash', models.CharField(max_length=64, verbose_name='hash')),
            ],
            options={
                'verbose_name': 'audit entry',
                'verbose_name_plural': 'audit entries',
                'indexes': [models.Index(fields=['table_name', 'last_id'], name='pe_audit_reach'), models.Index(fields=['table_name', 'closed_to'], name='pe_audit_closed')],
            },
        ),
        migrations.RunPython(build, drop),
    ]
