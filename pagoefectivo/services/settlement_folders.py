"""Settlement files that somebody lays into an account's folder: taken in, and moved out of the way with what became of it."""

from __future__ import annotations

import logging
import stat
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

from pagoefectivo import conf
from pagoefectivo.domain.exceptions import RuleRefused, UnreadableFile
from pagoefectivo.domain.states import Source
from pagoefectivo.services import seams, settlements
from pagoefectivo.services.actors import SYSTEM

TAKEN, REFUSED = "taken", "refused"
AT_REST = timedelta(seconds=30)  # a file that was written to a moment ago may still be on its way

logger = logging.getLogger("pagoefectivo.settlements")


def watched() -> Mapping[str, Path]:
    """Return the folder of each account that has one."""
    accounts = conf.current().accounts.items()
    return {name: config.settlement_folder for name, config in accounts if config.settlement_folder is not None}


def collect() -> int:
    """Take in every file that lies at rest in a folder; return how many. The sweep reads them.

    A file is moved to `taken/`, or to `refused/` with its reason in a text beside it; a name that is there already gets
    a number. Links, folders and hidden files are left alone. What cannot be moved is logged and taken in once all the
    same, for the same bytes are the same file.
    """
    return sum(_take(account, path) for account, folder in watched().items() for path in _at_rest(folder))


def _at_rest(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        logger.error("The settlement folder %s is not there.", folder)
        return
    before = (seams.now() - AT_REST).timestamp()
    for path in sorted(folder.iterdir()):
        told = path.lstat()
        if stat.S_ISREG(told.st_mode) and not path.name.startswith(".") and told.st_mtime <= before:
            yield path


def _take(account: str, path: Path) -> int:
    try:
        with path.open("rb") as file:
            settlements.receive(file, account=account, name=path.name, actor=SYSTEM, source=Source.SETTLEMENT)
    except UnreadableFile as fault:
        _put_away(path, REFUSED, str(fault))
        return 0
    except RuleRefused as refusal:
        _put_away(path, REFUSED, refusal.reasons[0].message)
        return 0
    except OSError as error:
        logger.error("%s cannot be read: %s", path, error.strerror)  # noqa: TRY400 - the trace says nothing more
        return 0
    _put_away(path, TAKEN)
    return 1


def _put_away(path: Path, where: str, why: str = "") -> None:
    try:
        folder = path.parent / where
        folder.mkdir(exist_ok=True)
        target = next(each for each in _names(folder, path) if not each.exists())
        path.rename(target)
        if why:
            target.with_name(f"{target.name}.txt").write_text(f"{why}\n", encoding="utf-8")
    except OSError as error:
        logger.error("%s cannot be moved to %s: %s", path, where, error.strerror)  # noqa: TRY400 - as above


def _names(folder: Path, path: Path) -> Iterator[Path]:
    yield folder / path.name
    number = 2
    while True:
        yield folder / f"{path.stem}-{number}{path.suffix}"
        number += 1
