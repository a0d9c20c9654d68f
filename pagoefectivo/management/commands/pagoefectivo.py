"""`manage.py pagoefectivo <verb>`: finds the verb, turns what it raises into an exit code."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from pagoefectivo.domain.exceptions import ConfigurationError, PagoEfectivoError, ProviderError, Reason, RuleRefused
from pagoefectivo.management.verbs import VERBS

PROBLEM, USAGE, UNREACHABLE = 1, 2, 3


class Command(BaseCommand):
    """One dispatcher for all verbs."""

    help = "Everything pagoefectivo does from a terminal or from cron."
    requires_system_checks = []  # `config` must speak where the checks would refuse to start

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = "Exit codes: 0 ok · 1 a problem was found · 2 usage · 3 provider unreachable."
        verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
        for name, verb in VERBS.items():
            described = (verb.__doc__ or "").strip()
            verb.add_arguments(
                verbs.add_parser(
                    name,
                    help=described.splitlines()[0],
                    description=described,
                    formatter_class=argparse.RawDescriptionHelpFormatter,
                )
            )

    def handle(self, *_: Any, verb: str, **options: Any) -> None:
        try:
            code = VERBS[verb].run(options, self.stdout)
        except ConfigurationError as error:
            raise CommandError(str(error), returncode=PROBLEM) from error
        except ProviderError as error:
            raise CommandError(f"The provider did not answer: {error}", returncode=UNREACHABLE) from error
        except RuleRefused as refusal:
            raise CommandError("\n".join(_sentence(each) for each in refusal.reasons), returncode=USAGE) from refusal
        except PagoEfectivoError as error:
            raise CommandError(str(error), returncode=PROBLEM) from error
        except KeyboardInterrupt:
            code = 0
        if code:
            sys.exit(code)


def _sentence(reason: Reason) -> str:
    where = f"{reason.field}: " if reason.field else ""
    return f"{where}{reason.message} {reason.next_step}"
