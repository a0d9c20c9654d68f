"""What every part of the console's page is made of: the reader's choices, buttons, times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from pagoefectivo.sandbox.markup import Markup, tag
from pagoefectivo.sandbox.words import say

LIMA = timezone(timedelta(hours=-5))


@dataclass(frozen=True)
class View:
    """What the reader chose: language, whether the page refreshes itself, and one PSP alone where not all of them."""

    language: str = "es"
    refresh: bool = False
    psp: str = ""

    def say(self, text: str, **values: str) -> str:
        return say(text, self.language, **values)

    def query(self, **changes: object) -> str:
        chosen = {"lang": self.language, "refresh": int(self.refresh), "psp": self.psp, **changes}
        return "?" + "&".join(f"{key}={value}" for key, value in chosen.items() if value != "")

    def shows(self, psp: str) -> bool:
        """Whether what belongs to this PSP is on the page."""
        return self.psp in ("", psp)


def act(view: View, name: str, label: str, *, main: bool = False, **fields: str | int) -> Markup:
    """Return a button that does one thing."""
    hidden = [tag("input", type="hidden", name=key, value=value) for key, value in {"act": name, **fields}.items()]
    button = tag("button", view.say(label), class_="main" if main else None)
    return tag("form", hidden, button, method="post", action=view.query())


def lima_time(moment: datetime) -> str:
    """Return an instant as a clock in Lima shows it."""
    return moment.astimezone(LIMA).strftime("%d/%m/%Y %H:%M:%S")
