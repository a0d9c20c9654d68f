"""Accounts for refunds are watched: which replaced which, which are found again, who could have given one as the buyer.

Older code leaves the digests empty: such an account is found by nobody until it is given anew.
"""

import django.db.models.deletion
from django.db import migrations, models

from pagoefectivo.migrations._locking import under_all_locks
from pagoefectivo.models.refunds import ACCOUNT, DOCUMENT, payee_digest

PORTION = 1000
KINDS = [
    ("voucher_issued", "payment code issued"),
    ("reminder_half", "reminder, half of the time over"),
    ("reminder_last", "reminder, the deadline is near"),
    ("paid", "payment received"),
    ("paid_late", "payment received late"),
    ("in_review", "payment under review"),
    ("expired", "payment code expired"),
    ("refund_requested", "refund started"),
    ("refund_needs_account", "refund needs a bank account"),
    ("refund_needs_account_day_3", "refund needs a bank account, day 3"),
    ("refund_needs_account_day_7", "refund needs a bank account, day 7"),
    ("refund_needs_account_last", "refund needs a bank account, last time"),
    ("refund_account_given", "bank account given"),
    ("refund_account_changed", "bank account changed"),
    ("refund_sent", "refund on its way"),
    ("refund_done", "refund given back"),
    ("refund_failed", "refund rejected"),
    ("refund_returned", "refund sent back by the bank"),
    ("refund_withdrawn", "refund withdrawn"),
]


def give_digests(apps, schema_editor):
    destinations = apps.get_model("pagoefectivo", "RefundDestination").objects.using(schema_editor.connection.alias)
    last = 0
    while portion := list(destinations.filter(pk__gt=last).order_by("pk")[:PORTION]):
        for kept in portion:
            kept.account_digest = payee_digest(ACCOUNT, kept.account_number)
            kept.document_digest = payee_digest(DOCUMENT, kept.document_number)
        destinations.bulk_update(portion, ["account_digest", "document_digest"])
        last = portion[-1].pk


class Migration(migrations.Migration):
    dependencies = [("pagoefectivo", "0014_proof_guards")]

    operations = under_all_locks(
        [
            migrations.AddField(
                model_name="refunddestination",
                name="replaces",
                field=models.ForeignKey(
                    blank=True,
                    db_index=False,
                    editable=False,
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="pagoefectivo.refunddestination",
                ),
            ),
            migrations.AddField(
                model_name="refunddestination",
                name="account_digest",
                field=models.CharField(blank=True, db_default="", editable=False, max_length=64),
            ),
            migrations.AddField(
                model_name="refunddestination",
                name="document_digest",
                field=models.CharField(blank=True, db_default="", editable=False, max_length=64),
            ),
            migrations.RunPython(give_digests, migrations.RunPython.noop, elidable=True),
            migrations.AddIndex(
                model_name="refunddestination",
                index=models.Index(
                    condition=models.Q(("account_digest", ""), _negated=True),
                    fields=["account_digest"],
                    name="pe_destination_account",
                ),
            ),
            migrations.AddIndex(
                model_name="refunddestination",
                index=models.Index(
                    condition=models.Q(("document_digest", ""), _negated=True),
                    fields=["document_digest"],
                    name="pe_destination_document",
                ),
            ),
            migrations.AddField(
                model_name="buyermessage",
                name="occurrence",
                field=models.CharField(blank=True, db_default="", default="", editable=False, max_length=20),
            ),
            migrations.AlterField(
                model_name="buyermessage",
                name="kind",
                field=models.CharField(choices=KINDS, max_length=32, verbose_name="kind"),
            ),
            migrations.RemoveConstraint(model_name="buyermessage", name="pe_message_refund_once"),
            migrations.AddConstraint(
                model_name="buyermessage",
                constraint=models.UniqueConstraint(
                    condition=models.Q(("refund__isnull", False)),
                    fields=("refund", "kind", "occurrence", "channel", "repeat"),
                    name="pe_message_refund_once",
                ),
            ),
            migrations.CreateModel(
                name="BuyerView",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    ("actor", models.CharField(max_length=160, verbose_name="who")),
                    ("at", models.DateTimeField(verbose_name="when")),
                    (
                        "order",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="buyer_views",
                            to="pagoefectivo.order",
                        ),
                    ),
                ],
                options={
                    "verbose_name": "look as the buyer",
                    "verbose_name_plural": "looks as the buyer",
                    "constraints": [models.UniqueConstraint(fields=("order", "actor"), name="pe_buyer_view_once")],
                },
            ),
        ]
    )
