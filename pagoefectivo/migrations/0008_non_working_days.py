"""A table of its own for single days; nothing that exists is touched."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('pagoefectivo', '0007_payout_guards'),
    ]

    operations = [
        migrations.CreateModel(
            name='NonWorkingDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(unique=True, verbose_name='day')),
                ('what', models.CharField(help_text='The name of the day, or the decree with its number.', max_length=200, verbose_name='what it is')),
                ('banks_work', models.BooleanField(default=False, help_text='Banks move money on it as on any other day.', verbose_name='banks work')),
            ],
            options={
                'verbose_name': 'non-working day',
                'verbose_name_plural': 'non-working days',
                'permissions': [('keep_calendar', 'Can say on which days banks are closed')],
                'default_permissions': ('view',),
            },
        ),
    ]
