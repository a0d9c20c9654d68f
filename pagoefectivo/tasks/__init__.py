"""Celery's doors. Arguments are row ids or nothing; what a lost task would have done, the next sweep does."""

from pagoefectivo.tasks.proofs import read_proofs
from pagoefectivo.tasks.sweep import sweep

__all__ = ["read_proofs", "sweep"]
