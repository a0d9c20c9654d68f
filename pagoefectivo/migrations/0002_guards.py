"""What PostgreSQL refuses to change: evidence, what was signed, what was agreed. Apart from the tables, so that it can be taken back alone."""

from django.db import NotSupportedError, migrations
from django.db.migrations.recorder import MigrationRecorder

from pagoefectivo.migrations._guards import erasable, keeps, keeps_rows, only_added_to, stays
from pagoefectivo.migrations._locking import under_all_locks

FUNCTIONS = """
CREATE FUNCTION pagoefectivo_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % % is refused: evidence is only ever added', TG_OP, TG_TABLE_NAME, OLD.id
        USING ERRCODE = 'restrict_violation';
END $$;

-- Whether the audit entry that this transaction names in the setting pagoefectivo.retention accounts for a row.
CREATE FUNCTION pagoefectivo_accounted(evidence text, row_id bigint, what text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM pagoefectivo_auditentry
        WHERE position = nullif(current_setting('pagoefectivo.retention', true), '')::bigint
          AND 'pagoefectivo_' || table_name = evidence AND kind = what AND row_id BETWEEN first_id AND last_id)
$$;

CREATE FUNCTION pagoefectivo_remove() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pagoefectivo_accounted(TG_TABLE_NAME, OLD.id, 'removal') THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'DELETE of % % is refused: no audit entry accounts for it', TG_TABLE_NAME, OLD.id
        USING ERRCODE = 'restrict_violation';
END $$;

-- The WHEN clause of its triggers has found that a body changes; the first argument names the column.
CREATE FUNCTION pagoefectivo_erase() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    after_bytes integer;
BEGIN
    EXECUTE format('SELECT octet_length(($1).%I)', TG_ARGV[0]) USING NEW INTO after_bytes;
    IF after_bytes = 0 AND pagoefectivo_accounted(TG_TABLE_NAME, OLD.id, 'erasure') THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'UPDATE of % % is refused: a body may only be erased, with an audit entry', TG_TABLE_NAME, OLD.id
        USING ERRCODE = 'restrict_violation';
END $$;

-- A call that was given up may still be answered, once and within the hour.
CREATE FUNCTION pagoefectivo_answer_late() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.outcome = 'no_response' AND NEW.outcome IN ('answered', 'no_response')
       AND clock_timestamp() <= OLD.sent_at + interval '1 hour' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'UPDATE of % % is refused: the outcome of a call is written once', TG_TABLE_NAME, OLD.id
        USING ERRCODE = 'restrict_violation';
END $$;
"""

# A closed month is one whose last revision two people signed, and that was not opened again.
FUNCTIONS_OF_MONTHS = """
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

-- Which way a close may go: open, prepared, closed, re-opening; back only from prepared to open, and from re-opening to closed.
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

# Equality as a range of one hash: so no extension of PostgreSQL has to be installed.
NO_OVERLAP = """
ALTER TABLE pagoefectivo_feeschedule ADD CONSTRAINT pe_fees_no_overlap EXCLUDE USING gist (
    int8range(hashtextextended(account || ' ' || currency, 0), hashtextextended(account || ' ' || currency, 0), '[]')
        WITH &&,
    daterange(valid_from, valid_until, '[]') WITH &&
) WHERE (NOT is_withdrawn);
"""

MESSAGE = (
    *("id", "account", "event_identity", "headers", "verdict", "fault", "secret_index", "signed_at", "received_at"),
    "remote_ip",
)
REQUEST = ("id", "request_id", "account", "voucher_id", "refund_id", "sent_at")
CALL = ("operation", "method", "url", "request_headers")
ANSWER = ("outcome", "http_status", "response_headers", "duration_ms", "loss")
IS_ANSWERED = "(OLD.response_body IS NOT NULL OR OLD.outcome = 'answered' OR NEW.outcome <> 'answered')"
EVIDENCE = (
    *(only_added_to(table) for table in ("statechange", "paymentevent", "erroroccurrence", "auditentry", "accesslog")),
    *(keeps_rows(table, function="pagoefectivo_remove()") for table in ("apiexchange", "webhookdelivery")),
    keeps("webhookdelivery", "pe_keep_message", MESSAGE),
    keeps("webhookdelivery", "pe_keep_size", ["whole_size"]),
    erasable("webhookdelivery", "pe_keep_body", "body"),
    erasable("webhookdelivery", "pe_keep_raw_headers", "raw_headers"),
    *(
        keeps("webhookdelivery", f"pe_keep_{subject}", [subject], when=f"OLD.{subject} IS NOT NULL")
        for subject in ("voucher_id", "refund_id")
    ),
    keeps("apiexchange", "pe_keep_request", REQUEST),
    # A question of a batch is announced without its address, which comes with the answer.
    keeps("apiexchange", "pe_keep_call", CALL, when="OLD.url <> ''"),
    erasable("apiexchange", "pe_keep_asked", "request_body"),
    keeps(
        "apiexchange", "pe_keep_answer", ANSWER,
        when="OLD.outcome <> 'sending'", function="pagoefectivo_answer_late()",
    ),
    keeps(
        "apiexchange", "pe_keep_answered", ["response_body"],
        when=IS_ANSWERED, function="pagoefectivo_erase('response_body')",
    ),
)

TALLY = ("id", "account", "operation", "raw_code", "code", "first_at", "sample_id")
OPENING = ("id", "public_id", "kind", "account", "subject", "opened_at", "opened_by")
ENTRY = ("id", "case_id", "act", "actor", "at", "details")
SUPPORT = (
    *(only_added_to(table) for table in ("codemapping", "errormark", "deliveryact", "ordernote")),
    *(keeps_rows(table) for table in ("errortally", "case", "caseentry")),
    keeps("errortally", "pe_keep_facts", TALLY),
    keeps("case", "pe_keep_facts", OPENING),
    keeps("caseentry", "pe_keep_facts", ENTRY),
    erasable("caseentry", "pe_keep_note", "note"),
)

PROOF = (
    *("id", "public_id", "order_id", "voucher_id", "width", "height", "size", "sha256", "looks", "edited", "channel"),
    *("paid_at", "amount", "operation_digest", "received_at"),
)
READING = ("id", "proof_id", "engine", "outcome", "verdicts", "operation_digest", "duration_ms", "read_at")
PROOFS = (
    *(only_added_to(table) for table in ("prooflikeness", "proofreview")),
    *(keeps_rows(table) for table in ("paymentproof", "proofreading")),
    keeps("paymentproof", "pe_keep_facts", PROOF),
    keeps("proofreading", "pe_keep_facts", READING),
    *(
        erasable("paymentproof", f"pe_keep_{column}", column)
        for column in ("picture", "operation_number", "note", "remote_ip")
    ),
    erasable("proofreading", "pe_keep_seen", "seen"),
)

# What was asked for stays as it was asked for, by whom, of which payment.
ASKED_FOR = ("order_id", "voucher_id", "amount", "currency", "requested_by", "requester_id", "is_outside")
# An approval is of one payee: another payee, or another approver, is only taken once it was given back.
APPROVAL = ("destination_id", "approved_by", "approver_id", "approval_digest")
OWNED = ("owned_by", "owner_id", "owned_at")
PAYOUT = ("id", "reference", "account", "currency", "count", "total", "sha256", "made_by", "maker_id", "created_at")
# What is in a payout file stays in it, as it was written there.
IN_PAYOUT = ("payout_id", "destination_id", "amount", "currency", "approved_by")
REFUNDS = (
    only_added_to("limitpass"),
    *(keeps_rows(table) for table in ("payout", "refundfile")),
    keeps("payout", "pe_keep_facts", PAYOUT),
    erasable("payout", "pe_keep_file", "content"),
    keeps("refund", "pe_keep_request", ASKED_FOR),
    keeps("refund", "pe_keep_approval", APPROVAL, when="OLD.approved_by <> '' AND NEW.approved_by <> ''"),
    keeps("refund", "pe_keep_owned", OWNED, when="OLD.owned_at IS NOT NULL"),
    keeps("refund", "pe_keep_payout", IN_PAYOUT, when="OLD.payout_id IS NOT NULL"),
)

SCHEDULE = (
    *("id", "account", "name", "currency", "market", "valid_from", "planned_until", "percent", "fixed", "minimum"),
    *("risk_fee", "cross_border_percent", "refund_fee", "failed_refund_fee", "dispute_fee", "tax_percent"),
    *("settlement_currency", "fx_margin_percent", "why", "created_by", "creator_id", "created_at"),
)
END = ("valid_until", "is_withdrawn", "ended_by", "ender_id", "ended_at", "ended_why")
PREPARED = ("figures", "digest", "prepared_by", "preparer_id", "prepared_at")
SIGNED = ("signed_by", "signer_id", "signed_at")
REOPENING = ("asked_by", "asker_id", "asked_at", "asked_why")
SEEN_OF_A_MONTH = {
    "insert": "NEW TABLE AS fresh",
    "update": "OLD TABLE AS before NEW TABLE AS fresh",
    "delete": "OLD TABLE AS before",
}
MONTHS = (
    FUNCTIONS_OF_MONTHS.format(
        prepared_stays=stays(PREPARED),
        signed_stays=stays(SIGNED),
        from_reopening=f"(NEW.standing = 'reopening' AND {stays(REOPENING)} OR NEW.standing = 'closed')",
    ),
    *(
        f"CREATE TRIGGER pe_keep_month_{event} AFTER {event.upper()} ON pagoefectivo_{table} "
        f"REFERENCING {seen} FOR EACH STATEMENT EXECUTE FUNCTION pagoefectivo_keep_month();"
        for table in ("settlementline", "discrepancy", "bankreceipt")
        for event, seen in SEEN_OF_A_MONTH.items()
    ),
    "CREATE TRIGGER pe_keep_month BEFORE INSERT OR UPDATE OR DELETE ON pagoefectivo_settlementshare "
    "FOR EACH ROW EXECUTE FUNCTION pagoefectivo_keep_share();",
    "CREATE TRIGGER pe_keep_close BEFORE INSERT OR UPDATE ON pagoefectivo_monthlyclose "
    "FOR EACH ROW EXECUTE FUNCTION pagoefectivo_keep_close();",
    *(only_added_to(table) for table in ("discrepancyentry", "closeact", "bankreceipt", "ratecorrection", "feetier")),
    *(keeps_rows(table) for table in ("monthlyclose", "exchangerate", "feeschedule")),
    keeps("feeschedule", "pe_keep_facts", SCHEDULE),
    keeps("feeschedule", "pe_keep_end", END, when="OLD.ended_at IS NOT NULL"),
    NO_OVERLAP,
    # It is compressed and encrypted when it comes: PostgreSQL shall not try to compress it again.
    "ALTER TABLE pagoefectivo_settlementpiece ALTER COLUMN content SET STORAGE EXTERNAL;",
)
GONE = (  # triggers go with their functions
    *(
        f"DROP FUNCTION pagoefectivo_{function} CASCADE;"
        for function in (
            *("keep_month()", "keep_share()", "keep_close()", "is_closed(text, date)"),
            *("refuse()", "remove()", "erase()", "answer_late()", "accounted(text, bigint, text)"),
        )
    ),
    "ALTER TABLE pagoefectivo_feeschedule DROP CONSTRAINT pe_fees_no_overlap;",
    "ALTER TABLE pagoefectivo_settlementpiece ALTER COLUMN content SET STORAGE EXTENDED;",
)

# In whose place this one stands. A database that they made has its guards already.
EARLIER = """
    0002_tamper_evidence 0003_operations 0004_fewer_indexes 0005_export_permission 0006_payouts
    0007_payout_guards 0008_non_working_days 0009_moved_deadlines 0010_voucher_page 0011_refund_page
    0012_buyer_messages 0013_payment_proofs 0014_proof_guards 0015_watched_accounts 0016_lost_links
    0017_error_catalogue 0018_cases 0019_refund_desk 0020_order_notes 0021_work_queue
    0022_figures_rules_people 0023_access_guards 0024_settlements 0025_exchange_rates 0026_fee_schedules
    0027_monthly_close 0028_difference_guards 0029_reopening_declined 0030_no_drafts
    0031_told_once_by_identity 0032_pieces_as_they_are
""".split()

NEWEST_TABLE = "pagoefectivo_monthlyclose"  # of those that the earlier 0001_initial did not make


def build(_apps, editor):
    if not _was_made_before(editor.connection) and editor.connection.vendor == "postgresql":
        for statement in (FUNCTIONS, *EVIDENCE, *SUPPORT, *PROOFS, *REFUNDS, *MONTHS):
            editor.execute(statement, params=None)


def remove(_apps, editor):
    if editor.connection.vendor == "postgresql":
        for statement in GONE:
            editor.execute(statement, params=None)


def _was_made_before(connection):
    recorder = MigrationRecorder(connection)
    made_by = [name for app, name in recorder.applied_migrations() if app == "pagoefectivo" and name in EARLIER]
    missing = [name for name in EARLIER if name not in made_by]
    is_whole = NEWEST_TABLE in connection.introspection.table_names()
    if missing and (made_by or not is_whole):
        raise NotSupportedError(f"first migrate with a version that has {missing[0]} to {missing[-1]}: nothing was changed")
    for name in made_by:
        recorder.record_unapplied("pagoefectivo", name)
    return bool(made_by)


class Migration(migrations.Migration):
    dependencies = [("pagoefectivo", "0001_initial")]
    operations = under_all_locks([migrations.RunPython(build, remove)])
