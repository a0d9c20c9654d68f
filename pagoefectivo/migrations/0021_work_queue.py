"""What waits for a person: who has it, indexes of what waits, and digests by which orders are found.

The new columns are empty and their indexes hold only what is not, so this is over in the time of one look at each table.
The sweep fills them afterwards, a portion at a time.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from pagoefectivo.migrations._locking import under_all_locks


def _digest():
    return models.CharField(blank=True, db_default="", default="", editable=False, max_length=32)


class Migration(migrations.Migration):

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("pagoefectivo", "0020_order_notes"),
    ]

    operations = under_all_locks([
        migrations.AddField(model_name="order", name="phone_digest", field=_digest()),
        migrations.AddField(model_name="order", name="document_digest", field=_digest()),
        migrations.AddField(model_name="refunddestination", name="tail_digest", field=_digest()),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(condition=models.Q(("phone_digest", ""), _negated=True), fields=["phone_digest"], name="pe_order_phone"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(condition=models.Q(("document_digest", ""), _negated=True), fields=["document_digest"], name="pe_order_document"),
        ),
        migrations.AddIndex(
            model_name="refunddestination",
            index=models.Index(condition=models.Q(("tail_digest", ""), _negated=True), fields=["tail_digest"], name="pe_destination_tail"),
        ),
        migrations.AddIndex(
            model_name="anomaly",
            index=models.Index(condition=models.Q(("closed_at__isnull", True)), fields=["kind", "opened_at"], name="pe_anomaly_open"),
        ),
        migrations.AddIndex(
            model_name="refund",
            index=models.Index(
                condition=models.Q(("state__in", ["awaiting_approval", "failed", "requested", "returned", "unknown"])),
                fields=["state", "changed_at"],
                name="pe_refund_waits",
            ),
        ),
        migrations.AddIndex(
            model_name="refund",
            index=models.Index(
                condition=models.Q(("payout__isnull", False), ("state", "pending")), fields=["payout"], name="pe_refund_at_bank"
            ),
        ),
        migrations.AddIndex(
            model_name="webhookrejection",
            index=models.Index(fields=["hour_at"], name="pe_rejection_hour"),
        ),
        migrations.CreateModel(
            name="Ownership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("subject", models.CharField(max_length=40, verbose_name="what")),
                ("row_id", models.PositiveBigIntegerField(verbose_name="row")),
                ("owner_name", models.CharField(max_length=160, verbose_name="owner")),
                ("since", models.DateTimeField(verbose_name="since")),
                ("given_by", models.CharField(max_length=160, verbose_name="given by")),
                ("until", models.DateTimeField(blank=True, null=True, verbose_name="until")),
                ("ended_by", models.CharField(blank=True, max_length=160, verbose_name="ended by")),
                ("sets_aside", models.BooleanField(default=False, verbose_name="needs nothing more")),
                ("why", models.CharField(blank=True, max_length=300, verbose_name="why")),
                (
                    "owner",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "work in hand",
                "verbose_name_plural": "work queue",
                "permissions": [("own_work", "Can take and hand over what waits for a person")],
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(condition=models.Q(("until__isnull", True)), fields=["owner", "id"], name="pe_work_owner"),
                    models.Index(fields=["subject", "row_id"], name="pe_work_of"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("until__isnull", True)), fields=("subject", "row_id"), name="pe_work_owned_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("sets_aside", True)), fields=("subject", "row_id"), name="pe_work_set_aside_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("sets_aside", False),
                            models.Q(("until__isnull", False), models.Q(("why", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="pe_work_set_aside_says_why",
                    ),
                ],
            },
        ),
    ])
