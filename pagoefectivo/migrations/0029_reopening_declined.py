"""A re-opening that was asked for can be declined or withdrawn: the month is closed as before, and what was signed stays."""

from django.db import migrations, models

# Which way a close may go: open, prepared, closed, re-opening; back only from prepared to open, and from re-opening to closed.
KEEP_CLOSE = """
CREATE OR REPLACE FUNCTION pagoefectivo_keep_close() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    may boolean;
BEGIN
    IF TG_OP = 'INSERT' THEN
        may := NEW.standing IN ('open', 'prepared') AND NOT pagoefectivo_is_closed(NEW.account, NEW.month);
    ELSE
        may := ROW(OLD.id, OLD.account, OLD.month, OLD.revision) = ROW(NEW.id, NEW.account, NEW.month, NEW.revision)
            AND CASE OLD.standing
                WHEN 'open' THEN NEW.standing IN ('open', 'prepared')
                WHEN 'prepared' THEN NEW.standing = 'open' OR NEW.standing IN ('prepared', 'closed')
                    AND {prepared_stays}
                WHEN 'closed' THEN NEW.standing = 'reopening' AND NEW.agreed_at IS NULL
                    AND {prepared_stays} AND {signed_stays}
                ELSE OLD.agreed_at IS NULL AND {prepared_stays} AND {signed_stays} AND {from_reopening}
            END;
    END IF;
    IF NOT may THEN
        RAISE EXCEPTION '% of the close of % of % is refused', TG_OP, NEW.month, NEW.account
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""
PREPARED = ("figures", "digest", "prepared_by", "preparer_id", "prepared_at")
SIGNED = ("signed_by", "signer_id", "signed_at")
ASKED = ("asked_by", "asker_id", "asked_at", "asked_why")


def _stays(columns):
    olds, news = (", ".join(f"{row}.{column}" for column in columns) for row in ("OLD", "NEW"))
    return f"ROW({olds}) IS NOT DISTINCT FROM ROW({news})"


AGREED_ONLY = f"NEW.standing = 'reopening' AND {_stays(ASKED)}"
OR_DECLINED = f"({AGREED_ONLY} OR NEW.standing = 'closed')"


def _keep_close(from_reopening):
    def replace(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            function = KEEP_CLOSE.format(
                prepared_stays=_stays(PREPARED), signed_stays=_stays(SIGNED), from_reopening=from_reopening
            )
            schema_editor.execute(function, params=None)

    return replace


class Migration(migrations.Migration):
    dependencies = [("pagoefectivo", "0028_difference_guards")]
    operations = [
        migrations.RunPython(_keep_close(OR_DECLINED), _keep_close(AGREED_ONLY)),
        migrations.AlterField(
            model_name="closeact",
            name="act",
            field=models.CharField(
                choices=[
                    ("prepared", "prepared"),
                    ("withdrawn", "preparation withdrawn"),
                    ("signed", "signed"),
                    ("asked", "re-opening asked for"),
                    ("reopened", "opened again"),
                    ("declined", "re-opening declined"),
                    ("retracted", "re-opening asked for no more"),
                ],
                max_length=12,
                verbose_name="what",
            ),
        ),
    ]
