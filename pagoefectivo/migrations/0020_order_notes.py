"""What staff did about an order that moved no state, in a table of its own that is only ever added to."""

import django.db.models.deletion
from django.db import migrations, models

from pagoefectivo.migrations._locking import under_all_locks

GUARD = (
    "CREATE TRIGGER pe_append_only BEFORE UPDATE OR DELETE ON pagoefectivo_ordernote "
    "FOR EACH ROW EXECUTE FUNCTION pagoefectivo_refuse();"
)


def build(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(GUARD, params=None)


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER pe_append_only ON pagoefectivo_ordernote;", params=None)


class Migration(migrations.Migration):

    dependencies = [
        ('pagoefectivo', '0019_refund_desk'),
    ]

    operations = under_all_locks([
        migrations.CreateModel(
            name='OrderNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('note', 'note'), ('relink', "new link to the buyer's page")], max_length=8, verbose_name='kind')),
                ('actor', models.CharField(max_length=160, verbose_name='who')),
                ('text', models.CharField(blank=True, max_length=1000, verbose_name='text')),
                ('at', models.DateTimeField(db_index=True, verbose_name='at')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notes', to='pagoefectivo.order')),
            ],
            options={
                'verbose_name': 'note on an order',
                'verbose_name_plural': 'notes on orders',
                'ordering': ['id'],
                'permissions': [('add_note', 'Can write notes on orders'), ('renew_order_link', 'Can give the buyer a new link to an order')],
            },
        ),
        migrations.RunPython(build, remove),
    ])
