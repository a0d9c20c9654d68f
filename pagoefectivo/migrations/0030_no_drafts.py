"""Lines are staged in a table that only their import sees; each of a million is not looked up in its file's row once more."""

import django.db.models.deletion
from django.db import migrations, models

from pagoefectivo.migrations._locking import under_all_locks


class Migration(migrations.Migration):
    dependencies = [("pagoefectivo", "0029_reopening_declined")]
    operations = under_all_locks(
        [
            migrations.DeleteModel("SettlementDraft"),
            migrations.AlterField(
                "settlementline",
                "report",
                models.ForeignKey(
                    db_constraint=False,
                    db_index=False,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="lines",
                    to="pagoefectivo.settlementreport",
                ),
            ),
        ]
    )
