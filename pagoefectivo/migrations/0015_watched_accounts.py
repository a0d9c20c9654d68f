"""Accounts for refunds are watched: which replaced which."""

import django.db.models.deletion
from django.db import migrations, models

from pagoefectivo.migrations._locking import under_all_locks

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
        ]
    )
