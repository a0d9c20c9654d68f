"""A line to a provider whose other end is scripted."""

from __future__ import annotations

from dataclasses import dataclass

import responses

from pagoefectivo.providers.base import Gateway
from pagoefectivo.testing.conformance.evidence import KeptEvidence


@dataclass
class Line:
    """A gateway, what answers it, what its recorder was told, and the host that it speaks to."""

    gateway: Gateway
    psp: responses.RequestsMock
    evidence: KeptEvidence
    host: str

    def will_answer(self, method: str, path: str, body: bytes, status: int = 200, **headers: str) -> None:
        self.psp.add(method, self.host + path, body=body, status=status, headers=headers)
