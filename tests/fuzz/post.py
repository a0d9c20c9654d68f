"""The post: a few letters are genuine, most forged, some such as no server should be sent. A number names one for ever."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from tests.fuzz import barred, forgeries, genuine
from tests.fuzz.grammar import dice, weighted
from tests.fuzz.letters import Letter

ROOMS = {"genuine": genuine.WAYS, "forged": forgeries.WAYS, "barred": barred.WAYS}
SHARES = (("forged", 82), ("genuine", 10), ("barred", 8))


def letter(seed: int, number: int, now: datetime) -> Letter:
    """The letter of that number, signed as if sent at `now`."""
    chance = dice(seed, number)
    share = weighted(chance, SHARES)
    how = chance.choice(ROOMS[share])
    made = how(chance, now)
    sender = f"{chance.randrange(1, 224)}.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(1, 255)}"
    if chance.random() < 0.05:
        sender = chance.choice(("", "unix:", "::1", "2001:db8::1%eth0", "not an address", "::ffff:10.0.0.1"))
    query = chance.choice(("", "", "", "refund=RF-0001", "refund=%00", "%ff=%fe", "a" * 2000, "a&" * 1100))
    return replace(made, kind=f"{share}: {how.__name__.strip('_').replace('_', ' ')}", sender=sender, query=query)
