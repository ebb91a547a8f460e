"""Whether the integration user sees the org's Accounts, by Salesforce's own count of them."""

# Salesforce's count lags behind the records; below this share of it, the user does not see all Accounts.
_SEEN_SHARE = 0.95

REMEDY = "Give the integration user View All on Account, in a permission set or its profile."


def hidden_accounts(seen: int | None, counted: int | None) -> str | None:
    """Say that many live Accounts are hidden from the user, as the beginning of a sentence; None when they are not.

    Args:
        seen: how many the user sees.
        counted: about how many Salesforce has, None or 0 when it does not say.
    """
    if not counted or seen is None or seen >= counted * _SEEN_SHARE:
        return None
    return f"The integration user sees {seen:,} of about {counted:,} Accounts"
