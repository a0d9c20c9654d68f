"""A refund whose process dies: wherever that is, one refund at the provider and one here, or none anywhere."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from pagoefectivo import shop
from pagoefectivo.models import Refund
from pagoefectivo.services.actors import SHOP
from tests.integration.ledger import cents, only_order, only_voucher, outbox

pytestmark = pytest.mark.django_db(transaction=True)


class Killed(BaseException):
    """The process is gone."""


def test_E19_a_crash_before_any_statement_of_a_refund_ends_in_one_refund_or_in_none(
    psp: Any, silent: None, paid_order: Any, world: Any, sweep: Any
) -> None:
    paid_order(amount="900.00")
    ends: list[str] = []
    for death in range(1, 200):
        left = iter(range(death - 1))

        def die(execute: Any, sql: str, params: Any, many: bool, context: Any, left: Any = left) -> Any:
            if next(left, None) is None:
                raise Killed
            return execute(sql, params, many, context)

        at_the_provider, here = len(psp.refunds()), Refund.objects.count()
        try:
            with connection.execute_wrapper(die):
                shop.request_refund(reference="A-1042", amount="10.00", reason="other", actor=SHOP)
        except Killed:
            for wait in ({"seconds": 10}, {"minutes": 30}):  # its lease runs out; a late execution would have shown
                world.advance(**wait)
                sweep()
        else:
            break
        made = Refund.objects.count() - here
        assert len(psp.refunds()) - at_the_provider == made, f"killed before statement {death}"
        ends.append({0: "nothing anywhere", 1: "one refund"}[made])
    for refund in psp.refunds():
        psp.settle_refund(refund["id"])
    world.advance(hours=1)
    sweep()
    count = Refund.objects.count()
    assert set(Refund.objects.values_list("state", flat=True)) == {"succeeded"}
    assert (psp.call_counts()["refund"], len(psp.refunds())) == (count, count), "none was sent twice"
    assert only_voucher().reserved_amount == only_order().refunded_amount == cents("10.00") * count
    assert outbox().count("refund_succeeded") == count
    assert ends == sorted(ends), "once it is written down it is never forgotten"
    assert (set(ends), len(ends) > 20) == ({"nothing anywhere", "one refund"}, True)
