"""The control of a sandbox in another process: the methods of `Operations`, over HTTP."""

from __future__ import annotations

from typing import Any, Self, cast

import requests

from pagoefectivo.sandbox.refusals import ControlRefused

Record = dict[str, Any]
PATIENCE_SECONDS = 30.0


class SandboxControl:
    """Drives the sandbox at `url`, one POST per method; ControlRefused carries the sandbox's reason.

    Amounts are decimal strings, instants RFC 3339. A `code` may also be the PSP's payment id.
    """

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/") + "/_control/"
        self._session = requests.Session()
        self._session.trust_env = False

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def reset(self) -> None:
        """Empty the books: one merchant, real time, no faults, switches as at the start."""
        self._ask("reset")

    def payments(self, order_id: str | None = None) -> list[Record]:
        """Return all codes, or those of one order_id, oldest first."""
        return cast("list[Record]", self._ask("payments", order_id=order_id))

    def refunds(self, payment_id: str | None = None) -> list[Record]:
        """Return all refunds, or those of one payment, oldest first."""
        return cast("list[Record]", self._ask("refunds", payment_id=payment_id))

    def calls(self, operation: str | None = None) -> list[Record]:
        """Return every request to the API with its answer, or those of one operation, oldest first."""
        return cast("list[Record]", self._ask("calls", operation=operation))

    def call_counts(self) -> dict[str, int]:
        """Return how many requests each operation has had."""
        return cast("dict[str, int]", self._ask("call_counts"))

    def clear_calls(self) -> None:
        """Forget the requests and their counts."""
        self._ask("clear_calls")

    def deliveries(self, subject_id: str | None = None) -> list[Record]:
        """Return every notification with its attempts, or those about one payment or refund."""
        return cast("list[Record]", self._ask("deliveries", subject_id=subject_id))

    def totals(self, payment_id: str) -> dict[str, str]:
        """Return what came in, what is on its way back or back, and what reached the buyer."""
        return cast("dict[str, str]", self._ask("totals", payment_id=payment_id))

    def pay(
        self,
        code: str,
        amount: str | None = None,
        currency: str | None = None,
        *,
        late: bool = False,
        twice: bool = False,
    ) -> Record:
        """Take cash at the counter: any `amount` and `currency`, `late` for a dead code, `twice` for two payments."""
        return cast("Record", self._ask("pay", code=code, amount=amount, currency=currency, late=late, twice=twice))

    def expire(self, code: str) -> Record:
        """Let an unpaid code die now."""
        return cast("Record", self._ask("expire", code=code))

    def cancel(self, code: str) -> Record:
        """Withdraw an unpaid code."""
        return cast("Record", self._ask("cancel", code=code))

    def reject(self, code: str) -> Record:
        """Turn an unpaid code down."""
        return cast("Record", self._ask("reject", code=code))

    def reverse(self, code: str) -> Record:
        """Take a payment back: the PSP says canceled after it said paid."""
        return cast("Record", self._ask("reverse", code=code))

    def settle_refund(
        self, refund_id: str, outcome: str = "succeed", amount: str | None = None, reason: str | None = None
    ) -> Record:
        """Decide a refund: succeed (paying out `amount`), reject, cancel, or return after success."""
        return cast(
            "Record", self._ask("settle_refund", refund_id=refund_id, outcome=outcome, amount=amount, reason=reason)
        )

    def dashboard_refund(self, code: str, amount: str | None = None) -> Record:
        """Refund on the PSP's own screen; without an amount all that is left."""
        return cast("Record", self._ask("dashboard_refund", code=code, amount=amount))

    def fault(self, operation: str, kind: str, times: int | None = 1, **options: Any) -> Record:
        """Plan a fault for the next `times` requests of `operation` (or "any"); None until cleared."""
        return cast("Record", self._ask("fault", operation=operation, kind=kind, times=times, **options))

    def webhook_fault(self, kind: str, times: int | None = 1, subject: str = "any", **options: Any) -> Record:
        """Plan a fault for the next `times` notifications about a payment, a refund or any; None until cleared."""
        return cast("Record", self._ask("webhook_fault", kind=kind, times=times, subject=subject, **options))

    def scenario(self, name: str) -> None:
        """Let the next code follow a named scenario; "" takes the choice back."""
        self._ask("scenario", name=name)

    def scenarios(self, psp: str | None = None) -> list[Record]:
        """Return every scenario, or those that this PSP can play."""
        return cast("list[Record]", self._ask("scenarios", psp=psp))

    def faults(self) -> dict[str, list[Record]]:
        """Return the faults that have yet to strike, under `api` and `webhooks`."""
        return cast("dict[str, list[Record]]", self._ask("faults"))

    def clear_faults(self) -> None:
        """Drop all planned faults."""
        self._ask("clear_faults")

    def now(self) -> str:
        """Return the sandbox's time."""
        return cast("str", self._ask("now"))

    def advance(self, seconds: float) -> str:
        """Move the clock; what falls due on the way has happened when this returns."""
        return cast("str", self._ask("advance", seconds=seconds))

    def set_clock(self, moment: str) -> str:
        """Move the clock to an instant."""
        return cast("str", self._ask("set_clock", moment=moment))

    def advance_to_next_expiry(self) -> str:
        """Move the clock to the nearest deadline of an unpaid code."""
        return cast("str", self._ask("advance_to_next_expiry"))

    def configure(self, **switches: Any) -> dict[str, Any]:
        """Set switches by name and return all of them."""
        return cast("dict[str, Any]", self._ask("configure", **switches))

    def add_merchant(
        self, login: str, secrets: dict[str, str], notification_url: str | None = None, psp: str = "dlocal"
    ) -> dict[str, str | None]:
        """Open an account for another merchant at one of the faces."""
        return cast(
            "dict[str, str | None]",
            self._ask(
                "add_merchant",
                login=login,
                secrets=secrets,
                notification_url=notification_url,
                psp=psp,
            ),
        )

    def resend(self, delivery_id: int) -> Record:
        """Send a notification once more, freshly signed and without any fault."""
        return cast("Record", self._ask("resend", delivery_id=delivery_id))

    def inject(
        self,
        url: str,
        body: str,
        *,
        signed: bool = True,
        x_date: str | None = None,
        login: str | None = None,
        psp: str = "dlocal",
    ) -> Record:
        """Send any body to any receiver on this machine, well signed or forged, and return what it answered."""
        return cast(
            "Record", self._ask("inject", url=url, body=body, signed=signed, x_date=x_date, login=login, psp=psp)
        )

    def statement(self, psp: str, layout: str, since: str | None = None, until: str | None = None) -> str:
        """Return a PSP's report on the money that moved from `since` on and before `until`, in one of its layouts."""
        return cast("str", self._ask("statement", psp=psp, layout=layout, since=since, until=until))

    def wait_idle(self, timeout: float = 10.0, horizon: float = 1.0) -> bool:
        """Wait until no notification is on its way or due within `horizon` seconds; False after `timeout`."""
        return cast("bool", self._ask("wait_idle", timeout=timeout, horizon=horizon))

    def _ask(self, method: str, **arguments: Any) -> Any:
        patience = PATIENCE_SECONDS + float(arguments.get("timeout") or 0)
        response = self._session.post(self._url + method, json=arguments, timeout=patience)
        answer = response.json()
        if "refused" in answer:
            raise ControlRefused(answer["refused"])
        return answer["result"]
