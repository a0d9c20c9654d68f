"""The demo shop: a small storefront that has pagoefectivo installed, as any host would."""

from __future__ import annotations

from project.celery import app as celery_app

__all__ = ["celery_app"]
