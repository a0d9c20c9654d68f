"""Many letters through the real door into the real database, and then the worker over those that were kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta

from django.core.cache import cache

from pagoefectivo.models import WebhookDelivery
from pagoefectivo.services import seams, sweep, webhooks
from pagoefectivo.services.claiming import claim_due
from pagoefectivo.views import webhooks as view
from tests.fuzz.figures import Figures, counted, measured
from tests.fuzz.letters import Letter, is_truly_signed
from tests.fuzz.line import Reply, ScriptedLine, one_after_another
from tests.fuzz.post import letter
from tests.fuzz.stage import Door, lasting_connection, money, place_rows
from tests.integration.ledger import everything

BOXES = frozenset({"WebhookDelivery", "WebhookRejection"})
LIMITS_RESET_EVERY = 1000  # half of them are refused one by one, the others by a sender's ban
KEPT = ("verified", "stale")

Judge = Callable[[Letter], bool]


class Run:
    """One run over consecutive numbers."""

    def __init__(self, seed: int, *, truth: Judge = is_truly_signed) -> None:
        self.figures = Figures()
        self._seed, self._truth = seed, truth
        self._door = Door()
        self._expected: dict[tuple[str, str], str] = {}

    def deliver(self, inputs: int, *, loud: bool = False) -> None:
        """Drop letters and hold every answer against what the letter deserved; then every row against the letters."""
        place_rows()
        before = everything(besides=BOXES)
        with seams.use(ring=lambda: None), lasting_connection():
            warm_up = min(inputs, 500)
            self._drop(range(warm_up), warm_up, loud=False)
            with measured(self.figures):
                self._drop(range(warm_up, inputs), inputs - warm_up, loud=loud)
        self.figures.inputs = inputs
        if everything(besides=BOXES) != before:
            self._fail("the letterbox changed more than its own tables")
        self._compare_rows()

    def work_off(self) -> None:
        """Let the worker read what was kept, at once and a day later; nothing of it may raise or move money."""
        before, worked = money(), 0
        with lasting_connection():
            for later in (timedelta(), timedelta(hours=25)):
                now = seams.now() + later
                with seams.use(ring=lambda: None, now=lambda now=now: now, database_now=lambda now=now: now):
                    while claims := claim_due(WebhookDelivery, 500):
                        worked += len(claims)
                        for claim in claims:
                            try:
                                webhooks.process(claim)
                            except Exception as error:  # noqa: BLE001 - every failure is counted
                                self._fail(f"working on delivery {claim.row_id}: {error!r}")
        if money() != before:
            self._fail("a letter moved money by itself")
        left = WebhookDelivery.objects.filter(next_action_at__isnull=False).count()
        if left:
            self._fail(f"{left} deliveries were never finished")
        outcomes = WebhookDelivery.objects.values_list("outcome", flat=True)
        self.figures.notes["worked on"] = worked
        self.figures.notes["outcomes"] = {name: list(outcomes).count(name) for name in sorted(set(outcomes))}

    def ask_the_provider(self) -> None:
        """Sweep with a provider that knows of no money: what the letters began ends without any."""
        before = money()

        def nothing_paid(method: str, url: str, _body: bytes) -> Reply:
            name = url.rsplit("/", 1)[-1]
            if method == "GET" and "/payments/" in url and "x" not in name:
                document = {"id": name, "status": "PENDING", "amount": 89.9, "currency": "PEN"}
                return Reply(200, json.dumps(document).encode())
            return Reply(404, b'{"code": 4000, "message": "not found"}')

        now = seams.now() + timedelta(hours=26)
        line = ScriptedLine(nothing_paid)
        with seams.use(
            ring=lambda: None, now=lambda: now, database_now=lambda: now, session=lambda: line,
            side_by_side=one_after_another,
        ):  # fmt: skip
            report = sweep.run(most_rounds=5)
        if report.failures:
            self._fail(f"{report.failures} rows could not be worked on after the letters")
        if money() != before:
            self._fail("money moved although the provider knows of none")

    def _drop(self, numbers: range, total: int, *, loud: bool) -> None:
        for number in counted(numbers, total, "letterbox", loud=loud):
            if number % LIMITS_RESET_EVERY == 0:
                view.banned.forget()
                cache.clear()
            if number % LIMITS_RESET_EVERY == LIMITS_RESET_EVERY // 2:
                view.banned.add(view.EVERYBODY)
            made = letter(self._seed, number, seams.now())
            self.figures.kinds[made.kind] += 1
            try:
                answered = self._door(made.environ)
            except Exception as error:  # noqa: BLE001 - a server would answer 500
                self.figures.answers["500"] += 1
                self._fail(f"letter {number} ({made.kind}): {error!r}")
                continue
            self.figures.answers[str(answered.status)] += 1
            self._judge(number, made, answered.status)

    def _judge(self, number: int, made: Letter, status: int) -> None:
        if status not in made.answers:
            self._fail(f"letter {number} ({made.kind}): answered {status}, not {sorted(made.answers)}")
        if status == 200:
            if not self._truth(made):
                self._fail(f"letter {number} ({made.kind}): a forgery was believed")
                self.figures.notes["forged believed"] = self.figures.notes.get("forged believed", 0) + 1
            self._expected.setdefault((made.account, _identity(made)), made.verdict)

    def _compare_rows(self) -> None:
        self.figures.notes.setdefault("forged believed", 0)
        kept = WebhookDelivery.objects.filter(verdict__in=KEPT)
        rows = {
            (account, name): verdict
            for account, name, verdict in kept.values_list("account", "event_identity", "verdict")
        }
        self.figures.notes["stored"] = len(rows)
        self.figures.notes["samples of forgeries"] = WebhookDelivery.objects.exclude(verdict__in=KEPT).count()
        if rows != self._expected:
            wrong = sum(self._expected.get(name) != verdict for name, verdict in rows.items())
            lost = sum(name not in rows for name in self._expected)
            self._fail(f"{wrong} rows say something else than their letters, {lost} letters answered 200 are not there")

    def _fail(self, what: str) -> None:
        self.figures.failures.append(what)


def run(seed: int, inputs: int, *, loud: bool = False) -> Figures:
    """Deliver so many, let the worker read them, and ask the provider about what they began."""
    whole = Run(seed)
    whole.deliver(inputs, loud=loud)
    whole.work_off()
    whole.ask_the_provider()
    return whole.figures


def _identity(made: Letter) -> str:
    return hashlib.sha256(made.account.encode() + b"\0" + made.body).hexdigest()
