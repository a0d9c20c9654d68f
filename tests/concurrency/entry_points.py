"""The twelve ways to write into one order: what each person, shop, provider and clock does there.

Between them they are every public act on an order or a refund: five of `shop` and `services.orders`, five of
`services.refunds`, the letterbox with its worker, and the sweep. The REST API, the back office and the storefront
are spread over them, so that each is raced with the others.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from pagoefectivo import shop
from pagoefectivo.domain.exceptions import RuleRefused, StateConflict
from pagoefectivo.models import WebhookDelivery
from pagoefectivo.sandbox.psps.dlocal_signing import authorization, x_date
from pagoefectivo.services import api_keys, doubts, seams, sweep, webhooks
from pagoefectivo.services.claiming import claim_row
from tests.concurrency.conftest import PAYER
from tests.concurrency.scenes import WANTED, Scene

ENTRY_POINTS = (
    "open", "reissue", "cancel", "refresh", "accept", "notify",
    "sweep", "request", "approve", "withdraw", "retry", "redirect",
)  # fmt: skip
SCOPES = ("orders:read", "orders:write", "refunds:read", "refunds:write", "refunds:approve")
BANK_ACCOUNT = {
    "holder_name": "María Quispe",
    "document": {"type": "DNI", "number": "45678912"},
    "bank_code": "0018",
    "account_number": "00211223344556677889",
    "account_type": "C",
}  # fmt: skip
Act = Callable[[], bool]


class Racer:
    """One person with a browser, an API key and a shop. Each act is true when it was accepted, false when refused."""

    def __init__(self, name: str) -> None:
        self._user = User.objects.create_superuser(name, password="x")
        self._browser, self._client = Client(), Client()
        self._browser.force_login(self._user)
        key = api_keys.create_key(name, SCOPES, ())[1]
        self._key = {"Authorization": f"Api-Key {key}"}

    def at(self, point: str, scene: Scene) -> Act:
        """Return this person at an entry point, ready to act on the scene's order."""
        return partial(getattr(self, f"_{point}"), scene)

    def _open(self, scene: Scene) -> bool:
        """A second click on "pay": no refusal is right here."""
        order = shop.open_order(
            reference=scene.reference, amount=scene.amount, currency="PEN", payer=PAYER, account=scene.account
        )
        assert order.reference == scene.reference
        return True

    def _reissue(self, scene: Scene) -> bool:
        return self._post("order-vouchers", scene.reference)

    def _cancel(self, scene: Scene) -> bool:
        return _unless_refused(lambda: shop.cancel_order(reference=scene.reference))

    def _refresh(self, scene: Scene) -> bool:
        return self._click("order_refresh", scene.order_id)

    def _accept(self, scene: Scene) -> bool:
        return self._click("order_accept", scene.order_id, note="Nice buyer.")

    def _notify(self, scene: Scene) -> bool:
        """The provider's newest message is posted, and a worker acts on it."""
        body, login, secret = scene.letter.encode(), "sandbox_login", "sandbox_secret_key"
        date = x_date(seams.now())
        signed = {"X-Date": date, "X-Login": login, "Authorization": authorization(login, secret, date, body)}
        door = reverse("pagoefectivo:webhook", args=[scene.account])
        answer = self._client.post(door, body, content_type="application/json", headers=signed)
        assert answer.status_code == 200, answer.content
        delivery = WebhookDelivery.objects.get(event_identity=webhooks.identity_of(scene.account, body))
        claim = claim_row(WebhookDelivery, delivery.pk)
        if claim is not None:
            webhooks.process(claim)
        return True

    def _sweep(self, _scene: Scene) -> bool:
        report = sweep.run()
        assert report.failures == 0, report
        return True

    def _request(self, scene: Scene) -> bool:
        return self._post("order-refunds", scene.reference, {"amount": WANTED, "reason": "other"})

    def _approve(self, scene: Scene) -> bool:
        return self._click("refund_approve", scene.draft.pk, seen=doubts.seen_of(scene.draft))

    def _withdraw(self, scene: Scene) -> bool:
        return self._post("refund-cancel", scene.draft.public_id)

    def _retry(self, scene: Scene) -> bool:
        return self._click("refund_retry", scene.failed.pk)

    def _redirect(self, scene: Scene) -> bool:
        return self._post("refund-destination", scene.draft.public_id, BANK_ACCOUNT)

    def _post(self, name: str, target: str, document: dict[str, Any] | None = None) -> bool:
        body = "" if document is None else json.dumps(document)
        answer = self._client.post(
            reverse(f"pagoefectivo:api-{name}", args=[target]),
            body,
            content_type="application/json",
            headers={**self._key, "Idempotency-Key": seams.new_id()},
        )
        assert answer.status_code in {200, 201, 409, 422}, (answer.status_code, answer.content)
        return answer.status_code < 400

    def _click(self, name: str, row_id: int, **form: str) -> bool:
        """Post a form of the back office; what is refused is shown on the page that asked."""
        answer = self._browser.post(reverse(f"admin:pagoefectivo_{name}", args=[row_id]), form)
        assert answer.status_code in {302, 422}, (answer.status_code, answer.content)
        return answer.status_code == 302


def _unless_refused(act: Callable[[], object]) -> bool:
    try:
        act()
    except (RuleRefused, StateConflict):
        return False
    return True
