"""Reading pictures, on a queue of its own: a worker for `pagoefectivo.ocr` is best kept apart from those of the money."""

from __future__ import annotations

from celery import current_app, shared_task

from pagoefectivo.services import bell, proof_readings

QUEUE = "pagoefectivo.ocr"


@shared_task(name="pagoefectivo.read_proofs", ignore_result=True, acks_late=True, reject_on_worker_lost=True)
def read_proofs() -> None:
    """Read the pictures that wait."""
    proof_readings.read_waiting()


def _wake_a_reader() -> None:
    """Publish one reading. It ends by itself where no worker listens: the sweep reads after a minute."""
    current_app.send_task("pagoefectivo.read_proofs", queue=QUEUE, retry=False, ignore_result=True, expires=60)


bell.readers.connect(_wake_a_reader)
