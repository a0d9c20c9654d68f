"""The console: a page a person reads, and buttons that call the same operations as the control."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, urlsplit

from pagoefectivo.sandbox.company import Company
from pagoefectivo.sandbox.operations import Operations
from pagoefectivo.sandbox.pages import CSS_HASH, STATEMENTS, page
from pagoefectivo.sandbox.refusals import ControlRefused
from pagoefectivo.sandbox.view import View
from pagoefectivo.sandbox.wire import Answer, Request
from pagoefectivo.sandbox.words import LANGUAGES

HTML = "text/html; charset=utf-8"
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src '{CSS_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}

Form = Mapping[str, str]


class Console:
    """Answers GET / with the page and POST / with a redirect back to it."""

    def __init__(self, operations: Operations, company: Company) -> None:
        self._operations = operations
        self._company = company
        self._lock = threading.Lock()
        self._said: tuple[str | None, str | None] = (None, None)
        self._acts: dict[str, Callable[[Form], object]] = {
            "pay": self._pay,
            "expire": lambda form: operations.expire(form["code"]),
            "reject": lambda form: operations.reject(form["code"]),
            "reverse": lambda form: operations.reverse(form["code"]),
            "dashboard_refund": lambda form: operations.dashboard_refund(form["code"]),
            "settle": lambda form: operations.settle_refund(form["refund_id"], form["outcome"], form.get("amount")),
            "resend": lambda form: operations.resend(int(form["delivery_id"])),
            "advance": lambda form: operations.advance(float(form["seconds"])),
            "next_expiry": lambda _: operations.advance_to_next_expiry(),
            "fault": self._fault,
            "webhook_fault": lambda form: operations.webhook_fault(form["kind"], int(form["times"]), form["place"]),
            "scenario": lambda form: operations.scenario(form["scenario"]),
            "clear_faults": lambda _: operations.clear_faults(),
            "behave": self._behave,
            "reset": lambda _: operations.reset(),
        }

    def answer(self, request: Request) -> Answer:
        if request.method == "GET" and request.path.startswith(STATEMENTS):
            return self._statement(request.path.removeprefix(STATEMENTS))
        if request.path != "/":
            return Answer(404, b"NOT_FOUND", "text/plain")
        view = self._view(request.query)
        if request.method == "POST":
            return self._do(request, view)
        with self._lock:
            (notice, problem), self._said = self._said, (None, None)
        return Answer(200, page(self._company, view, notice, problem), HTML, HEADERS)

    def _view(self, query: Mapping[str, str]) -> View:
        language, psp = query.get("lang", ""), query.get("psp", "")
        return View(
            language if language in LANGUAGES else LANGUAGES[0],
            query.get("refresh") == "1",
            psp if psp in self._company.faces else "",
        )

    def _statement(self, path: str) -> Answer:
        psp, _, layout = path.partition("/")
        try:
            text = self._operations.statement(psp, layout)
        except ControlRefused as refusal:
            return Answer(404, str(refusal).encode(), "text/plain; charset=utf-8")
        kind = "json" if layout.endswith("json") else "csv"
        named = {"Content-Disposition": f'attachment; filename="{psp}-{layout}.{kind}"'}
        return Answer(200, text.encode(), f"text/{kind}; charset=utf-8", HEADERS | named)

    def _do(self, request: Request, view: View) -> Answer:
        origin = request.headers.get("origin")
        if origin not in (None, "null") and urlsplit(origin).netloc != request.headers.get("host"):
            return Answer(403, b"This form was not sent from the console.", "text/plain")
        form = dict(parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True))
        said: tuple[str | None, str | None] = (view.say("Done."), None)
        try:
            self._acts[form.get("act", "")](form)
        except ControlRefused as refusal:
            said = (None, view.say(refusal.template, **refusal.values))
        except (KeyError, ValueError):
            said = (None, view.say("This form is incomplete."))
        with self._lock:
            self._said = said
        return Answer(303, b"", "text/plain", {"Location": "/" + view.query()})

    def _pay(self, form: Form) -> None:
        self._operations.pay(
            form["code"], form.get("amount"), form.get("currency"), late="late" in form, twice="twice" in form
        )

    def _fault(self, form: Form) -> None:
        options = {"code": form["code"]} if form["kind"] == "refused" and form.get("code") else {}
        self._operations.fault(form["place"], form["kind"], int(form["times"]), **options)

    def _behave(self, form: Form) -> None:
        self._operations.configure(
            permissive="permissive" in form,
            cancel_allowed="cancel_allowed" in form,
            auto_refund="succeed" if "auto_refund" in form else None,
        )
