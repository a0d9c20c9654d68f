"""What every provider must prove before money goes through it; for the providers here and for yours.

A provider's own test module derives from `ProviderConformance`, names its class and fills the hooks of `Stage`; pytest
then runs every promise against it, over real HTTP on loopback. Nothing here knows a PSP.

    class TestOurs(ProviderConformance):
        provider = Ours
        credentials = {"api_key": "canary-key"}

        def payment_body(self, raw_status: str) -> bytes: ...  # and refund_body, error_body: how the PSP answers
        def signed_headers(self, body: bytes) -> dict[str, str]: ...  # how it signs what it tells us
        def accepts(self, request: Arrived) -> bool: ...  # how it checks what we send

Write the hooks by hand, from the PSP's documents: with the provider's own code a mistake would agree with itself. Every
other hook of `Stage` has a default. `docs/adding-a-provider.md` walks through a whole provider.
"""

from __future__ import annotations

from pagoefectivo.testing.conformance.answers import Answers
from pagoefectivo.testing.conformance.declaring import Declaring
from pagoefectivo.testing.conformance.letters import Letters
from pagoefectivo.testing.conformance.saying import Saying
from pagoefectivo.testing.conformance.secrecy import Secrecy

__all__ = ["ProviderConformance"]


class ProviderConformance(Declaring, Saying, Answers, Letters, Secrecy):
    """Derive, fill the hooks, done."""
