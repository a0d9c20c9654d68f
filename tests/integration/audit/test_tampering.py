"""Whoever rewrites history is named, row by row: a superuser with the triggers switched off, but without our keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import models, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pagoefectivo.domain import chain
from pagoefectivo.models import AuditEntry
from pagoefectivo.models.audit import SEALED
from pagoefectivo.selectors import audit
from tests.integration.audit.evidence import KINDS, as_superuser, flip, found, one_of_each

pytestmark = pytest.mark.django_db
COLUMNS = [(table.name, column) for table in SEALED.values() for column in (*table.columns, *table.bodies)]
OF_AN_ENTRY = [field.attname for field in AuditEntry._meta.concrete_fields if not field.primary_key]


def test_an_untouched_history_raises_no_alarm(history: dict[str, models.Model]) -> None:
    verdict = audit.verify()
    assert (verdict.findings, verdict.entries, verdict.rows, verdict.unsealed) == ([], 3 * KINDS, 3 * KINDS, 0)


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_G19_a_changed_column_names_its_row(history: dict[str, models.Model], table: str, column: str) -> None:
    flip(history[table], column, 3)
    assert found() == [("changed", table, history[table].pk)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(which=st.sampled_from(COLUMNS), bit=st.integers(0, 2**12))
def test_any_single_bit_of_any_sealed_column_is_missed_nowhere(
    history: dict[str, models.Model], which: tuple[str, str], bit: int
) -> None:
    table, column = which
    with transaction.atomic():
        flip(history[table], column, bit)
        assert found() == [("changed", table, history[table].pk)]
        transaction.set_rollback(True)


@pytest.mark.parametrize("table", SEALED)
def test_G19_a_row_that_is_gone_is_named(history: dict[str, models.Model], table: str) -> None:
    with as_superuser():
        SEALED[table].rows.filter(pk=history[table].pk)._raw_delete("default")
    assert found() == [("missing", table, history[table].pk)]


@pytest.mark.parametrize("table", SEALED)
def test_G19_a_row_that_was_slipped_in_is_named(history: dict[str, models.Model], table: str) -> None:
    forged: Any = SEALED[table].rows.get(pk=history[table].pk)
    forged.pk = -5
    for unique, other in (("request_id", "forged"), ("event_identity", "forged"), ("slot", -1), ("strikes_id", -5)):
        setattr(forged, unique, other)
    with as_superuser():
        forged.save(force_insert=True)
    assert found() == [("inserted", table, -5)]


def test_a_row_that_was_given_another_number_is_missing_and_slipped_in(history: dict[str, models.Model]) -> None:
    row = history["paymentevent"]
    before = row.pk
    with as_superuser() as cursor:
        cursor.execute("UPDATE pagoefectivo_paymentevent SET id = -1 WHERE id = %s", [before])
    assert found() == [("missing", "paymentevent", before), ("inserted", "paymentevent", -1)]


@pytest.mark.parametrize("column", OF_AN_ENTRY)
def test_G19_a_changed_entry_of_the_chain_is_named(history: dict[str, models.Model], column: str) -> None:
    entry = AuditEntry.objects.get(table_name="apiexchange", last_id=history["apiexchange"].pk)
    if column in {"actor", "why"}:
        fill_in(entry.pk, column)
    else:
        flip(entry, column, 12 if column == "position" else 3)
    problems = {(problem, table) for problem, table, _ in found()}
    assert problems & {("entry_changed", "auditentry"), ("link_broken", "auditentry"), ("key_gone", "auditentry")}


def fill_in(pk: int, column: str) -> None:
    with as_superuser():
        AuditEntry.objects.filter(pk=pk).update(**{column: "x"})


def test_an_entry_taken_out_breaks_the_chain_and_its_rows_stand_alone(history: dict[str, models.Model]) -> None:
    entry = AuditEntry.objects.get(table_name="statechange", last_id=history["statechange"].pk)
    with as_superuser():
        AuditEntry.objects.filter(pk=entry.pk).delete()
    assert ("link_broken", "auditentry", entry.position + 1) in found()


def test_without_the_key_nobody_writes_a_chain_that_holds(history: dict[str, models.Model]) -> None:
    """Row 2 and its entry are taken out, and every hash after it is written anew: only the keyed seals are missing."""
    row = history["statechange"]
    entry = AuditEntry.objects.get(table_name="statechange", last_id=row.pk)
    later = list(AuditEntry.objects.filter(position__gt=entry.position).order_by("position"))
    with as_superuser() as cursor:
        cursor.execute("DELETE FROM pagoefectivo_statechange WHERE id = %s", [row.pk])
        AuditEntry.objects.filter(pk=entry.pk).delete()
        position, previous = entry.position, entry.previous_hash
        for each in later:
            each.position, each.previous_hash = position, previous
            each.hash = chain.link_hash(each.link, each.digest)
            each.save(update_fields=["position", "previous_hash", "hash"])
            position, previous = position + 1, each.hash
    named = found()
    assert [each for each in named if each[0] == "link_broken"] == []
    assert named == [("entry_changed", "auditentry", each.position) for each in later]


def test_an_entry_before_the_first_hides_no_row(history: dict[str, models.Model]) -> None:
    row = history["statechange"]
    with as_superuser() as cursor:
        cursor.execute("UPDATE pagoefectivo_statechange SET id = -7 WHERE id = %s", [row.pk])
        forged = AuditEntry.objects.get(position=1)
        forged.pk, forged.position, forged.first_id, forged.last_id = None, 0, -7, -7
        forged.manifest = chain.pack([chain.SealedRow(-7, bytes(32))])
        forged.hash = chain.link_hash(forged.link, forged.digest)
        forged.save(force_insert=True)
    named = found()
    assert ("missing", "statechange", row.pk) in named
    assert ("link_broken", "auditentry", 0) in named


def test_the_end_of_the_chain_cut_off_shows_against_a_head_kept_outside(
    history: dict[str, models.Model], clock: Any
) -> None:
    position, kept = audit.head()
    assert found(expected_head=kept) == []
    with as_superuser():
        for table in SEALED.values():
            table.rows.filter(pk=max(table.rows.values_list("pk", flat=True)))._raw_delete("default")
        AuditEntry.objects.filter(position__gt=position - KINDS).delete()
    assert found() == [], "nothing within the database tells"
    assert found(expected_head=kept) == [("head_unknown", "auditentry", position - KINDS)]


def test_a_chain_cut_off_while_its_rows_stay_is_overdue(history: dict[str, models.Model], clock: Any) -> None:
    with as_superuser():
        AuditEntry.objects.all().delete()
    clock.advance(hours=2)
    assert [problem for problem, _, _ in found()] == ["overdue"]


def test_two_rows_that_changed_places_are_both_named(history: dict[str, models.Model], clock: Any) -> None:
    with as_superuser() as cursor:
        cursor.execute("SELECT id FROM pagoefectivo_apiexchange ORDER BY id")
        (first,), (second,), _ = cursor.fetchall()
        cursor.execute("UPDATE pagoefectivo_apiexchange SET id = -1 WHERE id = %s", [first])
        cursor.execute("UPDATE pagoefectivo_apiexchange SET id = %s WHERE id = %s", [first, second])
        cursor.execute("UPDATE pagoefectivo_apiexchange SET id = %s WHERE id = -1", [second])
    assert found() == [("changed", "apiexchange", first), ("changed", "apiexchange", second)]


def test_a_thousand_findings_are_kept_and_all_are_counted(
    rows: dict[str, models.Model], seal: Callable[[], int], monkeypatch: pytest.MonkeyPatch, clock: Any
) -> None:
    monkeypatch.setattr(audit, "MOST_FINDINGS", 2)
    seal()
    with as_superuser():
        one_of_each(clock.now(), 2)
    seal()
    for table in SEALED.values():
        flip(table.rows[0], table.instant, 1)
    verdict = audit.verify()
    assert (len(verdict.findings), verdict.problems) == (2, KINDS)
