"""Cases, their links and their history, in tables of their own, with what PostgreSQL refuses to change in them."""

import django.db.models.deletion
import pagoefectivo.models.fields
from django.conf import settings
from django.db import migrations, models

from pagoefectivo.migrations._locking import under_all_locks

OPENING = ("id", "public_id", "kind", "account", "subject", "opened_at", "opened_by")
ENTRY = ("id", "case_id", "act", "actor", "at", "details")


def _before_update(table, name, columns, function):
    changed = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns)
    return (
        f"CREATE TRIGGER {name} BEFORE UPDATE OF {', '.join(columns)} ON pagoefectivo_{table} "
        f"FOR EACH ROW WHEN ({changed}) EXECUTE FUNCTION {function};"
    )


def _triggers():
    yield _before_update("case", "pe_keep_facts", OPENING, "pagoefectivo_refuse()")
    yield _before_update("caseentry", "pe_keep_facts", ENTRY, "pagoefectivo_refuse()")
    yield _before_update("caseentry", "pe_keep_note", ["note"], "pagoefectivo_erase('note')")
    for table in ("case", "caseentry"):
        yield (
            f"CREATE TRIGGER pe_keep_rows BEFORE DELETE ON pagoefectivo_{table} "
            "FOR EACH ROW EXECUTE FUNCTION pagoefectivo_refuse();"
        )


def build(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for statement in _triggers():
            schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):

    dependencies = [
        ('pagoefectivo', "0017_error_catalogue"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = under_all_locks([
        migrations.CreateModel(
            name='Case',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(max_length=16, unique=True, verbose_name='number')),
                ('kind', models.CharField(choices=[('dispute', 'dispute'), ('anomaly', 'anomaly'), ('inquiry', 'inquiry')], max_length=12, verbose_name='kind')),
                ('standing', models.CharField(choices=[('open', 'case open'), ('evidence_sent', 'evidence sent'), ('won', 'won'), ('lost', 'lost'), ('withdrawn', 'case withdrawn'), ('closed', 'case closed')], default='open', max_length=16, verbose_name='state')),
                ('account', models.CharField(max_length=64, verbose_name='account')),
                ('subject', models.CharField(editable=False, max_length=60)),
                ('about', models.CharField(max_length=200, verbose_name='what it is about')),
                ('amount', models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True, verbose_name='amount')),
                ('currency', models.CharField(blank=True, max_length=3, verbose_name='currency')),
                ('responsible', models.CharField(blank=True, choices=[('', 'not decided yet'), ('shop', 'the shop'), ('buyer', 'the buyer'), ('provider', 'the provider'), ('bank', 'the bank'), ('us', 'our own software')], max_length=12, verbose_name='whose responsibility')),
                ('responsible_why', models.CharField(blank=True, max_length=300, verbose_name='why')),
                ('due_date', models.DateField(verbose_name='due date')),
                ('opened_at', models.DateTimeField(verbose_name='opened')),
                ('opened_by', models.CharField(max_length=160, verbose_name='opened by')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='ended')),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'case',
                'verbose_name_plural': 'cases',
                'permissions': [('open_case', 'Can open a case'), ('work_case', 'Can work on cases: notes, links, checklist, evidence sent'), ('assign_case', 'Can give a case to another person'), ('close_case', 'Can say how a case ended'), ('bundle_case', 'Can make the evidence bundle of a case, with masked messages of the provider')],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='CaseEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('act', models.CharField(choices=[('opened', 'opened'), ('assigned', 'assigned'), ('noted', 'noted'), ('linked', 'linked'), ('unlinked', 'unlinked'), ('due_moved', 'due_moved'), ('judged', 'judged'), ('ticked', 'ticked'), ('unticked', 'unticked'), ('evidence_sent', 'evidence_sent'), ('ended', 'ended'), ('bundled', 'bundled')], max_length=16, verbose_name='what happened')),
                ('actor', models.CharField(max_length=160, verbose_name='who')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('details', models.JSONField(default=dict)),
                ('note', pagoefectivo.models.fields.EncryptedTextField(blank=True, verbose_name='note')),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='pagoefectivo.case')),
            ],
            options={
                'verbose_name': 'line of a case',
                'verbose_name_plural': 'lines of cases',
                'ordering': ['id'],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='CaseLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('what', models.CharField(choices=[('order', 'order'), ('voucher', 'payment code'), ('refund', 'refund'), ('anomaly', 'anomaly'), ('proof', 'proof of payment'), ('exchange', 'provider call')], max_length=12, verbose_name='what')),
                ('row_id', models.PositiveBigIntegerField()),
                ('linked_at', models.DateTimeField(verbose_name='linked')),
                ('linked_by', models.CharField(max_length=160, verbose_name='linked by')),
                ('case', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='links', to='pagoefectivo.case')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='case_links', to='pagoefectivo.order')),
            ],
            options={
                'verbose_name': 'link of a case',
                'verbose_name_plural': 'links of cases',
                'default_permissions': ('view',),
            },
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('ended_at__isnull', True)), fields=['due_date', 'id'], name='pe_case_due'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('subject',), name='pe_case_open_once_subject'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('standing__in', ['evidence_sent', 'open'])), models.Q(('ended_at__isnull', False), models.Q(('standing__in', ['evidence_sent', 'open']), _negated=True)), _connector='OR'), name='pe_case_ended_has_outcome'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('amount__isnull', True), ('currency', '')), models.Q(('amount__gt', 0), models.Q(('currency', ''), _negated=True)), _connector='OR'), name='pe_case_amount_with_currency'),
        ),
        migrations.AddConstraint(
            model_name='caselink',
            constraint=models.UniqueConstraint(fields=('case', 'what', 'row_id'), name='pe_case_link_once'),
        ),
        migrations.RunPython(build, migrations.RunPython.noop),
    ])
