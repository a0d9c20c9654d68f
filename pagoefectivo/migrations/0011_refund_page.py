"""The buyer's page of a refund: a key for each refund, those that exist included."""

from django.db import migrations, models

import pagoefectivo.links
from pagoefectivo.migrations._locking import under_all_locks

PORTION = 1000


def give_keys(apps, schema_editor):
    refunds = apps.get_model("pagoefectivo", "Refund").objects.using(schema_editor.connection.alias)
    while portion := list(refunds.filter(page_key=None).only("pk", "page_key")[:PORTION]):
        for refund in portion:
            refund.page_key = pagoefectivo.links.new_page_key()
        refunds.bulk_update(portion, ["page_key"])


class Migration(migrations.Migration):

    dependencies = [("pagoefectivo", "0009_buyer_messages")]

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
    ])
