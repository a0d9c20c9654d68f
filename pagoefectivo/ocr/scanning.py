"""The shop's own scanner for viruses, asked before anything of an upload is decoded. Without one nothing is asked."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.utils.module_loading import import_string

from pagoefectivo import conf
from pagoefectivo.domain.exceptions import ConfigurationError

Scanner = Callable[[bytes], bool]

logger = logging.getLogger("pagoefectivo.proofs")


class Unclean(Exception):
    """The scanner did not let an upload pass."""


class Unscanned(Exception):
    """The scanner could not say: nothing passes until it can."""


def scanner() -> Scanner | None:
    """Return what the setting PROOF_SCANNER names; None where it names nothing. Raises ConfigurationError."""
    path = conf.current().proof_scanner
    if path is None:
        return None
    try:
        found = import_string(path)
    except ImportError as error:
        raise ConfigurationError(f"PAGOEFECTIVO['PROOF_SCANNER']: {path!r} cannot be imported.") from error
    if not callable(found):
        raise ConfigurationError(f"PAGOEFECTIVO['PROOF_SCANNER']: {path!r} cannot be called.")
    named: Scanner = found
    return named


def scan(upload: bytes) -> None:
    """Let the scanner look at the bytes as they came. Only True passes: else Unclean, and Unscanned where it failed."""
    try:
        look = scanner()
        said = True if look is None else look(upload)
    except Exception as error:  # noqa: BLE001 - the shop's code may raise anything, and whatever it is, nothing passes
        logger.error("The scanner for uploads failed (%s).", type(error).__name__)  # noqa: TRY400 - it may quote the upload
        raise Unscanned from None
    if said is not True:
        logger.warning("The scanner refused an upload of %s bytes.", len(upload))
        raise Unclean
