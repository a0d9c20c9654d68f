"""Files that are laid into an account's folder: taken in once, moved away, the refused ones with their reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pagoefectivo.models import Order, SettlementLine, SettlementReport
from tests.integration.settlement_files import file_of, of_voucher

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def folder(account: Any, tmp_path: Path) -> Path:
    """The folder of the account `default`."""
    account(SETTLEMENT_FOLDER=str(tmp_path))
    return tmp_path


def test_R16_what_lies_in_the_folder_is_imported_and_moved_away(
    folder: Path, paid_order: Callable[..., Order], world: Any, sweep: Any
) -> None:
    voucher = paid_order("A-1").current_voucher
    assert voucher is not None
    (folder / "november.csv").write_bytes(file_of([of_voucher(voucher)]))
    (folder / "page.csv").write_text("<html>login</html>")
    (folder / ".hidden").write_text("x")
    (folder / "link.csv").symlink_to("/etc/passwd")
    sweep()
    assert not SettlementReport.objects.exists()  # it may still be on its way
    world.advance(minutes=2)
    sweep()
    assert SettlementLine.objects.get().verdict == "matched"
    assert sorted(path.name for path in folder.iterdir()) == [".hidden", "link.csv", "refused", "taken"]
    assert [path.name for path in (folder / "taken").iterdir()] == ["november.csv"]
    assert (folder / "refused" / "page.csv.txt").read_text().startswith("Esto es una página web")


def test_R16_the_same_file_laid_there_again_changes_nothing(
    folder: Path, paid_order: Callable[..., Order], world: Any, sweep: Any
) -> None:
    voucher = paid_order("A-1").current_voucher
    assert voucher is not None
    for _ in range(2):
        (folder / "november.csv").write_bytes(file_of([of_voucher(voucher)]))
        world.advance(minutes=2)
        sweep()
    assert (SettlementReport.objects.count(), SettlementLine.objects.count()) == (1, 1)
    assert sorted(path.name for path in (folder / "taken").iterdir()) == ["november-2.csv", "november.csv"]
