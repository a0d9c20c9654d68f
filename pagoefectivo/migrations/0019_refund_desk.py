"""The refund desk: persons behind the names, limits that were passed, files of requests, and what the database holds to."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from pagoefectivo.migrations._locking import under_all_locks


# What was asked for stays as it was asked for, by whom, of which payment.
REQUEST = ("order_id", "voucher_id", "amount", "currency", "requested_by", "requester_id", "is_outside")
# An approval is of one payee: another payee, or another approver, is only taken once it was given back.
APPROVAL = ("destination_id", "approved_by", "approver_id", "approval_digest")
OWNED = ("owned_by", "owner_id", "owned_at")


def _changes(columns):
    return " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns)


def _before_update(name, columns, when):
    return (
        f"CREATE TRIGGER {name} BEFORE UPDATE OF {', '.join(columns)} ON pagoefectivo_refund "
        f"FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION pagoefectivo_refuse();"
    )


def build(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    still_approved = "OLD.approved_by <> '' AND NEW.approved_by <> ''"
    for statement in (
        _before_update("pe_keep_request", REQUEST, _changes(REQUEST)),
        _before_update("pe_keep_approval", APPROVAL, f"{still_approved} AND ({_changes(APPROVAL)})"),
        _before_update("pe_keep_owned", OWNED, f"OLD.owned_at IS NOT NULL AND ({_changes(OWNED)})"),
        "CREATE TRIGGER pe_append_only BEFORE UPDATE OR DELETE ON pagoefectivo_limitpass "
        "FOR EACH ROW EXECUTE FUNCTION pagoefectivo_refuse();",
        "CREATE TRIGGER pe_keep_rows BEFORE DELETE ON pagoefectivo_refundfile "
        "FOR EACH ROW EXECUTE FUNCTION pagoefectivo_refuse();",
    ):
        schema_editor.execute(statement, params=None)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name in ("pe_keep_request", "pe_keep_approval", "pe_keep_owned"):
            schema_editor.execute(f"DROP TRIGGER {name} ON pagoefectivo_refund", params=None)
        schema_editor.execute("DROP TRIGGER pe_append_only ON pagoefectivo_limitpass", params=None)
        schema_editor.execute("DROP TRIGGER pe_keep_rows ON pagoefectivo_refundfile", params=None)


class Migration(migrations.Migration):

    dependencies = [
        ('pagoefectivo', '0018_cases'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = under_all_locks([
        migrations.CreateModel(
            name='LimitPass',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('request', 'for one request'), ('request_day', 'for the requests of one day'), ('approve', 'for one approval'), ('approve_day', 'for the approvals of one day')], max_length=12, verbose_name='limit')),
                ('allowed', models.DecimalField(decimal_places=2, max_digits=12, verbose_name='allowed')),
                ('reached', models.DecimalField(decimal_places=2, max_digits=12, verbose_name='reached')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('actor', models.CharField(max_length=160, verbose_name='who')),
                ('reason', models.CharField(max_length=500, verbose_name='reason')),
                ('at', models.DateTimeField(db_index=True, verbose_name='at')),
            ],
            options={
                'verbose_name': 'passed limit',
                'verbose_name_plural': 'passed limits',
                'ordering': ('id',),
            },
        ),
        migrations.CreateModel(
            name='RefundFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sha256', models.CharField(max_length=64, unique=True, verbose_name='SHA-256')),
                ('name', models.CharField(blank=True, max_length=100, verbose_name='name')),
                ('lines', models.JSONField(default=list, verbose_name='lines')),
                ('made_by', models.CharField(max_length=160, verbose_name='sent by')),
                ('created_at', models.DateTimeField(db_index=True, verbose_name='sent')),
            ],
            options={
                'verbose_name': 'file of refunds',
                'verbose_name_plural': 'files of refunds',
            },
        ),
        migrations.AlterModelOptions(
            name='refund',
            options={'permissions': [('request_refund', 'Can request a refund'), ('approve_refund', 'Can approve a refund that somebody else requested'), ('view_bank_account', 'Can see bank accounts of buyers'), ('make_payout', 'Can make a payout file of approved refunds'), ('download_payout', 'Can download a payout file with its bank accounts'), ('settle_payout', 'Can record what the bank did with a payout'), ('own_outside_refund', 'Can say what a refund started at the provider was'), ('pass_refund_limit', 'Can pass a limit of refunds in an emergency')], 'verbose_name': 'refund', 'verbose_name_plural': 'refunds'},
        ),
        migrations.AddField(
            model_name='apikey',
            name='owner',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='refund',
            name='approved_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='approved'),
        ),
        migrations.AddField(
            model_name='refund',
            name='owned_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='owned'),
        ),
        migrations.AddField(
            model_name='refund',
            name='owned_by',
            field=models.CharField(blank=True, db_default='', max_length=160, verbose_name='owned by'),
        ),
        migrations.AddField(
            model_name='refund',
            name='owner',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='refund',
            name='requester',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='refunddestination',
            name='enterer',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='refund',
            name='reason',
            field=models.CharField(choices=[('buyer_request', 'the buyer asked for it'), ('out_of_stock', 'out of stock'), ('damaged', 'damaged or wrong item'), ('duplicate_payment', 'paid twice'), ('overpaid', 'paid too much'), ('late_payment', 'paid late'), ('not_delivered', 'not delivered in time'), ('suspected_fraud', 'suspected fraud'), ('other', 'other')], max_length=40, verbose_name='reason'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(condition=models.Q(('approved_at__isnull', False)), fields=['approved_at'], name='pe_refund_approved'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('approver__isnull', True), ('requester__isnull', True), models.Q(('approver', models.F('requester')), _negated=True), _connector='OR'), name='pe_refund_two_persons'),
        ),
        migrations.AddField(
            model_name='limitpass',
            name='person',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='limitpass',
            name='refund',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='limit_passes', to='pagoefectivo.refund'),
        ),
        migrations.AddField(
            model_name='refundfile',
            name='maker',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.RunPython(build, drop),
    ])
