"""What errors come to, what people make of them, and what they do with notifications; with its guards."""

import django.db.models.deletion
import pagoefectivo.models.fields
from django.db import migrations, models


from pagoefectivo.migrations._locking import under_all_locks

COUNT = """
INSERT INTO pagoefectivo_errortally
    (account, operation, raw_code, code, reads_as, count, first_at, last_at, sample_id)
SELECT account, operation, raw_code, code, code, count(*), min(occurred_at), max(occurred_at), min(id)
FROM pagoefectivo_erroroccurrence GROUP BY account, operation, raw_code, code
"""
ONLY_ADDED = ("codemapping", "errormark", "deliveryact")
TALLY = ("id", "account", "operation", "raw_code", "code", "first_at", "sample_id")


def _changes(*columns):
    return " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns)


def _before_update(table, name, columns, function):
    return (
        f"CREATE TRIGGER {name} BEFORE UPDATE OF {', '.join(columns)} ON pagoefectivo_{table} "
        f"FOR EACH ROW WHEN ({_changes(*columns)}) EXECUTE FUNCTION {function};"
    )


def _triggers():
    for table in ONLY_ADDED:
        yield (
            f"CREATE TRIGGER pe_append_only BEFORE UPDATE OR DELETE ON pagoefectivo_{table} "
            "FOR EACH ROW EXECUTE FUNCTION pagoefectivo_refuse();"
        )
    yield (
        "CREATE TRIGGER pe_keep_rows BEFORE DELETE ON pagoefectivo_errortally "
        "FOR EACH ROW EXECUTE FUNCTION pagoefectivo_refuse();"
    )
    yield _before_update("errortally", "pe_keep_facts", TALLY, "pagoefectivo_refuse()")
    yield _before_update("webhookdelivery", "pe_keep_size", ("whole_size",), "pagoefectivo_refuse()")
    yield _before_update(
        "webhookdelivery", "pe_keep_raw_headers", ("raw_headers",), "pagoefectivo_erase('raw_headers')"
    )


def build(apps, schema_editor):
    schema_editor.execute(COUNT, params=None)
    if schema_editor.connection.vendor == "postgresql":
        for statement in _triggers():
            schema_editor.execute(statement, params=None)


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        names = [
            *((table, "pe_append_only") for table in ONLY_ADDED),
            *(("errortally", name) for name in ("pe_keep_rows", "pe_keep_facts")),
            *(("webhookdelivery", name) for name in ("pe_keep_size", "pe_keep_raw_headers")),
        ]
        for table, name in names:
            schema_editor.execute(f"DROP TRIGGER {name} ON pagoefectivo_{table};", params=None)


class Migration(migrations.Migration):

    dependencies = [
        ('pagoefectivo', '0016_lost_links'),
    ]

    operations = under_all_locks([
        migrations.CreateModel(
            name='CodeMapping',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('provider', models.CharField(max_length=200, verbose_name='provider')),
                ('operation', models.CharField(max_length=24, verbose_name='operation')),
                ('raw_code', models.CharField(max_length=64, verbose_name='raw code')),
                ('code', models.CharField(max_length=40, verbose_name='code')),
                ('note', models.CharField(max_length=500, verbose_name='note')),
                ('mapped_by', models.CharField(max_length=160, verbose_name='who')),
                ('mapped_at', models.DateTimeField(verbose_name='at')),
            ],
            options={
                'verbose_name': 'meaning of a raw code',
                'verbose_name_plural': 'meanings of raw codes',
            },
        ),
        migrations.CreateModel(
            name='DeliveryAct',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('act', models.CharField(choices=[('replayed', 'replayed'), ('verified', 'verified again')], max_length=12, verbose_name='act')),
                ('before', models.CharField(max_length=12)),
                ('result', models.CharField(max_length=24, verbose_name='result')),
                ('secret', models.CharField(blank=True, max_length=160, verbose_name='secret')),
                ('actor', models.CharField(max_length=160, verbose_name='who')),
                ('at', models.DateTimeField(verbose_name='at')),
            ],
            options={
                'verbose_name': 'act on a notification',
                'verbose_name_plural': 'acts on notifications',
            },
        ),
        migrations.CreateModel(
            name='ErrorMark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('act', models.CharField(choices=[('seen', 'seen'), ('assigned', 'assigned'), ('asked', 'asked again'), ('retried', 'tried again')], max_length=12, verbose_name='act')),
                ('owner', models.CharField(blank=True, max_length=150, verbose_name='owner')),
                ('note', models.CharField(blank=True, max_length=500, verbose_name='note')),
                ('refused', models.CharField(blank=True, max_length=40, verbose_name='refused')),
                ('actor', models.CharField(max_length=160, verbose_name='who')),
                ('at', models.DateTimeField(verbose_name='at')),
            ],
            options={
                'verbose_name': 'act on an error',
                'verbose_name_plural': 'acts on errors',
            },
        ),
        migrations.CreateModel(
            name='ErrorTally',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account', models.CharField(max_length=64, verbose_name='account')),
                ('operation', models.CharField(blank=True, max_length=24, verbose_name='operation')),
                ('raw_code', models.CharField(blank=True, max_length=64, verbose_name='raw code')),
                ('code', models.CharField(max_length=40, verbose_name='code')),
                ('reads_as', models.CharField(db_index=True, max_length=40, verbose_name='read as')),
                ('count', models.PositiveBigIntegerField(default=1, verbose_name='count')),
                ('first_at', models.DateTimeField(verbose_name='first seen')),
                ('last_at', models.DateTimeField(verbose_name='last seen')),
            ],
            options={
                'verbose_name': 'error code',
                'verbose_name_plural': 'error codes',
            },
        ),
        migrations.AlterModelOptions(
            name='erroroccurrence',
            options={'permissions': [('follow_error', 'Can assign errors, mark them as seen and have them asked about again'), ('map_error', 'Can say what an unknown code of a provider means')], 'verbose_name': 'error', 'verbose_name_plural': 'errors'},
        ),
        migrations.AlterModelOptions(
            name='webhookdelivery',
            options={'permissions': [('replay_webhook', 'Can replay notifications and verify them with another secret')], 'verbose_name': 'webhook delivery', 'verbose_name_plural': 'webhook deliveries'},
        ),
        migrations.AddField(
            model_name='webhookdelivery',
            name='raw_headers',
            field=pagoefectivo.models.fields.EncryptedBytesField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='webhookdelivery',
            name='whole_size',
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name='whole size'),
        ),
        migrations.AlterField(
            model_name='erroroccurrence',
            name='code',
            field=models.CharField(max_length=40, verbose_name='code'),
        ),
        migrations.AddIndex(
            model_name='erroroccurrence',
            index=models.Index(fields=['code', 'occurred_at'], name='pe_error_code'),
        ),
        migrations.AddIndex(
            model_name='codemapping',
            index=models.Index(fields=['provider', 'operation', 'raw_code'], name='pe_mapping_of'),
        ),
        migrations.AddField(
            model_name='deliveryact',
            name='delivery',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='acts', to='pagoefectivo.webhookdelivery'),
        ),
        migrations.AddField(
            model_name='errormark',
            name='occurrence',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='marks', to='pagoefectivo.erroroccurrence'),
        ),
        migrations.AddField(
            model_name='errortally',
            name='sample',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='pagoefectivo.erroroccurrence'),
        ),
        migrations.AddConstraint(
            model_name='errortally',
            constraint=models.UniqueConstraint(fields=('account', 'operation', 'raw_code', 'code'), name='pe_tally_once'),
        ),
        migrations.RunPython(build, remove),
    ])
