"""That no line is told twice is looked up by what tells lines apart first, once a line when it is judged and once when it is kept."""

from django.db import migrations, models

from pagoefectivo.migrations._locking import under_all_locks


class Migration(migrations.Migration):
    dependencies = [("pagoefectivo", "0030_no_drafts")]
    operations = under_all_locks(
        [
            migrations.RemoveConstraint("settlementline", "pe_line_told_once"),
            migrations.AddConstraint(
                "settlementline",
                models.UniqueConstraint(
                    condition=models.Q(("tells_first", True)),
                    fields=("identity", "account"),
                    name="pe_line_told_once",
                ),
            ),
        ]
    )
