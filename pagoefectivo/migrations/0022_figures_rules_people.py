"""When a buyer first saw a page, what rules flagged, and who looked at what."""

import django.db.models.deletion
from django.db import migrations, models

from pagoefectivo.migrations._locking import under_all_locks

class Migration(migrations.Migration):

    dependencies = [
        ('pagoefectivo', '0021_work_queue'),
    ]

    operations = under_all_locks([
        migrations.AddField(
            model_name='voucher',
            name='seen_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='page seen'),
        ),
        migrations.AlterField(
            model_name='outboxmessage',
            name='change',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='pagoefectivo.statechange'),
        ),
        migrations.CreateModel(
            name='AccessLog',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('people', 'personal data of a buyer'), ('bank', 'bank account of a buyer'), ('payload', 'raw messages'), ('picture', 'picture of a receipt'), ('export', 'file with a list'), ('as_buyer', "the buyer's page")], max_length=12, verbose_name='kind')),
                ('actor', models.CharField(max_length=160, verbose_name='who')),
                ('subject', models.CharField(max_length=120, verbose_name='of what')),
                ('why', models.CharField(max_length=200, verbose_name='why')),
                ('page', models.CharField(blank=True, max_length=80, verbose_name='page')),
                ('remote_ip', models.GenericIPAddressField(blank=True, null=True, verbose_name='IP')),
                ('at', models.DateTimeField(db_index=True, verbose_name='at')),
                ('slot', models.BigIntegerField(editable=False)),
                ('order', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='accesses', to='pagoefectivo.order')),
            ],
            options={
                'verbose_name': 'access to personal data',
                'verbose_name_plural': 'accesses to personal data',
                'indexes': [models.Index(condition=models.Q(('order__isnull', False)), fields=['order'], name='pe_access_order')],
                'constraints': [models.UniqueConstraint(fields=('actor', 'kind', 'subject', 'slot'), name='pe_access_once')],
            },
        ),
        migrations.CreateModel(
            name='BuyerMark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('mark', models.CharField(max_length=8)),
                ('digest', models.CharField(max_length=64)),
                ('at', models.DateTimeField(db_index=True)),
                ('order', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='pagoefectivo.order')),
            ],
            options={
                'verbose_name': 'mark of a buyer',
                'verbose_name_plural': 'marks of buyers',
                'indexes': [models.Index(fields=['mark', 'digest', 'at'], name='pe_mark_peers')],
                'constraints': [models.UniqueConstraint(fields=('order', 'mark', 'digest'), name='pe_mark_once')],
            },
        ),
        migrations.CreateModel(
            name='RiskFlag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rule', models.CharField(choices=[('small_burst', 'many small codes in a short time'), ('unpaid', 'many unpaid codes by one buyer'), ('by_phone', 'many orders with one phone'), ('by_document', 'many orders with one document'), ('by_address', 'receipts of many orders from one address')], max_length=16, verbose_name='rule')),
                ('facts', models.JSONField(default=dict)),
                ('raised_at', models.DateTimeField(db_index=True, verbose_name='raised')),
                ('dismissed_at', models.DateTimeField(blank=True, null=True, verbose_name='put aside')),
                ('dismissed_by', models.CharField(blank=True, max_length=160, verbose_name='put aside by')),
                ('dismissed_why', models.CharField(blank=True, max_length=200, verbose_name='why')),
                ('order', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='flags', to='pagoefectivo.order')),
            ],
            options={
                'verbose_name': 'risk flag',
                'verbose_name_plural': 'risk flags',
                'permissions': [('dismiss_flag', 'Can put a risk flag aside with a reason')],
                'indexes': [models.Index(condition=models.Q(('dismissed_at__isnull', True)), fields=['raised_at'], name='pe_flag_open')],
                'constraints': [models.UniqueConstraint(fields=('order', 'rule'), name='pe_flag_once')],
            },
        ),
        migrations.CreateModel(
            name='Figures',
            fields=[],
            options={
                'verbose_name': 'figures',
                'verbose_name_plural': 'figures',
                'default_permissions': ('view',),
                'proxy': True,
                'indexes': [],
                'constraints': [],
            },
            bases=('pagoefectivo.job',),
        ),
    ])
