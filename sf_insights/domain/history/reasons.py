"""Why the history of a field does not go further back: the codes in ops.history_gaps, and what they mean."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

TRACKING_BEGAN = "tracking_began"
SINCE = "since"
NOT_KEPT = "not_kept"
NOT_MATCHED_NOW = "not_matched_now"
# In the order in which people read them: first those of a field, then those of an account.
REASONS = {
    TRACKING_BEGAN: "Salesforce has no change of the field: its tracking may have begun then",
    SINCE: "nothing was asked for (--since)",
    NOT_KEPT: "Salesforce keeps no history",
    "before_creation": "the account was created then",
    "chain_broken": "a change does not lead to the next known value: one between them was not recorded",
    "not_recorded": "Salesforce recorded the change without its values",
    "does_not_cast": "an old value does not fit the field's type",
    "sync_saw_another": "a sync saw another value on the day before",
    "other_account": "until then, the account stood for another Salesforce Account",
    "not_matched": "until then, syncs found no Salesforce Account for it",
    NOT_MATCHED_NOW: "the account is not matched now",
    "account_gone": "Salesforce no longer shows the account",
}
OF_FIELDS = (TRACKING_BEGAN, SINCE, NOT_KEPT)


def refusals(refused: Mapping[str, str]) -> list[str]:
    """Return a line for each reason why fields cannot be filled, with the fields that it is about.

    Args:
        refused: the reason of each field.
    """
    names = defaultdict(list)
    for name, reason in refused.items():
        names[reason].append(name)
    return [f"{', '.join(fields)}: {reason}" for reason, fields in names.items()]
