"""The planted bugs: what a tired evening could do to the app. Each has to be noticed within 500 seeds."""

from __future__ import annotations

from tests.simulation import bugs_of_hearing as hearing
from tests.simulation import bugs_of_money as money
from tests.simulation import bugs_of_sending as sending
from tests.simulation import bugs_of_telling as telling
from tests.simulation.planting import Mutant, Plant

_ALL: tuple[tuple[str, Plant, int], ...] = (
    ("a new key at every try", sending.new_key_per_try, 189),
    ("the cap ignores refunds in flight", money.cap_ignores_in_flight, 5),
    ("check and insert in two transactions", money.check_and_insert_apart, 51),
    ("a timeout is a rejection", sending.timeout_is_rejected, 8),
    ("a server error frees the amount", sending.server_error_frees_the_amount, 14),
    ("answers a letter before it is stored", hearing.answers_before_it_stores, 14),
    ("trusts the body of every letter", hearing.trusts_every_letter, 0),
    ("takes letters with a wrong signature", hearing.takes_forged_letters, 9),
    ("takes an old letter for a fresh one", hearing.stale_letters_are_fresh, 1),
    ("a paid voucher goes back", hearing.regresses_a_voucher, 7),
    ("a refund that succeeded goes back", hearing.regresses_a_refund, 9),
    ("an accepted refund counts as refunded", hearing.optimistic_about_refunds, 0),
    ("only the bell wakes a worker", telling.only_the_bell_wakes, 9),
    ("sends again without looking up", sending.never_looks_up, 20),
    ("no grace before it is sent again", sending.no_grace, 20),
    ("sends again when the key is forgotten", sending.keys_live_for_ever, 131),
    ("calls inside a transaction", sending.calls_inside_a_transaction, 0),
    ("forgets that it has sent", sending.forgets_that_it_sent, 20),
    ("a timeout means that nothing was sent", sending.a_timeout_was_never_sent, 20),
    ("expires by our own clock", hearing.expires_by_our_clock, 1931),
    ("not found is failed", sending.not_found_is_failed, 8),
    ("an unknown status is pending", hearing.unknown_is_pending, 15),
    ("ignores the currency", money.ignores_the_currency, 23),
    ("announces before the commit", telling.announces_before_the_commit, 0),
    ("announces again to who has heard it", telling.announces_again_to_all, 2),
    ("marks as announced what nobody heard", telling.announces_nothing, 0),
    ("an approval is bound to nothing", money.approval_of_anything, 158),
    ("who asks may approve", money.approves_for_oneself, 10),
    ("evidence is written after the call", sending.evidence_after_the_send, 0),
    ("refunds from outside are ignored", money.refunds_outside_do_not_count, 9),
    ("refunds from outside leave the sum alone", money.outside_lowers_nothing, 9),
    ("late money is dropped", hearing.late_money_is_dropped, 34),
    ("a surplus is hidden", money.surplus_is_hidden, 1),
    ("payments are added, not recomputed", money.payments_are_added_up, 45),
    ("a new refund under a dead one's key", money.key_of_the_failed_refund, 58),
    ("an unknown refund frees its amount", money.unknown_frees_the_amount, 8),
    ("what went back elsewhere is sent as well", money.sends_what_no_longer_fits, 99),
    ("a refund is in two payout files", money.pays_out_what_is_with_the_bank, 100025),
    ("what the bank refused is paid", money.what_the_bank_refused_is_paid, 100039),
    ("a lease without fencing", money.no_fencing, 200268),
    ("a state changes without a trace", telling.moves_without_a_trace, 4),
    ("the log names the buyer", telling.says_who_the_buyer_is, 1),
    ("a row is forgotten", telling.forgets_what_is_due, 4),
    ("sends although its lease is over", sending.sends_after_its_lease, 94),
    ("a second first try under the old clock", sending.keeps_the_first_clock, 624),
    ("questions use up the watch", hearing.questions_use_up_the_watch, 306),
    ("every answer counts as nothing new", hearing.reads_every_answer_as_quiet, 6),
)
MUTANTS = tuple(Mutant(*each) for each in _ALL)
EQUIVALENT = {
    "the letter's own key or algorithm is used": "each provider's reader; its conformance tests and vectors prove it",
    "the live or test flag is ignored": "each provider's reader and the start-up checks; not seen by one account alone",
    "a settlement file sets a state": "importing writes lines and differences alone; its tests (D10) hold all other rows against that",
    "get_or_create becomes create": "the unique constraint answers both the same way",
}
