"""Tables of their own for exchange rates and their corrections; nothing that exists is touched."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


GUARDS = (
    ("pe_keep_rows", "DELETE", "pagoefectivo_exchangerate"),
    ("pe_append_only", "UPDATE OR DELETE", "pagoefectivo_ratecorrection"),
)


def build(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name, acts, table in GUARDS:
            guard = f"CREATE TRIGGER {name} BEFORE {acts} ON {table} FOR EACH ROW EXECUTE FUNCTION pagoefectivo_refuse();"
            schema_editor.execute(guard, params=None)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name, _acts, table in GUARDS:
            schema_editor.execute(f"DROP TRIGGER {name} ON {table};", params=None)


class Migration(migrations.Migration):

    dependencies = [
        ('pagoefectivo', '0024_settlements'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ExchangeRate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(verbose_name='day')),
                ('base', models.CharField(default='USD', max_length=3, verbose_name='one')),
                ('quote', models.CharField(default='PEN', max_length=3, verbose_name='is worth, in')),
                ('rate', models.DecimalField(decimal_places=6, max_digits=18, verbose_name='rate')),
                ('source', models.CharField(max_length=100, verbose_name='published by')),
                ('imported_by', models.CharField(max_length=160, verbose_name='imported by')),
                ('imported_at', models.DateTimeField(verbose_name='imported')),
                ('importer', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'exchange rate',
                'verbose_name_plural': 'exchange rates',
                'permissions': [('keep_rates', 'Can import exchange rates')],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='RateCorrection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('before', models.DecimalField(decimal_places=6, max_digits=18, verbose_name='before')),
                ('after', models.DecimalField(decimal_places=6, max_digits=18, verbose_name='after')),
                ('source', models.CharField(max_length=100, verbose_name='published by')),
                ('reason', models.CharField(max_length=500, verbose_name='reason')),
                ('corrected_by', models.CharField(max_length=160, verbose_name='corrected by')),
                ('corrected_at', models.DateTimeField(verbose_name='corrected')),
                ('corrector', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('exchange_rate', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='corrections', to='pagoefectivo.exchangerate')),
            ],
            options={
                'verbose_name': 'corrected rate',
                'verbose_name_plural': 'corrected rates',
                'ordering': ('id',),
                'default_permissions': (),
            },
        ),
        migrations.AddConstraint(
            model_name='exchangerate',
            constraint=models.UniqueConstraint(fields=('day', 'base', 'quote'), name='pe_rate_once_a_day'),
        ),
        migrations.AddConstraint(
            model_name='exchangerate',
            constraint=models.CheckConstraint(condition=models.Q(('rate__gt', 0)), name='pe_rate_above_zero'),
        ),
        migrations.RunPython(build, drop),
    ]
