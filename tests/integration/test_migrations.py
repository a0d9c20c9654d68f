"""The tables of a shop that was there before: they are gone on with, or nothing is touched."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.core.management import call_command
from django.db import NotSupportedError, connection
from django.db.migrations.recorder import MigrationRecorder

pytestmark = pytest.mark.django_db

EARLIER = import_module("pagoefectivo.migrations.0002_guards").EARLIER


def _made_by(names: list[str]) -> MigrationRecorder:
    recorder = MigrationRecorder(connection)
    recorder.record_unapplied("pagoefectivo", "0002_guards")
    for name in names:
        recorder.record_applied("pagoefectivo", name)
    return recorder


def test_a_database_made_by_all_earlier_migrations_goes_on_as_it_is() -> None:
    recorder = _made_by(EARLIER)
    call_command("migrate", verbosity=0)
    assert _ours(recorder) == ["0001_initial", "0002_guards"]


def test_one_made_by_some_of_them_is_refused_and_left_as_it_is() -> None:
    recorder = _made_by(EARLIER[:12])
    with pytest.raises(NotSupportedError, match="0014_proof_guards to 0032_pieces_as_they_are"):
        call_command("migrate", verbosity=0)
    assert _ours(recorder) == ["0001_initial", *EARLIER[:12]]


def test_one_that_has_only_the_first_of_them_is_refused_as_well() -> None:
    recorder = _made_by([])
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE pagoefectivo_monthlyclose RENAME TO not_yet")
    with pytest.raises(NotSupportedError, match="0002_tamper_evidence to 0032_pieces_as_they_are"):
        call_command("migrate", verbosity=0)
    assert _ours(recorder) == ["0001_initial"]


def _ours(recorder: MigrationRecorder) -> list[str]:
    return sorted(name for app, name in recorder.applied_migrations() if app == "pagoefectivo")
