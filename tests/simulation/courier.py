"""The PSP's post: signed letters that get lost, come twice, late, in any order, or from somebody else."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from django.db import DatabaseError

from pagoefectivo.domain.exceptions import InvalidSignature
from pagoefectivo.services import webhooks
from tests.simulation.profiles import HOUR, MINUTE
from tests.simulation.provider import signature
from tests.simulation.psp import Document, Psp
from tests.simulation.wire import written
from tests.simulation.world import Crash, World

RETRIES = (30.0, 5 * MINUTE, 30 * MINUTE)


@dataclass(frozen=True, slots=True)
class Post:
    """One letter, as bytes."""

    body: bytes
    date: str
    signature: str
    genuine: bool = True  # whether its signature holds

    @property
    def headers(self) -> dict[str, str]:
        return {"X-Date": self.date, "X-Signature": self.signature}


class Courier:
    """Carries what the PSP announces; `accepted` hears of every letter that was answered with 2xx."""

    def __init__(self, world: World, psp: Psp, secret: str, accepted: Callable[..., None]) -> None:
        self._world, self._psp, self._accepted = world, psp, accepted
        self.secret = secret
        self.sent: list[Post] = []
        psp.announce = self.announce

    def announce(self, kind: str, row_id: str, document: Document) -> None:
        tells = self._psp.profile.tells
        if tells and (kind != "payment" or document["status"] not in tells):
            return
        world, dice = self._world, self._world.dice("post")
        said = dict(document)
        if self._psp.profile.points:
            said = {"id": row_id} | ({"payment": document["payment"]} if kind == "refund" else {})
        post = self._signed(written(said))
        self.sent.append(post)
        if world.strikes("no_webhooks") or world.strikes("webhook_lost"):
            return
        delay = dice.uniform(0.2, 5.0)
        if world.strikes("webhook_delayed"):
            delay = dice.uniform(MINUTE, HOUR)
        self._deliver(post, delay)
        if world.strikes("webhook_twice"):
            self._deliver(post, delay + dice.uniform(0.0, 3.0))
        if world.strikes("webhook_stale"):
            self._deliver(post, dice.uniform(10 * MINUTE, 3 * HOUR))

    def forge(self) -> None:
        """Write what somebody without the secret can write: from nothing, or over a letter that was overheard."""
        dice = self._world.dice("forger")
        if not self._psp.payments:
            return
        payment = dice.choice(list(self._psp.payments.values()))
        document = {**payment.history[-1][1], "status": "PAID", "paid_at": self._world.time}
        body = written(document)
        date = str(self._world.time)
        if self.sent and dice.random() < 0.6:
            overheard = dice.choice(self.sent)
            if dice.random() < 0.5:  # under its signature, which holds where that does not cover the body
                said = json.loads(overheard.body)
                said |= {"status": "SUCCEEDED" if said["id"].startswith("REF") else "PAID", "paid_at": self._world.time}
                holds = not self._psp.profile.covers_body
                self._deliver(Post(written(said), overheard.date, overheard.signature, holds), 0.0, tries=0)
            else:
                self._deliver(overheard, 0.0, tries=0)
            return
        guessed = signature("not-the-secret", date, body, covers_body=self._psp.profile.covers_body)
        self._deliver(Post(body, date, dice.choice((guessed, "", "0" * 64)), genuine=False), 0.0, tries=0)

    def _signed(self, body: bytes) -> Post:
        date = f"{self._world.time:.3f}"
        return Post(body, date, signature(self.secret, date, body, covers_body=self._psp.profile.covers_body))

    def _deliver(self, post: Post, delay: float, *, tries: int = len(RETRIES)) -> None:
        self._world.spawn("letterbox", lambda: self._drop(post, tries), after=delay)

    def _drop(self, post: Post, tries: int) -> None:
        letter = webhooks.Letter("default", post.body, post.headers, "203.0.113.7")
        age = self._world.time + self._world.skew - float(post.date)
        try:
            webhooks.accept(letter)
        except InvalidSignature:
            self._world.tell("  letterbox: refused")
        except (DatabaseError, Crash) as trouble:
            if tries:
                self._deliver(post, RETRIES[-tries], tries=tries - 1)
            if isinstance(trouble, Crash):
                raise
        else:
            self._accepted(post.body, age, genuine=post.genuine)
