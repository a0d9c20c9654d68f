"""What a setting and a signal mean, in one sentence each. A key without a sentence is an error of the docs."""

from __future__ import annotations

SETTINGS = {
    "PUBLIC_BASE_URL": "The shop's public address. Links and notification addresses are built from it, never from a request.",
    "ACCOUNTS": "One entry per contract with a PSP, or the dotted path of a callable that returns them.",
    "SHOP_NAME": "The name that buyers see on the page of a payment code.",
    "SUPPORT_CONTACT": "An e-mail or address that buyers may write to.",
    "ENCRYPTION_KEYS": "Keys for data at rest, newest first. Without any, Django's SECRET_KEY stands in.",
    "TRUSTED_PROXIES": "How many proxies of your own stand in front: which entry of X-Forwarded-For is the sender.",
    "DEFAULT_EXPIRY": "Time to pay where `open_order` is given none.",
    "TIMING": "Waits and timeouts; see the keys below.",
    "ACCOUNTS.<name>.PROVIDER": "The PSP: `dlocal`, or the dotted path of a Provider class of your own.",
    "ACCOUNTS.<name>.ENVIRONMENT": "`sandbox` or `production`. Keys of the wrong one are refused at start-up.",
    "ACCOUNTS.<name>.CREDENTIALS": "`dlocal`: `login`, `trans_key`, `secret_key` (a list while rotating, the new one first).",
    "ACCOUNTS.<name>.BASE_URL": "Another host for the PSP's API. Plain http to this machine only.",
    "ACCOUNTS.<name>.CONFIRMATION": "`query`: paid needs an authenticated status query. `webhook`: a signature over the body is enough.",
    "ACCOUNTS.<name>.REFUND_REQUIRES": "`paid` or `settled`; without: what the provider declares.",
    "ACCOUNTS.<name>.REFUND_APPROVAL_OVER": "Above this sum of refunds on one payment, a second person approves.",
    "ACCOUNTS.<name>.LATE_PAYMENT": "What follows from money after the deadline: `review`, `accept` or `refund`.",
    "ACCOUNTS.<name>.LIMITS": "Smallest and largest amount per currency; without: the provider's.",
    "ACCOUNTS.<name>.EXPIRY": "Shortest and longest time to pay that may be asked for.",
    "ACCOUNTS.<name>.QUESTIONS_PER_SECOND": "The most status queries of the clock; what is over waits. A person who asks now does not wait.",
    "TIMING.POLL": "Waits between status queries; the last one repeats. Up to a fifth is added by chance.",
    "TIMING.RETRY": "Waits between tries of a call that may be sent again, and of a receiver that raised.",
    "TIMING.CONNECT": "Longest wait for a connection to the PSP.",
    "TIMING.READ": "Longest wait for the PSP's answer.",
    "TIMING.LEASE": "How long one worker holds a row. Longer than twice CONNECT + READ.",
    "TIMING.STALE": "A notification signed longer ago is kept, and asks a question instead of being believed.",
}
SIGNALS = {
    "order_paid": "the money is here and the account's confirmation is met: pack it",
    "order_in_review": "money came late, short, over, twice or unwanted: a person decides",
    "order_expired": "nobody can pay any more, and the provider was asked one last time",
    "order_refunded": "everything that was paid has gone back",
    "voucher_issued": "the buyer has a payment code",
    "voucher_expired": "one payment code has ended unpaid; the order may have a newer one",
    "stock_release_due": "the order has expired or was withdrawn: its goods may be sold again",
    "refund_succeeded": "the provider said that this refund reached the buyer",
    "refund_failed": "the bank or the provider rejected it; its amount is free again",
    "refund_needs_destination": "the buyer's bank account is missing",
}
