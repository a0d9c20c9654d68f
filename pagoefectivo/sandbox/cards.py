"""The lists of the console: codes, refunds and notifications, a card for each."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from pagoefectivo.sandbox.company import Company
from pagoefectivo.sandbox.ledger import Payment, Refund
from pagoefectivo.sandbox.markup import Markup, join, tag
from pagoefectivo.sandbox.scenarios import SCENARIOS
from pagoefectivo.sandbox.view import View, act, lima_time
from pagoefectivo.sandbox.webhooks import Delivery

SHOWN = 40
ONE = Decimal("1.00")


def _section(view: View, title: str, count: int, cards: list[Markup], empty: str) -> Markup:
    heading = tag("h2", view.say(title), tag("small", count))
    nothing = "Nothing of this PSP yet." if view.psp else empty
    return tag("section", heading, cards or tag("p", view.say(nothing), class_="card empty"))


def _badge(view: View, state: str) -> Markup:
    return tag("span", view.say(state), class_=f"badge {state}")


def _facts(view: View, facts: dict[str, str | None]) -> Markup:
    rows = [tag("div", tag("dt", view.say(name)), tag("dd", text)) for name, text in facts.items() if text is not None]
    return tag("dl", rows)


def psps(company: Company, view: View) -> Markup:
    """Return the way to one PSP's codes, refunds and notifications, and back to all of them."""
    counts = Counter(each.psp for each in company.ledger.payments())
    choices = {"": (view.say("All PSPs"), counts.total())}
    choices |= {name: (face.title, counts[name]) for name, face in company.faces.items()}
    links = [
        tag(
            "a",
            title,
            tag("small", count),
            href=view.query(psp=name),
            aria_current="true" if name == view.psp else None,
        )
        for name, (title, count) in choices.items()
    ]
    return tag("nav", links, class_="psps", aria_label="PSP")


def codes(company: Company, view: View) -> Markup:
    """Return the latest codes with what may happen to them."""
    payments = [each for each in company.ledger.payments()[::-1] if view.shows(each.psp)]
    cards = [_code(company, view, each) for each in payments[:SHOWN]]
    empty = "No code has been issued yet. Create an order in the shop and it will appear here."
    return _section(view, "Codes", len(payments), cards, empty)


def _code(company: Company, view: View, payment: Payment) -> Markup:
    refunded = company.ledger.refunded_total(payment.id)
    top = tag(
        "div",
        tag("span", payment.code, class_="code"),
        _badge(view, payment.state),
        tag("span", f"{payment.currency} {payment.amount:,.2f}", class_="amount"),
        class_="top",
    )
    facts = {
        "Order": payment.order_id,
        "Scenario": view.say(SCENARIOS[payment.scenario].title) if payment.scenario else None,
        "PSP": company.faces[payment.psp].title,
        "Deadline": lima_time(payment.expires_at),
        "Came in": f"{payment.received_currency} {payment.received:,.2f}" if payment.receipts else None,
        "Refunded": f"{payment.received_currency} {refunded:,.2f}" if refunded else None,
    }
    return tag("article", top, _facts(view, facts), _code_acts(company, view, payment), class_="card")


def _code_acts(company: Company, view: View, payment: Payment) -> Markup:
    code, amount = payment.code, payment.amount
    if payment.state == "pending":
        first = [act(view, "pay", "Pay at the counter", main=True, code=code)]
        more = [
            act(view, "pay", "Pay late", code=code, late=1),
            act(view, "pay", "Pay S/ 1 less", code=code, amount=f"{amount - ONE:.2f}"),
            act(view, "pay", "Pay S/ 1 more", code=code, amount=f"{amount + ONE:.2f}"),
            act(view, "pay", "Pay twice", code=code, twice=1),
            act(view, "pay", "Pay in USD", code=code, currency="USD"),
            act(view, "expire", "Expire", code=code),
            act(view, "reject", "Reject", code=code),
            _any_amount(view, code),
        ]
    elif payment.state == "paid":
        refunds_here = "refunds" in company.faces[payment.psp].abilities
        first = [act(view, "dashboard_refund", "Refund from here", code=code)] if refunds_here else []
        more = [act(view, "pay", "Pay once more", code=code, twice=1), act(view, "reverse", "Reverse", code=code)]
    else:
        first, more = [act(view, "pay", "Pay late", code=code, late=1)], []
    rest = tag("details", tag("summary", view.say("More")), tag("div", more, class_="acts")) if more else None
    return join(tag("div", first, class_="acts") if first else None, rest)


def _any_amount(view: View, code: str) -> Markup:
    return tag(
        "form",
        tag("input", type="hidden", name="act", value="pay"),
        tag("input", type="hidden", name="code", value=code),
        tag("input", type="number", name="amount", min="0.01", step="0.01", aria_label=view.say("Another amount")),
        tag("button", view.say("Pay this amount")),
        method="post",
        action=view.query(),
        class_="inline",
    )


def refunds(company: Company, view: View) -> Markup:
    """Return the latest refunds with what the bank may do."""
    known = [each for each in company.ledger.refunds()[::-1] if view.shows(each.psp)]
    cards = [_refund(company, view, each) for each in known[:SHOWN]]
    return _section(view, "Refunds", len(known), cards, "No refund has been asked for yet.")


def _refund(company: Company, view: View, refund: Refund) -> Markup:
    payment = company.ledger.payment(refund.payment_id)
    top = tag(
        "div",
        tag("span", refund.reference or refund.id, class_="mono"),
        _badge(view, refund.state),
        tag("span", f"{refund.currency} {refund.amount:,.2f}", class_="amount"),
        class_="top",
    )
    facts = {
        "Order": f"{payment.order_id} · {payment.code}" if payment else None,
        "PSP": company.faces[refund.psp].title,
        "Bank details": _destination(view, refund),
        "Paid out": f"{refund.currency} {refund.paid_out:,.2f}" if refund.state == "succeeded" else None,
        "Answer": refund.reason,
    }
    acts: list[Markup] = []
    if refund.state == "pending":
        acts = [
            act(view, "settle", "Accept", main=True, refund_id=refund.id, outcome="succeed"),
            act(view, "settle", "Reject", refund_id=refund.id, outcome="reject"),
            act(view, "settle", "Cancel", refund_id=refund.id, outcome="cancel"),
        ]
        if refund.amount > ONE:
            less = f"{refund.amount - ONE:.2f}"
            acts.append(
                act(view, "settle", "Accept, pay out less", refund_id=refund.id, outcome="succeed", amount=less)
            )
    elif refund.state == "succeeded":
        acts = [act(view, "settle", "Send back to the shop", refund_id=refund.id, outcome="return")]
    return tag("article", top, _facts(view, facts), tag("div", acts, class_="acts") if acts else None, class_="card")


def _destination(view: View, refund: Refund) -> str:
    account = refund.bank.get("bank_account")
    if account:
        return f"…{account[-4:]}"
    return view.say(refund.bank.get("bank") or "none: the payer would get a form by e-mail")


def deliveries(company: Company, view: View) -> Markup:
    """Return the latest notifications with what the receiver said."""
    known = [each for each in company.notifier.deliveries()[::-1] if view.shows(each.psp)]
    cards = [_delivery(company, view, each) for each in known[:SHOWN]]
    return _section(view, "Notifications", len(known), cards, "No notification has been sent yet.")


def _delivery(company: Company, view: View, delivery: Delivery) -> Markup:
    last = delivery.attempts[-1] if delivery.attempts else None
    result = "" if last is None else f"{last.status or last.error} · {last.latency_ms:.0f} ms"
    top = tag(
        "div",
        tag("strong", f"#{delivery.id} {view.say(delivery.subject)} · {company.faces[delivery.psp].title}"),
        _badge(view, delivery.state),
        tag("span", delivery.kind, class_="badge rejected") if delivery.kind else None,
        tag("span", result, class_="amount"),
        act(view, "resend", "Resend", delivery_id=delivery.id),
        class_="top",
    )
    tries = [
        tag(
            "li", f"{lima_time(each.at)} · {each.status or each.error} · {each.latency_ms:.0f} ms · {each.answer[:160]}"
        )
        for each in delivery.attempts
    ]
    waiting = f"{view.say('next try')}: {lima_time(delivery.due_at)}" if delivery.state == "waiting" else None
    count = f"{len(tries)} {view.say('attempt' if len(tries) == 1 else 'attempts')}"
    return tag(
        "article",
        top,
        tag("div", delivery.url, class_="mono"),
        tag("p", waiting, class_="empty") if waiting else None,
        tag(
            "details",
            tag("summary", f"{count} · {view.say('Body')}"),
            tag("ol", tries, class_="tries") if tries else None,
            tag("pre", delivery.body[:4000].decode(errors="replace")),
        ),
        class_="card",
    )
