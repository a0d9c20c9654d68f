"""The one task a shop schedules, and what the bell rings for."""

from __future__ import annotations

from celery import current_app, shared_task

from pagoefectivo.services import bell
from pagoefectivo.services import sweep as sweeping


@shared_task(name="pagoefectivo.sweep", ignore_result=True, acks_late=True, reject_on_worker_lost=True)
def sweep() -> None:
    """Work on everything that is due."""
    sweeping.run()


def _wake_a_worker() -> None:
    """Publish one sweep. Runs in the bell's thread, which survives a broker that is gone."""
    current_app.send_task("pagoefectivo.sweep", queue="pagoefectivo", retry=False, ignore_result=True, expires=60)


bell.connect(_wake_a_worker)
