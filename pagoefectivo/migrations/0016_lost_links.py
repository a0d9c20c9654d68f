"""A message more: the link that a buyer lost."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('pagoefectivo', '0015_watched_accounts'),
    ]

    operations = [
        migrations.AlterField(
            model_name='buyermessage',
            name='kind',
            field=models.CharField(choices=[('voucher_issued', 'payment code issued'), ('reminder_half', 'reminder, half of the time over'), ('reminder_last', 'reminder, the deadline is near'), ('paid', 'payment received'), ('paid_late', 'payment received late'), ('in_review', 'payment under review'), ('expired', 'payment code expired'), ('refund_requested', 'refund started'), ('refund_needs_account', 'refund needs a bank account'), ('refund_needs_account_day_3', 'refund needs a bank account, day 3'), ('refund_needs_account_day_7', 'refund needs a bank account, day 7'), ('refund_needs_account_last', 'refund needs a bank account, last time'), ('refund_account_given', 'bank account given'), ('refund_account_changed', 'bank account changed'), ('refund_sent', 'refund on its way'), ('refund_done', 'refund given back'), ('refund_failed', 'refund rejected'), ('refund_returned', 'refund sent back by the bank'), ('refund_withdrawn', 'refund withdrawn'), ('link_wanted', 'link asked for')], max_length=32, verbose_name='kind'),
        ),
    ]
