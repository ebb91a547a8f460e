"""How to react when Salesforce or Zuora refuses a request: one table of rules each, by error code and message.

Sources: REST API Developer Guide, "Status Codes and Error Responses"; SOAP API Developer Guide, "ExceptionCode"; Bulk
API 2.0 Developer Guide, "Errors"; Salesforce Help, "OAuth 2.0 Authorization Errors"; Zuora, "Error codes"; and messages
that users of these APIs have reported.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

LONGEST_DETAIL = 300

_NAMES_OF_SECRETS = r"(?:access_token|refresh_token|client_secret|assertion|password|code)"
_SECRETS = re.compile(
    r"\b00D\w{12,15}!\S+"
    r"|(?i:\bbearer\s+|\b" + _NAMES_OF_SECRETS + r"=)[^\s&\"'<]+"
    r"|(?i:[\"']" + _NAMES_OF_SECRETS + r"[\"']\s*:\s*)[\"'][^\"']*[\"']"
    r"|(?<=://)[^/@\s]+(?=@)"
)


class Reaction(Enum):
    """How to continue after a refusal."""

    RETRY = auto()  # the same request may succeed later
    RENEW = auto()  # log in again, then repeat the request
    DOWNGRADE = auto()  # use the REST API instead of the Bulk API; for any other request, stop
    STOP = auto()  # a person must change something


@dataclass(frozen=True)
class Rule:
    """One rule. It applies when the code is one of `codes` and the text contains one of `words`; () matches any.

    Codes are compared without case and underscores, since the APIs spell them differently: the Bulk API writes
    FeatureNotEnabled. `words` are in lower case. `remedy` speaks of Account; see `for_object`. `passes` is true when a
    refusal that stops a sync may be gone a few hours later.
    """

    reaction: Reaction
    codes: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    remedy: str = ""
    passes: bool = False

    @property
    def needs_a_person(self) -> bool:
        """Whether the refusal lasts until a person changes the org, the user or the selection."""
        return self != UNKNOWN and self.reaction in (Reaction.STOP, Reaction.DOWNGRADE) and not self.passes

    def applies(self, code: str, text: str) -> bool:
        return (not self.codes or _plain(code) in map(_plain, self.codes)) and (
            not self.words or any(word in text for word in self.words)
        )


UNKNOWN = Rule(Reaction.STOP)

_API_OFF = "Use an edition with API access, and give the integration user the permission API Enabled."
_ACCOUNT_ACCESS = "Give the integration user Read and View All on Account, in a permission set or its profile."
_BULK_OBJECT = "Check that the Bulk API supports this object, and that the user has access to it."
_RETRY, _RENEW, _DOWNGRADE, _STOP = Reaction.RETRY, Reaction.RENEW, Reaction.DOWNGRADE, Reaction.STOP

_PASSING = (
    Rule(
        _RETRY,
        words=("login rate exceeded",),
        remedy="The integration user logged in too often in one hour: give other tools users of their own.",
    ),
    Rule(
        _RETRY,
        words=(
            "retry your request",
            "temporarily unavailable",
            "temporarily down",
            "temporarily disabled",
            "try again later",
            "server too busy",
            "service unavailable",
            "server is unavailable",
            "site administrator has been alerted",
        ),
    ),
    Rule(
        _RETRY,
        words=("during maintenance", "in maintenance", "under maintenance", "read-only mode", "read only mode"),
        remedy="Salesforce is under maintenance: see status.salesforce.com for when it ends.",
    ),
    Rule(
        _RETRY,
        codes=("INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE", "ORG_IN_MAINTENANCE"),
        remedy="Salesforce is under maintenance: see status.salesforce.com for when it ends.",
    ),
    Rule(
        _RETRY,
        codes=(
            "FUNCTIONALITY_TEMPORARILY_UNAVAILABLE",
            "INTERNAL_ERROR",
            "INTERNAL_SERVER_ERROR",
            "SERVER_ERROR",
            "SERVER_UNAVAILABLE",
            "SERVICE_UNAVAILABLE",
            "TEMPORARILY_UNAVAILABLE",
            "UNKNOWN_ERROR",
            "UNKNOWN_EXCEPTION",
        ),
    ),
    Rule(_RETRY, codes=("EXCEEDED_RATE_LIMIT", "RATE_LIMIT_EXCEEDED", "SLOW_DOWN", "TOO_MANY_REQUESTS")),
    Rule(_RETRY, codes=("REQUEST_RUNNING_TOO_LONG",), remedy="Run again when the org is less busy."),
    Rule(
        _RETRY,
        codes=("TOO_MANY_LOCK_FAILURE", "UNABLE_TO_LOCK_ROW"),
        remedy="Another program is changing the same records in Salesforce: run again when it has finished.",
    ),
    Rule(_RETRY, codes=("REQUEST_LIMIT_EXCEEDED",), words=("concurrent",)),
)

API = (
    *_PASSING,
    Rule(_RENEW, codes=("BAD_OAUTH_TOKEN", "INVALID_AUTH_HEADER", "INVALID_SESSION_ID", "ORG_NOT_OWNED_BY_INSTANCE")),
    Rule(
        _STOP,
        codes=("REQUEST_LIMIT_EXCEEDED",),
        passes=True,
        remedy="Run again when calls are free in the rolling 24 hours; nothing was published.",
    ),
    Rule(
        _STOP,
        words=("compound data not supported",),
        remedy="Select the parts of the compound field instead, such as BillingCity for BillingAddress.",
    ),
    Rule(_DOWNGRADE, words=("not supported by the bulk api",), remedy=_BULK_OBJECT),
    Rule(_DOWNGRADE, words=("async api not enabled", "bulk v2 query jobs")),
    Rule(_DOWNGRADE, codes=("API_CURRENTLY_DISABLED", "API_DISABLED_FOR_ORG"), remedy=_API_OFF),
    Rule(
        _DOWNGRADE, codes=("FEATURE_NOT_ENABLED",), remedy="Switch the feature on in Setup, or ask Salesforce for it."
    ),
    Rule(
        _DOWNGRADE,
        codes=("EXCEEDED_QUOTA", "LIMIT_EXCEEDED"),
        passes=True,
        remedy="Wait until the rolling 24-hour limit has room again.",
    ),
    Rule(_DOWNGRADE, codes=("INVALID_ENTITY",), remedy=_BULK_OBJECT),
    Rule(
        _STOP,
        codes=("FUNCTIONALITY_NOT_ENABLED",),
        remedy="Switch the feature on in Setup, or ask Salesforce for it.",
    ),
    Rule(
        _STOP,
        codes=("INSUFFICIENT_ACCESS", "INSUFFICIENT_ACCESS_OR_READONLY", "INVALID_TYPE"),
        remedy=_ACCOUNT_ACCESS,
    ),
    Rule(
        _STOP,
        codes=("INVALID_FIELD",),
        remedy="Give the integration user Read on the field (field-level security), or deselect the field.",
    ),
    Rule(
        _STOP,
        codes=("INVALID_QUERY_LOCATOR",),
        passes=True,
        remedy="Run again: Salesforce no longer holds the rest of this answer.",
    ),
    Rule(
        _STOP,
        codes=("OPERATION_TOO_LARGE",),
        remedy="Give the integration user View All on Account; the query is faster without sharing rules.",
    ),
    Rule(
        _STOP,
        codes=("QUERY_TIMEOUT",),
        passes=True,
        remedy="Select fewer formula fields, or run again when the org is less busy.",
    ),
    Rule(
        _STOP,
        words=("retried more than",),
        passes=True,
        remedy="Select fewer formula fields, or run again when the org is less busy.",
    ),
    Rule(_STOP, codes=("QUERY_TOO_COMPLICATED",), remedy="Select fewer formula and currency fields."),
    Rule(
        _STOP,
        codes=("TXN_SECURITY_METERING_ERROR",),
        remedy="A transaction security policy of the org blocks the query: exempt the integration user.",
    ),
)

_PRE_AUTHORIZE = "Pre-authorize the user's profile or permission set in the policies of the connected app."

LOGIN = (
    *_PASSING,
    Rule(
        _STOP,
        words=("no client credentials user enabled",),
        remedy="Enable the client credentials flow in the connected app and choose a user for it to run as.",
    ),
    Rule(_STOP, words=("hasn't approved this consumer", "not admin approved"), remedy=_PRE_AUTHORIZE),
    Rule(_STOP, codes=("INVALID_APP_ACCESS",), remedy=_PRE_AUTHORIZE),
    Rule(
        _STOP,
        words=("ip restricted", "ip range", "login hours"),
        remedy="Allow this machine's address: in the login IP ranges and the login hours of the user's profile, or by "
        "relaxing the IP restrictions in the policies of the connected app.",
    ),
    Rule(
        _STOP,
        codes=("LOGIN_DURING_RESTRICTED_DOMAIN", "LOGIN_DURING_RESTRICTED_TIME"),
        remedy="Allow this machine's address and this hour in the login IP ranges and login hours of the user's "
        "profile.",
    ),
    Rule(
        _STOP,
        codes=("OAUTH_APP_BLOCKED", "OAUTH_APP_ACCESS_DENIED"),
        remedy="Unblock the app in Setup under Connected Apps OAuth Usage, and install it there.",
    ),
    Rule(
        _STOP,
        codes=("APP_NOT_FOUND", "OAUTH_EC_APP_NOT_FOUND"),
        remedy="Install the External Client App of SALESFORCE_CONSUMER_KEY in this org, or set SALESFORCE_DOMAIN to "
        "the org that has it.",
    ),
    Rule(
        _STOP,
        words=("not supported on this domain",),
        remedy="Set SALESFORCE_DOMAIN to the org's My Domain, such as acme.my.salesforce.com.",
    ),
    Rule(
        _STOP,
        words=("audience",),
        remedy="SALESFORCE_DOMAIN must be login for production and test for a sandbox, or the org's My Domain; where "
        "the org expects another audience, as in Government Cloud, set SALESFORCE_AUDIENCE.",
    ),
    Rule(
        _STOP,
        codes=("INVALID_CLIENT_ID",),
        remedy="SALESFORCE_CONSUMER_KEY is not the key of an app in this org; a new app may need 10 minutes to work.",
    ),
    Rule(
        _STOP,
        words=("client identifier invalid",),
        remedy="SALESFORCE_CONSUMER_KEY is not the key of an app in this org.",
    ),
    Rule(
        _STOP,
        codes=("INVALID_CLIENT",),
        remedy="SALESFORCE_CONSUMER_SECRET does not belong to SALESFORCE_CONSUMER_KEY.",
    ),
    Rule(
        _STOP,
        codes=("UNAUTHORIZED_CLIENT", "UNSUPPORTED_GRANT_TYPE"),
        remedy="Enable this OAuth flow in the connected app.",
    ),
    Rule(_STOP, codes=("INVALID_SCOPE",), remedy="Give the connected app the scope `api`."),
    Rule(
        _STOP,
        codes=("INACTIVE_USER",),
        remedy="Activate the integration user in Setup, or log in as another one.",
    ),
    Rule(
        _STOP,
        codes=("INACTIVE_ORG", "ORG_LOCKED"),
        remedy="The org is closed or locked: ask Salesforce, or connect another org.",
    ),
    Rule(
        _STOP,
        codes=("UNSUPPORTED_API_VERSION",),
        remedy="Logging in with a password needs SALESFORCE_API_VERSION 64.0 or lower; client credentials do not.",
    ),
    Rule(
        _STOP,
        codes=("INVALID_LOGIN", "PASSWORD_LOCKOUT"),
        remedy="Check SALESFORCE_USERNAME, SALESFORCE_PASSWORD and SALESFORCE_SECURITY_TOKEN, and whether the user is "
        "locked; sandboxes need SALESFORCE_DOMAIN=test.",
    ),
    Rule(
        _STOP,
        codes=("INVALID_OPERATION_WITH_EXPIRED_PASSWORD",),
        remedy="Set a new password for the integration user, or use client credentials, which need none.",
    ),
    Rule(
        _STOP,
        codes=("LOGIN_MUST_USE_SECURITY_TOKEN",),
        remedy="Reset the user's security token and set SALESFORCE_SECURITY_TOKEN.",
    ),
    Rule(
        _STOP,
        codes=("INVALID_GRANT",),
        remedy="Check that the user is active, that the connected app allows this login flow, and that "
        "SALESFORCE_DOMAIN is right (login, test or the org's My Domain).",
    ),
)

# The last two digits of Zuora's eight-digit codes give the kind of error for every resource.
_ZUORA_LOCKED, _ZUORA_INTERNAL, _ZUORA_TEMPORARY, _ZUORA_LIMIT, _ZUORA_LOGIN = "50", "60", "61", "70", "11"

ZUORA = (
    Rule(
        _RETRY,
        words=(
            "rate limit",
            "too many requests",
            "temporarily unavailable",
            "temporary error",
            "try again later",
            "retry later",
            "lock competition",
            "service unavailable",
            "under maintenance",
        ),
    ),
    Rule(_RETRY, codes=(_ZUORA_LOCKED, _ZUORA_INTERNAL, _ZUORA_TEMPORARY, _ZUORA_LIMIT)),
    Rule(
        _RETRY,
        codes=(
            "LOCK_COMPETITION",
            "REQUEST_EXCEEDED_LIMIT",
            "REQUEST_EXCEEDED_RATE",
            "SERVER_ERROR",
            "SERVER_UNAVAILABLE",
            "TEMPORARILY_UNAVAILABLE",
            "TEMPORARY_ERROR",
        ),
    ),
    Rule(_RENEW, codes=(_ZUORA_LOGIN, "INVALID_SESSION")),
)


def rule_for(rules: Sequence[Rule], code: str, message: str) -> Rule:
    """Return the first rule that applies to a refusal, or UNKNOWN."""
    text = f"{code}: {message}".lower()
    return next((rule for rule in rules if rule.applies(code, text)), UNKNOWN)


def for_object(remedy: str, object_name: str) -> str:
    """Return a remedy, which speaks of Account, for a request about another object."""
    # AccountHistory has no permissions of its own: to read it, a user needs those of Account.
    return re.sub(r"\bAccount\b", object_name.removesuffix("History"), remedy)


def zuora_rule(code: str, message: str) -> Rule:
    """Return Zuora's rule for a named code, or for the last two digits of an eight-digit code."""
    return rule_for(ZUORA, code[-2:] if re.fullmatch(r"[0-9]{8}", code) else code, message)


def refusal_text(code: str, message: str) -> str:
    """Return code and message of a refusal as one short line to show people, without the query and without secrets."""
    shown = ": ".join(part for part in (shortened(without_secrets(code)), without_soql(message)) if part)
    return shown if shown.endswith("...") else shown.removesuffix(".")


def without_soql(message: str) -> str:
    """Return an error message without the query that Salesforce puts before it."""
    text = re.sub(r"(?s)^.*ERROR at Row:\d+:Column:\d+\s*", "", message)
    text = re.sub(r"(?is)\bSELECT\b.*\bFROM\b.*?(?=\.\s|$)", "the query", text)
    text = text.removesuffix(
        " If you are attempting to use a custom field, be sure to append the '__c' after the custom field name."
        " Please reference your WSDL or the describe call for the appropriate names."
    )
    return shortened(" ".join(without_secrets(text).split()))


def without_secrets(text: str) -> str:
    """Remove session ids and other credentials, which a server may echo, from a text."""
    return _SECRETS.sub("[left out]", text)


def shortened(text: str) -> str:
    """Shorten a text, but keep the ErrorId, by which Salesforce support finds the error."""
    if len(text) <= LONGEST_DETAIL:
        return text
    error_id = re.search(r"\bErrorId\b[^0-9]{0,60}([0-9]+(?:-[0-9]+)*)", text[LONGEST_DETAIL // 2 :])
    return f"{text[:LONGEST_DETAIL]}..." + (f" ErrorId: {error_id[1]}" if error_id else "")


def _plain(code: str) -> str:
    return code.upper().replace("_", "")
