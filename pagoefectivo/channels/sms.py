"""SMS: one part, in the letters of GSM 7-bit. The shop's own gateway needs one method."""

from __future__ import annotations

from abc import ABC, abstractmethod

from pagoefectivo.domain import sms
from pagoefectivo.domain.sending import Address, Fate, RenderedMessage, SendOutcome


class Sms(ABC):
    """Base of every channel for SMS: what would cost two parts or arrive mangled does not leave."""

    address = Address.PHONE

    def send(self, message: RenderedMessage) -> SendOutcome:
        """Send the short text."""
        if not sms.fits(message.short):
            return SendOutcome(Fate.REFUSED, "not_one_sms")
        return self.transmit(message.address, message.short)

    @abstractmethod
    def transmit(self, number: str, text: str) -> SendOutcome:
        """Hand one text of at most 160 letters to the gateway; `number` is as the shop gave it, such as `+51987654321`."""
