"""Fee schedules with their tiers, and what PostgreSQL refuses to change in them. Touches no other table."""

import django.db.models.deletion
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


FACTS = (
    *("id", "account", "name", "currency", "market", "valid_from", "planned_until", "percent", "fixed", "minimum"),
    *("risk_fee", "cross_border_percent", "refund_fee", "failed_refund_fee", "dispute_fee", "tax_percent"),
    *("settlement_currency", "fx_margin_percent", "why", "created_by", "creator_id", "created_at"),
)
END = ("valid_until", "is_withdrawn", "ended_by", "ender_id", "ended_at", "ended_why")


def _before_update(name, columns, when=""):
    changed = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns)
    return (
        f"CREATE TRIGGER {name} BEFORE UPDATE OF {', '.join(columns)} ON pagoefectivo_feeschedule "
        f"FOR EACH ROW WHEN ({when}({changed})) EXECUTE FUNCTION pagoefectivo_refuse();"
    )


def _triggers():
    yield _before_update("pe_keep_facts", FACTS)
    yield _before_update("pe_keep_end", END, "OLD.ended_at IS NOT NULL AND ")
    yield (
        "CREATE TRIGGER pe_keep_rows BEFORE DELETE ON pagoefectivo_feeschedule "
        "FOR EACH ROW EXECUTE FUNCTION pagoefectivo_refuse();"
    )
    yield (
        "CREATE TRIGGER pe_append_only BEFORE UPDATE OR DELETE ON pagoefectivo_feetier "
        "FOR EACH ROW EXECUTE FUNCTION pagoefectivo_refuse();"
    )


# Equality as a range of one hash: so no extension of PostgreSQL has to be installed.
NO_OVERLAP = """
ALTER TABLE pagoefectivo_feeschedule ADD CONSTRAINT pe_fees_no_overlap EXCLUDE USING gist (
    int8range(hashtextextended(account || ' ' || currency, 0), hashtextextended(account || ' ' || currency, 0), '[]')
        WITH &&,
    daterange(valid_from, valid_until, '[]') WITH &&
) WHERE (NOT is_withdrawn);
"""


def build(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for statement in (NO_OVERLAP, *_triggers()):
            schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):

    dependencies = [
        ('pagoefectivo', '0025_exchange_rates'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Costs',
            fields=[
            ],
            options={
                'verbose_name': 'costs',
                'verbose_name_plural': 'costs',
                'proxy': True,
                'default_permissions': ('view',),
                'indexes': [],
                'constraints': [],
            },
            bases=('pagoefectivo.job',),
        ),
        migrations.CreateModel(
            name='FeeQuote',
            fields=[
            ],
            options={
                'verbose_name': 'what-if quote',
                'verbose_name_plural': 'what-if quotes',
                'proxy': True,
                'default_permissions': ('view',),
                'indexes': [],
                'constraints': [],
            },
            bases=('pagoefectivo.job',),
        ),
        migrations.CreateModel(
            name='FeeSchedule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account', models.CharField(max_length=64, verbose_name='account')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('market', models.CharField(choices=[('local', 'local'), ('cross_border', 'cross-border')], max_length=12, verbose_name='acquiring')),
                ('valid_from', models.DateField(verbose_name='first day')),
                ('valid_until', models.DateField(blank=True, null=True, verbose_name='last day')),
                ('planned_until', models.DateField(blank=True, editable=False, null=True)),
                ('percent', models.DecimalField(decimal_places=4, default=0, max_digits=7, verbose_name='percent of the payment')),
                ('fixed', models.DecimalField(decimal_places=2, default=0, max_digits=12, verbose_name='fixed per payment')),
                ('minimum', models.DecimalField(decimal_places=2, default=0, max_digits=12, verbose_name='minimum per payment')),
                ('risk_fee', models.DecimalField(decimal_places=2, default=0, max_digits=12, verbose_name='risk module per payment')),
                ('cross_border_percent', models.DecimalField(decimal_places=4, default=0, max_digits=7, verbose_name='percent added for cross-border')),
                ('refund_fee', models.DecimalField(decimal_places=2, default=0, max_digits=12, verbose_name='fee of a refund')),
                ('failed_refund_fee', models.DecimalField(decimal_places=2, default=0, max_digits=12, verbose_name='fee of a failed refund')),
                ('dispute_fee', models.DecimalField(decimal_places=2, default=0, max_digits=12, verbose_name='fee of a dispute')),
                ('tax_percent', models.DecimalField(decimal_places=4, default=Decimal('18.00'), max_digits=7, verbose_name='tax on fees (IGV), percent')),
                ('settlement_currency', models.CharField(max_length=3, verbose_name='settled in')),
                ('fx_margin_percent', models.DecimalField(decimal_places=4, default=0, max_digits=7, verbose_name='exchange margin, percent')),
                ('why', models.CharField(max_length=200, verbose_name='why it was entered')),
                ('created_by', models.CharField(max_length=160, verbose_name='entered by')),
                ('created_at', models.DateTimeField(verbose_name='entered')),
                ('is_withdrawn', models.BooleanField(default=False, verbose_name='withdrawn')),
                ('ended_by', models.CharField(blank=True, max_length=160, verbose_name='ended by')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='ended')),
                ('ended_why', models.CharField(blank=True, max_length=200, verbose_name='why it was ended')),
                ('creator', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('ender', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'fee schedule',
                'verbose_name_plural': 'fee schedules',
                'permissions': [('keep_fees', 'Can enter and end fee schedules')],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='FeeTier',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_payments', models.PositiveIntegerField(verbose_name='from payments a month')),
                ('percent', models.DecimalField(decimal_places=4, default=0, max_digits=7, verbose_name='percent of the payment')),
                ('fixed', models.DecimalField(decimal_places=2, default=0, max_digits=12, verbose_name='fixed per payment')),
                ('schedule', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='tiers', to='pagoefectivo.feeschedule')),
            ],
            options={
                'verbose_name': 'volume tier',
                'verbose_name_plural': 'volume tiers',
                'default_permissions': (),
            },
        ),
        migrations.AddIndex(
            model_name='feeschedule',
            index=models.Index(fields=['account', 'currency', 'valid_from'], name='pe_fees_account'),
        ),
        migrations.AddConstraint(
            model_name='feeschedule',
            constraint=models.CheckConstraint(condition=models.Q(('cross_border_percent__gte', 0), ('dispute_fee__gte', 0), ('failed_refund_fee__gte', 0), ('fixed__gte', 0), ('fx_margin_percent__gte', 0), ('minimum__gte', 0), ('percent__gte', 0), ('refund_fee__gte', 0), ('risk_fee__gte', 0), ('tax_percent__gte', 0), ('cross_border_percent__lte', 100), ('fx_margin_percent__lte', 100), ('percent__lte', 100), ('tax_percent__lte', 100)), name='pe_fees_in_range'),
        ),
        migrations.AddConstraint(
            model_name='feeschedule',
            constraint=models.CheckConstraint(condition=models.Q(('valid_until__isnull', True), ('valid_until__gte', models.F('valid_from')), _connector='OR'), name='pe_fees_days_in_order'),
        ),
        migrations.AddConstraint(
            model_name='feeschedule',
            constraint=models.CheckConstraint(condition=models.Q(('ended_at__isnull', False), ('is_withdrawn', False), _connector='OR'), name='pe_fees_withdrawn_is_ended'),
        ),
        migrations.AddConstraint(
            model_name='feetier',
            constraint=models.UniqueConstraint(fields=('schedule', 'from_payments'), name='pe_fee_tier_once'),
        ),
        migrations.AddConstraint(
            model_name='feetier',
            constraint=models.CheckConstraint(condition=models.Q(('fixed__gte', 0), ('from_payments__gte', 1), ('percent__gte', 0), ('percent__lte', 100)), name='pe_fee_tier_in_range'),
        ),
        migrations.RunPython(build, migrations.RunPython.noop),
    ]
