"""A code's new deadline: when it was last asked for, and which instant it is."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("pagoefectivo", "0008_non_working_days")]

    operations = [
        migrations.AddField(
            model_name="voucher",
            name="extend_wanted_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="new deadline asked for"),
        ),
        migrations.AddField(
            model_name="voucher",
            name="extend_wanted_until",
            field=models.DateTimeField(blank=True, null=True, verbose_name="new deadline"),
        ),
    ]
