from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("pagoefectivo", "0009_moved_deadlines")]

    operations = [
        migrations.AddField(
            model_name="voucher",
            name="said_paid_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="buyer says paid"),
        ),
    ]
