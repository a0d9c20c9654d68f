"""The monthly close with its two signatures, bank receipts, and what PostgreSQL refuses in a month that is closed."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# A closed month is one whose last revision two people signed, and that was not opened again.
FUNCTIONS = """
CREATE FUNCTION pagoefectivo_is_closed(of_account text, of_month date) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM pagoefectivo_monthlyclose
        WHERE account = of_account AND month = of_month AND standing IN ('closed', 'reopening') AND agreed_at IS NULL)
$$;

-- Once a statement, not once a row: a file has a million lines, an account a few dozen months.
CREATE FUNCTION pagoefectivo_keep_month() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touched record;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        FOR touched IN SELECT DISTINCT account, month FROM before LOOP
            IF pagoefectivo_is_closed(touched.account, touched.month) THEN
                RAISE EXCEPTION '% of % is refused: % of % is closed', TG_OP, TG_TABLE_NAME, touched.month, touched.account
                    USING ERRCODE = 'restrict_violation';
            END IF;
        END LOOP;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        FOR touched IN SELECT DISTINCT account, month FROM fresh LOOP
            IF pagoefectivo_is_closed(touched.account, touched.month) THEN
                RAISE EXCEPTION '% of % is refused: % of % is closed', TG_OP, TG_TABLE_NAME, touched.month, touched.account
                    USING ERRCODE = 'restrict_violation';
            END IF;
        END LOOP;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION pagoefectivo_keep_share() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touched record;
BEGIN
    FOR touched IN
        SELECT account, month FROM pagoefectivo_settlementline
        WHERE id = CASE TG_OP WHEN 'INSERT' THEN NEW.line_id ELSE OLD.line_id END
    LOOP
        IF TG_OP = 'UPDATE' OR pagoefectivo_is_closed(touched.account, touched.month) THEN
            RAISE EXCEPTION '% of % is refused: it is only ever added, and % of % may be closed', TG_OP, TG_TABLE_NAME,
                touched.month, touched.account USING ERRCODE = 'restrict_violation';
        END IF;
    END LOOP;
    RETURN COALESCE(NEW, OLD);
END $$;

-- Which way a close may go: open, prepared, closed, re-opening, and back only from prepared to open.
CREATE FUNCTION pagoefectivo_keep_close() RETURNS trigger LANGUAGE plpgsql AS $$
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
                ELSE OLD.agreed_at IS NULL AND NEW.standing = 'reopening'
                    AND {prepared_stays} AND {signed_stays} AND {asked_stays}
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
OF_A_MONTH = ("settlementline", "discrepancy", "bankreceipt")
EVENTS = {
    "insert": "NEW TABLE AS fresh",
    "update": "OLD TABLE AS before NEW TABLE AS fresh",
    "delete": "OLD TABLE AS before",
}


def _stays(columns):
    olds, news = (", ".join(f"{row}.{column}" for column in columns) for row in ("OLD", "NEW"))
    return f"ROW({olds}) IS NOT DISTINCT FROM ROW({news})"


def _triggers():
    for table in OF_A_MONTH:
        for event, tables in EVENTS.items():
            yield (
                f"CREATE TRIGGER pe_keep_month_{event} AFTER {event.upper()} ON pagoefectivo_{table} "
                f"REFERENCING {tables} FOR EACH STATEMENT EXECUTE FUNCTION pagoefectivo_keep_month();"
            )
    yield (
        "CREATE TRIGGER pe_keep_month BEFORE INSERT OR UPDATE OR DELETE ON pagoefectivo_settlementshare "
        "FOR EACH ROW EXECUTE FUNCTION pagoefectivo_keep_share();"
    )
    yield (
        "CREATE TRIGGER pe_keep_close BEFORE INSERT OR UPDATE ON pagoefectivo_monthlyclose "
        "FOR EACH ROW EXECUTE FUNCTION pagoefectivo_keep_close();"
    )
    yield (
        "CREATE TRIGGER pe_keep_rows BEFORE DELETE ON pagoefectivo_monthlyclose "
        "FOR EACH ROW EXECUTE FUNCTION pagoefectivo_refuse();"
    )
    for table in ("closeact", "bankreceipt"):
        yield (
            f"CREATE TRIGGER pe_append_only BEFORE UPDATE OR DELETE ON pagoefectivo_{table} "
            "FOR EACH ROW EXECUTE FUNCTION pagoefectivo_refuse();"
        )


def build(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        functions = FUNCTIONS.format(
            prepared_stays=_stays(PREPARED), signed_stays=_stays(SIGNED), asked_stays=_stays(ASKED)
        )
        for statement in (functions, *_triggers()):
            schema_editor.execute(statement, params=None)


def drop(apps, schema_editor):
    """The tables that go take their own triggers along."""
    if schema_editor.connection.vendor != "postgresql":
        return
    for table in ("settlementline", "discrepancy"):
        for event in EVENTS:
            schema_editor.execute(f"DROP TRIGGER pe_keep_month_{event} ON pagoefectivo_{table};", params=None)
    schema_editor.execute("DROP TRIGGER pe_keep_month ON pagoefectivo_settlementshare;", params=None)
    schema_editor.execute("DROP FUNCTION pagoefectivo_keep_month(), pagoefectivo_keep_share(), pagoefectivo_keep_close() CASCADE;", params=None)
    schema_editor.execute("DROP FUNCTION pagoefectivo_is_closed(text, date);", params=None)


class Migration(migrations.Migration):

    dependencies = [
        ('pagoefectivo', '0026_fee_schedules'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='MonthlyClose',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account', models.CharField(max_length=64, verbose_name='account')),
                ('month', models.DateField(verbose_name='month')),
                ('revision', models.PositiveIntegerField(default=1, verbose_name='revision')),
                ('standing', models.CharField(choices=[('open', 'open'), ('prepared', 'prepared, waits for the second signature'), ('closed', 'closed'), ('reopening', 'closed, to be opened again')], default='open', max_length=12, verbose_name='standing')),
                ('figures', models.JSONField(blank=True, default=dict, verbose_name='figures')),
                ('digest', models.CharField(blank=True, max_length=64, verbose_name='SHA-256')),
                ('prepared_by', models.CharField(blank=True, max_length=160, verbose_name='prepared by')),
                ('prepared_at', models.DateTimeField(blank=True, null=True, verbose_name='prepared')),
                ('signed_by', models.CharField(blank=True, max_length=160, verbose_name='signed by')),
                ('signed_at', models.DateTimeField(blank=True, null=True, verbose_name='signed')),
                ('asked_by', models.CharField(blank=True, max_length=160, verbose_name='re-opening asked for by')),
                ('asked_at', models.DateTimeField(blank=True, null=True, verbose_name='re-opening asked for')),
                ('asked_why', models.CharField(blank=True, max_length=500, verbose_name='why it shall be opened again')),
                ('agreed_by', models.CharField(blank=True, max_length=160, verbose_name='re-opening agreed by')),
                ('agreed_at', models.DateTimeField(blank=True, null=True, verbose_name='opened again')),
                ('agreer', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('asker', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('preparer', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('signer', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'month',
                'verbose_name_plural': 'months',
                'permissions': [('prepare_close', 'Can prepare the close of a month'), ('sign_close', 'Can sign the close of a month that somebody else prepared'), ('reopen_close', 'Can ask to open a closed month again, and agree to it')],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='CloseAct',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('act', models.CharField(choices=[('prepared', 'prepared'), ('withdrawn', 'preparation withdrawn'), ('signed', 'signed'), ('asked', 're-opening asked for'), ('reopened', 'opened again')], max_length=12, verbose_name='what')),
                ('digest', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('why', models.CharField(blank=True, max_length=500, verbose_name='why')),
                ('actor', models.CharField(max_length=160, verbose_name='who')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('person', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('close', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='acts', to='pagoefectivo.monthlyclose')),
            ],
            options={
                'verbose_name': 'act on a month',
                'verbose_name_plural': 'acts on months',
                'ordering': ('id',),
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='BankReceipt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account', models.CharField(max_length=64, verbose_name='account')),
                ('month', models.DateField(verbose_name='month')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=12, verbose_name='amount')),
                ('day', models.DateField(verbose_name='day at the bank')),
                ('batch', models.CharField(blank=True, max_length=100, verbose_name='transfer')),
                ('reference', models.CharField(blank=True, max_length=64, verbose_name='operation number')),
                ('why', models.CharField(blank=True, max_length=500, verbose_name='why')),
                ('noted_by', models.CharField(max_length=160, verbose_name='noted by')),
                ('at', models.DateTimeField(verbose_name='noted')),
                ('noter', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('strikes', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='struck_by', to='pagoefectivo.bankreceipt', verbose_name='strikes out')),
            ],
            options={
                'verbose_name': 'bank receipt',
                'verbose_name_plural': 'bank receipts',
                'permissions': [('note_receipt', 'Can note what arrived at the bank, and strike it out')],
                'default_permissions': ('view',),
                'indexes': [models.Index(fields=['account', 'month'], name='pe_receipt_month')],
                'constraints': [models.CheckConstraint(condition=models.Q(('month__day', 1), models.Q(('amount', 0), _negated=True)), name='pe_receipt_is_of_a_month'), models.CheckConstraint(condition=models.Q(('strikes__isnull', True), models.Q(('why', ''), _negated=True), _connector='OR'), name='pe_receipt_struck_has_reason')],
            },
        ),
        migrations.AddConstraint(
            model_name='monthlyclose',
            constraint=models.UniqueConstraint(fields=('account', 'month', 'revision'), name='pe_close_revision_once'),
        ),
        migrations.AddConstraint(
            model_name='monthlyclose',
            constraint=models.UniqueConstraint(condition=models.Q(('agreed_at__isnull', True)), fields=('account', 'month'), name='pe_close_one_counts'),
        ),
        migrations.AddConstraint(
            model_name='monthlyclose',
            constraint=models.CheckConstraint(condition=models.Q(('month__day', 1), ('revision__gte', 1)), name='pe_close_month_begins'),
        ),
        migrations.AddConstraint(
            model_name='monthlyclose',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('prepared_at__isnull', True), ('prepared_by', ''), ('preparer__isnull', True)), models.Q(models.Q(('prepared_by', ''), _negated=True), ('prepared_at__isnull', False), ('preparer__isnull', False)), _connector='OR'), name='pe_close_prepared_whole'),
        ),
        migrations.AddConstraint(
            model_name='monthlyclose',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('signed_at__isnull', True), ('signed_by', ''), ('signer__isnull', True)), models.Q(models.Q(('signed_by', ''), _negated=True), ('signed_at__isnull', False), ('signer__isnull', False)), _connector='OR'), name='pe_close_signed_whole'),
        ),
        migrations.AddConstraint(
            model_name='monthlyclose',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('asked_at__isnull', True), ('asked_by', ''), ('asker__isnull', True)), models.Q(models.Q(('asked_by', ''), _negated=True), ('asked_at__isnull', False), ('asker__isnull', False)), _connector='OR'), name='pe_close_asked_whole'),
        ),
        migrations.AddConstraint(
            model_name='monthlyclose',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('agreed_at__isnull', True), ('agreed_by', ''), ('agreer__isnull', True)), models.Q(models.Q(('agreed_by', ''), _negated=True), ('agreed_at__isnull', False), ('agreer__isnull', False)), _connector='OR'), name='pe_close_agreed_whole'),
        ),
        migrations.AddConstraint(
            model_name='monthlyclose',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('digest', ''), ('prepared_at__isnull', True), ('signed_at__isnull', True), ('standing', 'open')), models.Q(('prepared_at__isnull', False), ('signed_at__isnull', True), ('standing', 'prepared')), models.Q(('prepared_at__isnull', False), ('signed_at__isnull', False), ('standing__in', ('closed', 'reopening'))), _connector='OR'), name='pe_close_standing_is_signed'),
        ),
        migrations.AddConstraint(
            model_name='monthlyclose',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('asked_at__isnull', False), ('standing', 'reopening')), models.Q(models.Q(('standing', 'reopening'), _negated=True), ('agreed_at__isnull', True), ('asked_at__isnull', True)), _connector='OR'), name='pe_close_reopening_is_asked'),
        ),
        migrations.AddConstraint(
            model_name='monthlyclose',
            constraint=models.CheckConstraint(condition=models.Q(('asked_at__isnull', True), models.Q(('asked_why', ''), _negated=True), _connector='OR'), name='pe_close_reopening_has_reason'),
        ),
        migrations.AddConstraint(
            model_name='monthlyclose',
            constraint=models.CheckConstraint(condition=models.Q(('prepared_at__isnull', True), models.Q(('digest', ''), _negated=True), _connector='OR'), name='pe_close_prepared_has_digest'),
        ),
        migrations.AddConstraint(
            model_name='monthlyclose',
            constraint=models.CheckConstraint(condition=models.Q(('signed_at__isnull', True), models.Q(models.Q(('signed_by', models.F('prepared_by')), _negated=True), models.Q(('signer', models.F('preparer')), _negated=True)), _connector='OR'), name='pe_close_four_eyes'),
        ),
        migrations.AddConstraint(
            model_name='monthlyclose',
            constraint=models.CheckConstraint(condition=models.Q(('agreed_at__isnull', True), models.Q(models.Q(('agreed_by', models.F('asked_by')), _negated=True), models.Q(('agreer', models.F('asker')), _negated=True)), _connector='OR'), name='pe_close_reopening_four_eyes'),
        ),
        migrations.RunPython(build, drop),
    ]
