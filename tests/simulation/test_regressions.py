"""What the simulator found, kept as the seed that found it. A seed stands for one history of the simulator as it is now."""

from __future__ import annotations

from tests.simulation.test_simulation import simulate, told_by

FOUND = {
    306: "the answer to a cancel that was heard after the payment took it back",
    100119: "an unknown status that was answered once hid from people the next one, a payment that was taken back",
    8598: "a lagging copy that repeated what was said before the payment came took it back",
    1040: "money on a code that was held back left people waiting for an answer that had come",
    1304: "a code proved never to have been made left people waiting for an answer",
    1599: "a read that came back late put an older sum over a newer one",
    3421: "a server whose clock was put back sent after its lease had ended, while another was sending",
    830: "a refusal that was read late ended a code while another worker sent it again",
    233: "a code found dead left people waiting for an answer that had come",
    1034: "a letter that was overtaken took a payment back by itself",
}


def test_what_was_found_once_stays_mended() -> None:
    summary = told_by(simulate("--only", ",".join(map(str, FOUND)), "--jobs", "1"))
    assert (summary["seeds"], summary["violations"]) == (len(FOUND), 0)
