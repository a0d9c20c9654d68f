"""WhatsApp and whatever else the library Apprise speaks to (extra `notify`), by an address with its secrets in it.

`{phone}` and `{email}` in the address stand for the buyer's: `whatsapp://TOKEN@FROM_ID/{phone}`.
"""

from __future__ import annotations

import logging
from urllib.parse import quote

from pagoefectivo.channels.sms import Sms
from pagoefectivo.domain.exceptions import ConfigurationError
from pagoefectivo.domain.sending import SENT, Address, Fate, RenderedMessage, SendOutcome


class Apprise:
    """The whole text, to the buyer's phone or e-mail, whichever the address names."""

    def __init__(self, url: str) -> None:
        self._line = _Line(url)
        self.address = self._line.address

    def send(self, message: RenderedMessage) -> SendOutcome:
        """Send subject and text. Apprise says only whether it worked, so what did not may have."""
        return self._line.notify(message.address, message.text, title=message.subject)


class AppriseSms(Sms):
    """One SMS through a gateway that Apprise knows, such as `twilio://SID:TOKEN@FROM/{phone}`."""

    def __init__(self, url: str) -> None:
        self._line = _Line(url)

    def transmit(self, number: str, text: str) -> SendOutcome:
        return self._line.notify(number, text)


class _Line:
    """One address of Apprise with a place for the buyer's. Never shown: it holds secrets."""

    def __init__(self, url: str) -> None:
        try:
            import apprise
        except ImportError as error:
            raise ConfigurationError('Apprise is not installed: pip install "django-pagoefectivo[notify]".') from error
        places = [each for each in Address if f"{{{_PLACES[each]}}}" in url]
        if len(places) != 1:
            raise ConfigurationError("The option `url` of an Apprise channel must name either {phone} or {email}.")
        self._apprise, self._url, self.address = apprise, url, places[0]
        logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # its lines quote addresses and texts

    def notify(self, address: str, text: str, title: str = "") -> SendOutcome:
        bare = address.replace(" ", "").replace("-", "").replace("(", "").replace(")", "")
        written = bare if self.address is Address.PHONE else address
        line = self._apprise.Apprise()
        if not line.add(self._url.replace(f"{{{_PLACES[self.address]}}}", quote(written, safe="+"))):
            return SendOutcome(Fate.REFUSED, "address_not_understood")
        try:
            went = line.notify(body=text, title=title, body_format=self._apprise.NotifyFormat.TEXT)
        except Exception as error:  # noqa: BLE001 - a plug-in of Apprise may raise anything
            return SendOutcome(Fate.UNCERTAIN, type(error).__name__)
        return SENT if went else SendOutcome(Fate.UNCERTAIN, "apprise_said_no")


_PLACES = {Address.PHONE: "phone", Address.EMAIL: "email"}
