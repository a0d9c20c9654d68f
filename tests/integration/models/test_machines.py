"""What django-fsm-2 was measured to get wrong around protected states, and what our machines make of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections
from django_fsm import ConcurrentTransition, TransitionNotAllowed

from pagoefectivo.models import Order, Voucher

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def voucher(open_order: Callable[..., Order]) -> Voucher:
    open_order()
    return Voucher.objects.get()


def test_a_state_cannot_be_assigned(voucher: Voucher) -> None:
    with pytest.raises(AttributeError):
        voucher.state = "paid"
    assert Voucher.objects.get().state == "issued"


def test_a_move_that_the_machine_does_not_know_is_refused(voucher: Voucher) -> None:
    with pytest.raises(TransitionNotAllowed):
        voucher.submit()
    assert voucher.state == "issued"


def test_refreshing_brings_the_state_of_the_row_and_keeps_it_protected(voucher: Voucher) -> None:
    other = Voucher.objects.get()
    other.expire()
    other.save()
    voucher.refresh_from_db()
    assert voucher.state == "expired"
    with pytest.raises(AttributeError):
        voucher.state = "paid"


def test_a_refresh_that_fails_leaves_the_state_and_its_protection_as_they_were(voucher: Voucher) -> None:
    def refuse(*_: Any) -> None:
        raise DatabaseError

    with connection.execute_wrapper(refuse), pytest.raises(DatabaseError):
        voucher.refresh_from_db()
    assert voucher.state == "issued"
    assert Voucher._meta.get_field("state").protected is True
    with pytest.raises(AttributeError):
        voucher.state = "paid"


def test_many_threads_refresh_at_once_without_a_false_alarm(voucher: Voucher) -> None:
    failures: list[BaseException] = []
    start = threading.Barrier(8)

    def refresh() -> None:
        mine = Voucher.objects.get()
        start.wait()
        try:
            for _ in range(25):
                mine.refresh_from_db()
        except BaseException as error:  # noqa: BLE001 - any error is the finding
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=refresh) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_saving_over_somebody_elses_move_raises_and_changes_nothing(voucher: Voucher) -> None:
    late = Voucher.objects.get()
    voucher.pay()
    voucher.save()
    late.expire()
    with pytest.raises(ConcurrentTransition):
        late.save()
    assert Voucher.objects.get().state == "paid"


def test_a_deferred_state_can_be_loaded(voucher: Voucher) -> None:
    assert Voucher.objects.only("pk").get().state == "issued"
