"""The console's page: the lists of cards.py beside clock, faults and behaviour."""

from __future__ import annotations

import base64
from hashlib import sha256
from pathlib import Path

from pagoefectivo.sandbox.cards import codes, deliveries, psps, refunds
from pagoefectivo.sandbox.company import Company
from pagoefectivo.sandbox.faults import ANY, API_KINDS, OPERATIONS, SUBJECTS, WEBHOOK_KINDS
from pagoefectivo.sandbox.markup import Markup, join, tag
from pagoefectivo.sandbox.scenarios import SCENARIOS, playable
from pagoefectivo.sandbox.statements import layouts
from pagoefectivo.sandbox.view import View, act, lima_time

CSS = Path(__file__).with_name("console.css").read_text(encoding="utf-8")
CSS_HASH = "sha256-" + base64.b64encode(sha256(CSS.encode()).digest()).decode()
REFRESH_SECONDS = 5
STATEMENTS = "/statements/"


def page(company: Company, view: View, notice: str | None, problem: str | None) -> bytes:
    """Return the whole page as UTF-8."""
    body = join(
        _header(view),
        tag(
            "main",
            tag("p", notice, class_="card notice banner", role="status") if notice else None,
            tag("p", problem, class_="card problem banner", role="alert") if problem else None,
            tag("div", psps(company, view), codes(company, view), refunds(company, view), deliveries(company, view)),
            tag(
                "aside",
                _clock(company, view),
                _scenarios(company, view),
                _faults(company, view),
                _behaviour(company, view),
                _statements(company, view),
                id="side",
            ),
        ),
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width,initial-scale=1"),
        tag("meta", http_equiv="refresh", content=REFRESH_SECONDS) if view.refresh else None,
        tag("title", view.say("Sandbox PSP")),
        Markup(f"<style>{CSS}</style>"),
    )
    return b"<!doctype html>" + tag("html", head, tag("body", body), lang=view.language).encode()


def _header(view: View) -> Markup:
    other = "en" if view.language == "es" else "es"
    toggle = "Stop refreshing" if view.refresh else "Refresh every 5 s"
    links = tag(
        "nav",
        tag("a", view.say("Clock and faults"), href="#side"),
        tag("a", view.say(toggle), href=view.query(refresh=int(not view.refresh))),
        tag("a", {"en": "English", "es": "Español"}[other], href=view.query(lang=other), lang=other),
    )
    title = tag("h1", view.say("Sandbox PSP"))
    warning = tag("p", view.say("Play money: nothing here reaches a bank."))
    return tag("header", tag("div", title, warning, links))


def _clock(company: Company, view: View) -> Markup:
    acts = [
        act(view, "advance", "+1 hour", seconds=3600),
        act(view, "advance", "+1 day", seconds=86400),
        act(view, "next_expiry", "To the next deadline"),
    ]
    time = tag("div", lima_time(company.clock.now()), class_="big")
    card = tag(
        "div",
        tag("span", view.say("Time in Lima"), class_="empty"),
        time,
        tag("div", acts, class_="acts"),
        class_="card",
    )
    return tag("section", tag("h2", view.say("Clock")), card)


def _scenarios(company: Company, view: View) -> Markup:
    chosen = SCENARIOS.get(company.director.next_slug)
    able = company.faces[view.psp].abilities if view.psp else None
    options = [tag("option", view.say(each.title), value=each.slug) for each in playable(able)]
    form = tag(
        "form",
        tag("input", type="hidden", name="act", value="scenario"),
        tag("label", view.say("Scenario"), tag("select", options, name="scenario"), class_="wide"),
        tag("button", view.say("For the next code"), class_="wide"),
        method="post",
        action=view.query(),
        class_="fields",
    )
    waiting = (
        join(
            tag("p", f"{view.say('The next code:')} {view.say(chosen.title)}. {view.say(chosen.story)}"),
            act(view, "scenario", "Take the choice back", scenario=""),
        )
        if chosen
        else tag("p", view.say("A buyer whose address is the name of a scenario @sandbox.example needs no button."))
    )
    return tag("section", tag("h2", view.say("Scenarios")), tag("div", form, waiting, class_="card"))


def _faults(company: Company, view: View) -> Markup:
    planned = [*company.faults.waiting(), *company.webhook_faults.waiting()]
    rows = [
        tag("li", f"{each.kind} · {view.say(each.match)} · {each.left or view.say('until cleared')}", class_="mono")
        for each in planned
    ]
    listed = (
        join(
            tag("p", view.say("Planned:"), class_="empty"),
            tag("ul", rows, class_="plain"),
            act(view, "clear_faults", "Clear all faults"),
        )
        if rows
        else None
    )
    raw = tag("label", view.say("Code of a refusal"), tag("input", name="code", maxlength=32), class_="wide")
    api = _fault_form(view, "fault", "API call", [ANY, *sorted(OPERATIONS)], list(API_KINDS), raw)
    webhooks = _fault_form(view, "webhook_fault", "Notification", [ANY, *sorted(SUBJECTS)], list(WEBHOOK_KINDS))
    return tag("section", tag("h2", view.say("Faults")), tag("div", api, webhooks, listed, class_="card"))


def _fault_form(
    view: View, name: str, label: str, places: list[str], kinds: list[str], more: Markup | None = None
) -> Markup:
    return tag(
        "form",
        tag("input", type="hidden", name="act", value=name),
        tag("label", view.say(label), _select(view, "place", places)),
        tag("label", view.say("Fault"), _select(view, "kind", kinds)),
        tag("label", view.say("Times"), tag("input", type="number", name="times", value=1, min=1, max=1000)),
        more,
        tag("button", view.say("Plan")),
        method="post",
        action=view.query(),
        class_="fields",
    )


def _select(view: View, name: str, values: list[str]) -> Markup:
    options = [tag("option", view.say(value) if value in (ANY, *SUBJECTS) else value, value=value) for value in values]
    return tag("select", options, name=name)


def _behaviour(company: Company, view: View) -> Markup:
    switches = company.switches
    ticks = {
        "permissive": ("Accept refunds beyond what was paid (permissive)", switches.permissive),
        "cancel_allowed": ("Codes can be cancelled through the API", switches.cancel_allowed),
        "auto_refund": ("Refunds are accepted by themselves", switches.auto_refund == "succeed"),
    }
    labels = [
        tag("label", tag("input", type="checkbox", name=name, value=1, checked=on), view.say(text), class_="tick")
        for name, (text, on) in ticks.items()
    ]
    save = tag(
        "form",
        tag("input", type="hidden", name="act", value="behave"),
        labels,
        tag("button", view.say("Save")),
        method="post",
        action=view.query(),
    )
    empty = tag("div", act(view, "reset", "Start again empty"), class_="acts")
    return tag("section", tag("h2", view.say("Behaviour")), tag("div", save, empty, class_="card"))


def _statements(company: Company, view: View) -> Markup | None:
    links = [
        tag("li", tag("a", f"{company.faces[psp].title} · {layout}", href=f"{STATEMENTS}{psp}/{layout}"))
        for psp, theirs in layouts().items()
        if psp in company.faces and view.shows(psp)
        for layout in theirs
    ]
    if not links:
        return None
    card = tag("div", tag("ul", links, class_="plain"), class_="card")
    return tag("section", tag("h2", view.say("Settlement files")), card)
