"""Turn Salesforce's refusals into errors with a remedy, by the rules in domain/refusals.py."""

import re
from typing import Self

import requests
from simple_salesforce.exceptions import SalesforceAuthenticationFailed

from sf_insights.domain.problems import AccessRefused, ConnectionProblem
from sf_insights.domain.refusals import (
    API,
    LOGIN,
    UNKNOWN,
    Reaction,
    for_object,
    refusal_text,
    rule_for,
    without_soql,
)
from sf_insights.transport.error_bodies import ReportedError, error_in, error_in_text
from sf_insights.transport.retry import DoubtfulAnswer, TemporaryFailure
from sf_insights.transport.waits import asked_wait

_REMEDIES_BY_STATUS = {
    404: "Check SALESFORCE_API_VERSION, and that the integration user can read Account.",
    407: "Add the proxy's user and password to HTTPS_PROXY, as in http://user:password@proxy.example:3128.",
    409: "The API version changed while a query ran: run again.",
    410: "Set SALESFORCE_API_VERSION to a version the org still serves, such as 62.0.",
    414: "Select fewer fields, or make the Bulk API available.",
    431: "Select fewer fields, or make the Bulk API available.",
}


class RequestRefused(ConnectionProblem):
    """Salesforce refused a request, and repeating it soon does not help.

    `status` is the HTTP status, `code` is Salesforce's errorCode ("" if the body has none), and `detail` is the message
    without the query.
    """

    def __init__(self, what: str, remedy: str, *, status: int, code: str, detail: str) -> None:
        super().__init__(what, remedy)
        self.needs_a_person = rule_for(API, code, detail).needs_a_person
        self.status = status
        self.code = code
        self.detail = detail

    def with_remedy(self, remedy: str) -> Self:
        """Return the same refusal with another remedy."""
        return type(self)(self.what, remedy, status=self.status, code=self.code, detail=self.detail)


class SessionRefused(Exception):
    """Salesforce no longer accepts the session; a new login may help."""


def raise_for_refusal(response: requests.Response, doing: str, object_name: str) -> None:
    """Raise the error that the status and body of an answer report, if any. `object_name` is for the remedy.

    Raises:
        SessionRefused: the session has expired or belongs to another server.
        TemporaryFailure: the same request may succeed later.
        RequestRefused: any other error.
    """
    if response.status_code < 400:
        return
    if response.status_code == requests.codes.unauthorized:
        raise SessionRefused
    reported = error_in(response)
    rule = rule_for(API, reported.code, reported.message)
    if rule is UNKNOWN and response.status_code >= 500:
        raise TemporaryFailure(f"Salesforce failed to {doing} ({_shown(response, reported)})")
    match rule.reaction:
        case Reaction.RENEW:
            raise SessionRefused
        case Reaction.RETRY:
            what = f"Salesforce refused to {doing} ({_shown(response, reported)})"
            remedy = rule.remedy or "Try again later."
            raise TemporaryFailure(what, wait=asked_wait(response), may_be_done=False, remedy=remedy)
    what = f"Salesforce refused to {doing} ({_shown(response, reported)})."
    if reported.code == "REQUEST_LIMIT_EXCEEDED":
        what = f"Stopped for quota while trying to {doing}: the org's API calls of the last 24 hours are used up."
    raise RequestRefused(
        what,
        for_object(rule.remedy or _REMEDIES_BY_STATUS.get(response.status_code, ""), object_name),
        status=response.status_code,
        code=reported.code,
        detail=without_soql(reported.message),
    )


def job_failed(error_message: str, object_name: str) -> DoubtfulAnswer | RequestRefused:
    """Return the error for a failed Bulk API job from its errorMessage, as in "InvalidBatch : ... INVALID_FIELD: ...".

    A DoubtfulAnswer means that the same query may succeed later; each try costs a whole query.
    """
    found = re.search(r"\b([A-Z]+(?:_[A-Z]+)+)\b", error_message) or re.match(r"\s*([A-Za-z]+)\s*:", error_message)
    code = found[1] if found else ""
    detail = without_soql(error_message)
    rule = rule_for(API, code, error_message)
    what = f"Salesforce's query of the {object_name} records failed ({detail.rstrip('.') or 'it gives no reason'})"
    remedy = (
        for_object(rule.remedy, object_name)
        or "Run again; if it fails every time, check the job in Setup under Bulk Data Load Jobs."
    )
    if rule.reaction is Reaction.RETRY:
        return DoubtfulAnswer(what, remedy=remedy)
    return RequestRefused(f"{what}.", remedy, status=requests.codes.ok, code=code, detail=detail)


def bulk_is_refused(refused: RequestRefused) -> bool:
    """Tell whether Salesforce refused the Bulk API but not the query, so that the REST API may still work."""
    return rule_for(API, refused.code, refused.detail).reaction is Reaction.DOWNGRADE


def login_refused(refusal: SalesforceAuthenticationFailed) -> TemporaryFailure | ConnectionProblem:
    """Return the error for a refused login, without the credentials."""
    reported = _login_error(refusal)
    rule = rule_for(LOGIN, reported.code, reported.message)
    shown = refusal_text(reported.code, reported.message)
    if rule.reaction is Reaction.RETRY:
        return TemporaryFailure(f"Salesforce refused the login ({shown})", remedy=rule.remedy or "Try again later.")
    if isinstance(refusal.code, int):  # the HTTP status, when the body is not in the form of a login's answer
        return DoubtfulAnswer(
            f"Salesforce's login answered {refusal.code} " + (f"({shown})" if shown else "without a reason")
        )
    return AccessRefused(f"Salesforce refused the login ({shown}).", rule.remedy)


def _login_error(refusal: SalesforceAuthenticationFailed) -> ReportedError:
    """Return code and message. When simple-salesforce does not find them, it passes on the whole body."""
    text = str(refusal.auth_message or "")
    if isinstance(refusal.code, int) or text.lstrip().startswith("<"):
        found = error_in_text(text)
        return ReportedError(found.code or (refusal.code if isinstance(refusal.code, str) else ""), found.message)
    return ReportedError(str(refusal.code or ""), text)


def _shown(response: requests.Response, reported: ReportedError) -> str:
    return refusal_text(reported.code, reported.message) or f"HTTP {response.status_code}"


def refused_field(refused: RequestRefused) -> str | None:
    """Return the field in messages such as "No such column 'Rating' on entity 'Account'", or None."""
    found = re.search(r"No such column '(\w+)'", refused.detail) if refused.code == "INVALID_FIELD" else None
    return found[1] if found else None
