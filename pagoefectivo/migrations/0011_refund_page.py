"""The buyer's page of a refund: a key for each refund, those that exist included, and what its second question counts."""

import django.db.models.deletion
from django.db import migrations, models

import pagoefectivo.links
from pagoefectivo.migrations._locking import under_all_locks

PORTION = 1000
SOURCES = [('webhook', 'notification'), ('poll', 'query'), ('api', 'API'), ('settlement', 'settlement'), ('staff', 'staff'), ('buyer', "the buyer's page"), ('clock', 'clock')]


def give_keys(apps, schema_editor):
    refunds = apps.get_model("pagoefectivo", "Refund").objects.using(schema_editor.connection.alias)
    while portion := list(refunds.filter(page_key=None).only("pk", "page_key")[:PORTION]):
        for refund in portion:
            refund.page_key = pagoefectivo.links.new_page_key()
        refunds.bulk_update(portion, ["page_key"])


class Migration(migrations.Migration):

    dependencies = [("pagoefectivo", "0010_voucher_page")]

    operations = under_all_locks([
        migrations.AddField(
            model_name="refund",
            name="page_key",
            field=models.CharField(editable=False, max_length=32, null=True),
        ),
        migrations.AddField(
            model_name="refund",
            name="page_key_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.RunPython(give_keys, migrations.RunPython.noop, elidable=True),
        migrations.AlterField(
            model_name="refund",
            name="page_key",
            field=models.CharField(
                blank=True, default=pagoefectivo.links.new_page_key, editable=False, max_length=32, null=True, unique=True
            ),
        ),
        migrations.CreateModel(
            name='WrongAnswers',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subject', models.CharField(editable=False, max_length=64, unique=True)),
                ('count', models.PositiveIntegerField(default=0, verbose_name='wrong answers')),
                ('paused_until', models.DateTimeField(blank=True, null=True, verbose_name='paused until')),
                ('last_at', models.DateTimeField(db_index=True, verbose_name='last')),
            ],
            options={'verbose_name': 'wrong answers', 'verbose_name_plural': 'wrong answers'},
        ),
        migrations.CreateModel(
            name='EmailedCode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(editable=False, max_length=64)),
                ('sent', models.PositiveSmallIntegerField(default=0, verbose_name='sent today')),
                ('sent_at', models.DateTimeField(verbose_name='sent')),
                ('expires_at', models.DateTimeField(db_index=True, verbose_name='expires')),
                ('refund', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='pagoefectivo.refund')),
            ],
            options={'verbose_name': 'e-mailed code', 'verbose_name_plural': 'e-mailed codes'},
        ),
        migrations.AlterField(
            model_name='paymentevent',
            name='source',
            field=models.CharField(choices=SOURCES, max_length=12, verbose_name='source'),
        ),
        migrations.AlterField(
            model_name='statechange',
            name='source',
            field=models.CharField(choices=SOURCES, max_length=12, verbose_name='path'),
        ),
    ])
