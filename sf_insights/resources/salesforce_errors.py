"""What Salesforce's error codes mean to the person who can mend it.

Sources: REST API Developer Guide, "Status Codes and Error Responses"; Bulk API 2.0 errors; OAuth 2.0 error responses.
"""

import re
from typing import Any

import requests
from simple_salesforce.exceptions import SalesforceAuthenticationFailed

from sf_insights.domain.problems import ConnectionProblem
from sf_insights.resources.transport import PassingTrouble

_LONGEST_DETAIL = 300

_API_OFF = "Use an edition with API access, and give the integration user the permission API Enabled."
_ACCOUNT_ACCESS = "Give the integration user Read and View All on Account, in a permission set or its profile."
_FIELD_ACCESS = "Give the integration user Read on the field (field-level security), or take it out of the selection."

_REMEDIES = {
    "API_CURRENTLY_DISABLED": _API_OFF,
    "API_DISABLED_FOR_ORG": _API_OFF,
    "FEATURENOTENABLED": "Switch the feature on in Setup, or ask Salesforce for it.",
    "FUNCTIONALITY_NOT_ENABLED": "Switch the feature on in Setup, or ask Salesforce for it.",
    "INSUFFICIENT_ACCESS": _ACCOUNT_ACCESS,
    "INSUFFICIENT_ACCESS_OR_READONLY": _ACCOUNT_ACCESS,
    "INVALID_FIELD": _FIELD_ACCESS,
    "INVALID_QUERY_LOCATOR": "Run again: Salesforce no longer holds the rest of this answer.",
    "INVALID_TYPE": _ACCOUNT_ACCESS,
    "LIMIT_EXCEEDED": "Wait until the rolling 24 hours have freed some of the limit.",
    "OPERATION_TOO_LARGE": "Give the integration user View All on Account, so that sharing need not be worked out.",
    "QUERY_TIMEOUT": "Select fewer formula fields, or run again when the org is less busy.",
    "QUERY_TOO_COMPLICATED": "Select fewer formula and currency fields.",
    "TXN_SECURITY_METERING_ERROR": "A transaction security policy of the org stops it: exempt the integration user.",
    "UNABLE_TO_LOCK_ROW": "Run again when whatever is changing the same Accounts in Salesforce has ended.",
}

_REMEDIES_BY_STATUS = {
    404: "Look at SALESFORCE_API_VERSION and at whether the integration user may read Account.",
    409: "The API version changed while a query ran: run again.",
    410: "Set SALESFORCE_API_VERSION to a version the org still serves, such as 62.0.",
    414: "Select fewer fields, or make the Bulk API available.",
    431: "Select fewer fields, or make the Bulk API available.",
}

# The first entry whose words occur in the code or the description explains a refused login.
_LOGIN_REMEDIES = (
    (
        "no client credentials user enabled",
        "Enable the client credentials flow in the connected app and choose a user for it to run as.",
    ),
    (
        "hasn't approved this consumer",
        "Let an administrator pre-authorize the user's profile or permission set in the connected app's policies.",
    ),
    ("not supported on this domain", "Set SALESFORCE_DOMAIN to the org's My Domain, such as acme.my.salesforce.com."),
    (
        "audience",
        "SALESFORCE_DOMAIN must be login for production and test for a sandbox, or the org's My Domain; where the org "
        "expects another audience, as in Government Cloud, set SALESFORCE_AUDIENCE.",
    ),
    ("invalid_client_id", "SALESFORCE_CONSUMER_KEY is no connected app of this org; a new app takes 10 minutes."),
    ("client identifier invalid", "SALESFORCE_CONSUMER_KEY is no connected app of this org."),
    ("invalid_client", "SALESFORCE_CONSUMER_SECRET does not belong to SALESFORCE_CONSUMER_KEY."),
    ("unsupported_grant_type", "Enable this OAuth flow in the connected app."),
    (
        "UNSUPPORTED_API_VERSION",
        "Logging in with a password needs SALESFORCE_API_VERSION 64.0 or lower; client credentials do not.",
    ),
    (
        "INVALID_LOGIN",
        "Check SALESFORCE_USERNAME, SALESFORCE_PASSWORD and SALESFORCE_SECURITY_TOKEN, and whether the user is "
        "locked; sandboxes need SALESFORCE_DOMAIN=test.",
    ),
    ("LOGIN_MUST_USE_SECURITY_TOKEN", "Reset the user's security token and set SALESFORCE_SECURITY_TOKEN."),
    (
        "invalid_grant",
        "Check that the user is active, that the connected app allows this way in, and that SALESFORCE_DOMAIN is "
        "right (login, test or the org's My Domain).",
    ),
)

_BULK_REFUSALS = frozenset(
    {
        "APIDISABLEDFORORG",
        "APICURRENTLYDISABLED",
        "EXCEEDEDQUOTA",
        "FEATURENOTENABLED",
        "INVALIDENTITY",
        "LIMITEXCEEDED",
    }
)


class RequestRefused(ConnectionProblem):
    """Salesforce answered with an error that will not pass by itself.

    `status` is the HTTP status, `code` Salesforce's errorCode ("" when the body names none), `detail` its message
    without the query.
    """

    def __init__(self, what: str, remedy: str, *, status: int, code: str, detail: str) -> None:
        super().__init__(what, remedy)
        self.status = status
        self.code = code
        self.detail = detail


def raise_for_refusal(response: requests.Response, doing: str) -> None:
    """Raise what the answer's status and body say; return when it is a success.

    Raises:
        PassingTrouble: too many requests at once, or a row that is locked.
        RequestRefused: anything else that is not a success.
    """
    if response.status_code < 400:
        return
    code, message = _code_and_message(response)
    detail = without_soql(message)
    if code == "REQUEST_LIMIT_EXCEEDED":
        if "Concurrent" in message:
            raise PassingTrouble(f"Salesforce is busy with too many requests ({detail})", may_be_done=False)
        raise RequestRefused(
            f"Stopped for quota while trying to {doing}: the org's API calls of the last 24 hours are used up.",
            "Run again when the rolling 24 hours have freed calls; nothing was published.",
            status=response.status_code,
            code=code,
            detail=detail,
        )
    said = ": ".join(part for part in (code, detail) if part) or f"HTTP {response.status_code}"
    if code == "UNABLE_TO_LOCK_ROW":  # somebody else's change holds the row for a moment; nothing was done
        raise PassingTrouble(
            f"Salesforce refused to {doing} ({said.rstrip('.')})", may_be_done=False, remedy=_REMEDIES[code]
        )
    raise RequestRefused(
        f"Salesforce refused to {doing} ({said.rstrip('.')}).",
        _REMEDIES.get(code) or _REMEDIES_BY_STATUS.get(response.status_code, ""),
        status=response.status_code,
        code=code,
        detail=detail,
    )


def job_failed(error_message: str) -> RequestRefused:
    """Return what the errorMessage of a failed Bulk API job means, such as "InvalidBatch : ... INVALID_FIELD: ..."."""
    found = re.search(r"\b([A-Z]+(?:_[A-Z]+)+)\b", error_message)
    code = found[1] if found else ""
    detail = without_soql(error_message)
    remedy = _REMEDIES.get(code, "")
    if "retried more than" in error_message.lower():
        remedy = _REMEDIES["QUERY_TIMEOUT"]
    return RequestRefused(
        f"Salesforce's query of the Accounts failed ({detail.rstrip('.') or 'it gives no reason'}).",
        remedy or "Run again; if it fails each time, look at the job in Setup under Bulk Data Load Jobs.",
        status=requests.codes.ok,
        code=code,
        detail=detail,
    )


def bulk_is_refused(refused: RequestRefused) -> bool:
    """Tell whether the Bulk API, and not the query, was refused, so that the REST API may still answer."""
    words = refused.detail.lower()
    return (
        refused.code.upper().replace("_", "") in _BULK_REFUSALS
        or "not supported by the bulk api" in words
        or "async api not enabled" in words
        or "bulk v2 query jobs" in words
    )


def login_refused(refusal: SalesforceAuthenticationFailed) -> ConnectionProblem:
    """Return what a refused login means, without the credentials that were refused."""
    code, description = str(refusal.code or ""), str(refusal.auth_message or "")
    said = f"{code}: {description}" if description else code
    remedy = next((remedy for words, remedy in _LOGIN_REMEDIES if words.lower() in said.lower()), "")
    return ConnectionProblem(f"Salesforce refused the login ({_shortened(said).rstrip('.')}).", remedy)


def without_soql(message: str) -> str:
    """Return the sentence of an error message, without the lines of the query that Salesforce puts before it."""
    text = re.sub(r"(?s)^.*ERROR at Row:\d+:Column:\d+\s*", "", message)
    text = re.sub(r"(?is)\bSELECT\b.*\bFROM\b.*?(?=\.\s|$)", "the query", text)
    text = text.removesuffix(
        " If you are attempting to use a custom field, be sure to append the '__c' after the custom field name."
        " Please reference your WSDL or the describe call for the appropriate names."
    )
    return _shortened(" ".join(text.split()))


def _code_and_message(response: requests.Response) -> tuple[str, str]:
    try:
        body: Any = response.json()
    except (ValueError, RecursionError):  # no JSON, or such that nobody can read
        return "", ""
    first = body[0] if isinstance(body, list) and body else body
    if not isinstance(first, dict):
        return "", ""
    code = first.get("errorCode") or first.get("error") or ""
    return str(code), str(first.get("message") or first.get("error_description") or "")


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_DETAIL else f"{text[:_LONGEST_DETAIL]}..."
