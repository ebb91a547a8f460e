"""Whether the integration user sees all of the org's Accounts, compared with Salesforce's own count."""

# Salesforce's count lags behind the records, so only a share below this one means hidden Accounts.
_SEEN_SHARE = 0.95

REMEDY = "Give the integration user View All on Account, in a permission set or its profile."
MAY_BE_HIDDEN = "without View All on Account, a sync misses every Account that is not shared with this user"


def hidden_accounts(seen: int | None, counted: int | None) -> str | None:
    """Return the start of a sentence saying that live Accounts are hidden from the user, or None when they are not.

    Args:
        seen: how many live Accounts the user sees, None when unknown.
        counted: about how many Salesforce has, None or 0 when it does not say.
    """
    if not counted or seen is None or seen >= counted * _SEEN_SHARE:
        return None
    return f"The integration user sees {seen:,} of about {counted:,} Accounts"
