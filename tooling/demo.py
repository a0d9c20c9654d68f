"""The whole shop from nothing: sandbox PSP, web, Celery worker and beat. `dev.py demo` starts it beside its servers."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tooling import demo_journey
from tooling.demo_stack import ADMIN, DESKS, SECOND_PERSON, Stack, running_stack
from tooling.processes import ChildFailed, exit_on_signals

LISTENING_SECONDS = 0.5


def main() -> int:
    parser = argparse.ArgumentParser(prog="dev.py demo")
    parser.add_argument("--once", action="store_true", help="walk whole journeys without a person, then end")
    asked = parser.parse_args()
    exit_on_signals()
    started = time.monotonic()
    try:
        with TemporaryDirectory(prefix="pagoefectivo-demo-") as folder:
            with running_stack(Path(folder), hurried=asked.once) as stack:
                code = demo_journey.walk(stack, started) if asked.once else _stay(stack)
            return code if stack.left_nobody(say=asked.once) else 1
    except ChildFailed as failure:
        print(f"The demo could not run. {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.")
        return 0


def _stay(stack: Stack) -> int:
    """Print where everything is and keep it running until Ctrl-C."""
    demo_journey.live_through(stack)
    code_page = demo_journey.sample_voucher(stack)
    for name, address in {
        "Shop": f"{stack.web_url}/",
        "A payment code's page": code_page,
        "Mailbox of all buyers": f"{stack.web_url}/mailbox/",
        "Back office": f"{stack.web_url}/admin/   login: {ADMIN}   password: {stack.password}",
        "Second person there": f"login: {SECOND_PERSON}, the same password   (approves, confirms a payout)",
        "Desks without all rights": f"login: {', '.join(DESKS)}, the same password   (support, auditor)",
        "Counter of all four PSPs": f"{stack.sandbox_url}/   (pay, expire, refund, move the clock)",
        "Months, one of them closed": f"{stack.web_url}/admin/pagoefectivo/monthlyclose/",
        "API, to read": f"{stack.api_url}/docs/",
        "API key": stack.api_key,
    }.items():
        print(f"  {name:<28}{address}")
    print(
        "\nBuy something through one company or another, pay its code at the counter, look at the order in the back office."
    )
    print("Then give the money back, and see how each company does it.")
    print("Ctrl-C stops everything; nothing is kept.", flush=True)
    while True:
        time.sleep(LISTENING_SECONDS)
        stack.raise_if_any_ended()


if __name__ == "__main__":
    sys.exit(main())
