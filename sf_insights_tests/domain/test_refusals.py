"""The tables of refusals: the reaction to each, and the message."""

import pytest

from sf_insights.domain.refusals import (
    API,
    LOGIN,
    LONGEST_DETAIL,
    UNKNOWN,
    ZUORA,
    Reaction,
    refusal_text,
    rule_for,
    zuora_rule,
)

RETRY, RENEW, DOWNGRADE, STOP = Reaction.RETRY, Reaction.RENEW, Reaction.DOWNGRADE, Reaction.STOP

# code, message, reaction, words of the remedy
PASSING = [
    ("invalid_grant", "login rate exceeded", RETRY, "users of their own"),
    ("LOGIN_RATE_EXCEEDED", "Login rate exceeded. Try again.", RETRY, "users of their own"),
    ("unknown_error", "retry your request", RETRY, ""),
    ("unknown_error", "", RETRY, ""),
    ("temporarily_unavailable", "", RETRY, ""),
    ("server_error", "", RETRY, ""),
    ("invalid_request", "The service is temporarily unavailable.", RETRY, ""),
    ("", "Our service is down: please try again later", RETRY, ""),
    ("", "Service Unavailable", RETRY, ""),
    ("", "The server is unavailable", RETRY, ""),
    ("SERVER_UNAVAILABLE", "Server too busy", RETRY, ""),
    ("sf:SERVER_UNAVAILABLE", "server too busy", RETRY, ""),
    ("FUNCTIONALITY_TEMPORARILY_UNAVAILABLE", "", RETRY, ""),
    ("API_CURRENTLY_DISABLED", "API functionality is temporarily down due to a server problem", RETRY, ""),
    ("FUNCTIONALITY_NOT_ENABLED", "Functionality has been temporarily disabled", RETRY, ""),
    (
        "UNKNOWN_EXCEPTION",
        "Your request cannot be processed at this time. The site administrator has been alerted.",
        RETRY,
        "",
    ),
    ("INTERNAL_ERROR", "", RETRY, ""),
    ("InternalServerError", "", RETRY, ""),
    ("SERVICE_UNAVAILABLE", "", RETRY, ""),
    ("INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE", "", RETRY, "maintenance"),
    ("ORG_IN_MAINTENANCE", "", RETRY, "maintenance"),
    ("INVALID_OPERATION", "This org is in read-only mode", RETRY, "maintenance"),
    ("INVALID_OPERATION", "The organization is under maintenance.", RETRY, "maintenance"),
    ("INVALID_OPERATION", "Salesforce is in read only mode", RETRY, "maintenance"),
    ("TOO_MANY_REQUESTS", "", RETRY, ""),
    ("rate_limit_exceeded", "", RETRY, ""),
    ("EXCEEDED_RATE_LIMIT", "", RETRY, ""),
    ("slow_down", "", RETRY, ""),
    ("REQUEST_RUNNING_TOO_LONG", "Your request was running for too long, and has been stopped.", RETRY, "less busy"),
    ("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record", RETRY, "has finished"),
    ("TooManyLockFailure", "", RETRY, "has finished"),
    ("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.", RETRY, ""),
]
FINAL = [
    ("INVALID_SESSION_ID", "This session is not valid for use with the REST API", RENEW, ""),
    ("ORG_NOT_OWNED_BY_INSTANCE", "", RENEW, ""),
    ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", STOP, "calls are free"),
    ("FUNCTIONALITY_NOT_ENABLED", "Selecting compound data not supported in Bulk Query", STOP, "BillingCity"),
    ("INVALIDENTITY", "Entity 'X' is not supported by the Bulk API.", DOWNGRADE, "supports this object"),
    ("FeatureNotEnabled", "Async API not enabled", DOWNGRADE, ""),
    ("API_DISABLED_FOR_ORG", "API is not enabled for this Organization or Partner", DOWNGRADE, "API Enabled"),
    ("API_CURRENTLY_DISABLED", "API is disabled for this User", DOWNGRADE, "API Enabled"),
    ("FEATURENOTENABLED", "", DOWNGRADE, "in Setup"),
    ("ExceededQuota", "", DOWNGRADE, "24-hour"),
    ("LIMIT_EXCEEDED", "", DOWNGRADE, "24-hour"),
    ("INVALIDENTITY", "", DOWNGRADE, "supports this object"),
    ("FUNCTIONALITY_NOT_ENABLED", "", STOP, "in Setup"),
    ("INSUFFICIENT_ACCESS", "", STOP, "View All on Account"),
    ("INVALID_TYPE", "sObject type 'Account' is not supported.", STOP, "View All on Account"),
    ("INVALID_FIELD", "No such column 'X'", STOP, "field-level security"),
    ("INVALID_QUERY_LOCATOR", "", STOP, "Run again"),
    ("OPERATION_TOO_LARGE", "", STOP, "sharing"),
    ("QUERY_TIMEOUT", "Your query request was running for too long.", STOP, "formula"),
    ("", "retried more than 15 times", STOP, "formula"),
    ("QUERY_TOO_COMPLICATED", "", STOP, "formula"),
    ("TXN_SECURITY_METERING_ERROR", "", STOP, "exempt"),
]
REFUSED_LOGINS = [
    ("invalid_grant", "no client credentials user enabled", STOP, "run as"),
    ("invalid_grant", "user hasn't approved this consumer", STOP, "Pre-authorize"),
    ("invalid_app_access", "user is not admin approved to access this app", STOP, "Pre-authorize"),
    ("invalid_app_access", "", STOP, "Pre-authorize"),
    ("invalid_grant", "ip restricted", STOP, "relaxing the IP restrictions"),
    ("invalid_grant", "ip restricted or invalid login hours", STOP, "login hours"),
    ("LOGIN_DURING_RESTRICTED_DOMAIN", "", STOP, "login IP ranges"),
    ("OAUTH_APP_BLOCKED", "this app is blocked by admin", STOP, "Connected Apps OAuth Usage"),
    ("OAUTH_EC_APP_NOT_FOUND", "External client app is not installed in this org", STOP, "Install the External"),
    ("invalid_grant", "request not supported on this domain", STOP, "My Domain"),
    ("invalid_grant", "audience is invalid", STOP, "test for a sandbox"),
    ("invalid_client_id", "client identifier invalid", STOP, "10 minutes"),
    ("", "client identifier invalid", STOP, "not the key of an app"),
    ("invalid_client", "invalid client credentials", STOP, "SALESFORCE_CONSUMER_SECRET"),
    ("unsupported_grant_type", "grant type not supported", STOP, "OAuth flow"),
    ("invalid_scope", "", STOP, "scope"),
    ("inactive_user", "user is inactive", STOP, "Activate"),
    ("inactive_org", "", STOP, "closed or locked"),
    ("UNSUPPORTED_API_VERSION", "", STOP, "64.0"),
    ("INVALID_LOGIN", "Invalid username, password, security token; or user locked out.", STOP, "locked"),
    ("INVALID_OPERATION_WITH_EXPIRED_PASSWORD", "", STOP, "new password"),
    ("LOGIN_MUST_USE_SECURITY_TOKEN", "", STOP, "SALESFORCE_SECURITY_TOKEN"),
    ("invalid_grant", "authentication failure", STOP, "the user is active"),
]
BY_ZUORA = [
    ("50000040", "Rate limit exceeded", RETRY, ""),
    ("", "Too Many Requests", RETRY, ""),
    ("58730050", "Operation failed due to a lock competition, please retry later.", RETRY, ""),
    ("50000050", "", RETRY, ""),
    ("50000060", "", RETRY, ""),
    ("50000061", "", RETRY, ""),
    ("50000070", "", RETRY, ""),
    ("LOCK_COMPETITION", "", RETRY, ""),
    ("REQUEST_EXCEEDED_RATE", "", RETRY, ""),
    ("temporarily_unavailable", "", RETRY, ""),
    ("server_error", "", RETRY, ""),
    ("90000011", "Authentication error", RENEW, ""),
    ("INVALID_SESSION", "", RENEW, ""),
]


@pytest.mark.parametrize(("code", "message", "reaction", "remedy"), PASSING + FINAL)
def test_each_api_error_has_a_reaction_and_a_remedy(code, message, reaction, remedy):
    rule = rule_for(API, code, message)
    assert (rule.reaction, remedy in rule.remedy) == (reaction, True)


@pytest.mark.parametrize(("code", "message", "reaction", "remedy"), PASSING + REFUSED_LOGINS)
def test_each_login_error_has_a_reaction_and_a_remedy(code, message, reaction, remedy):
    rule = rule_for(LOGIN, code, message)
    assert (rule.reaction, remedy in rule.remedy) == (reaction, True)


@pytest.mark.parametrize(("code", "message", "reaction", "remedy"), BY_ZUORA)
def test_each_zuora_error_has_a_reaction_and_a_remedy(code, message, reaction, remedy):
    rule = zuora_rule(code, message)
    assert (rule.reaction, remedy in rule.remedy) == (reaction, True)


@pytest.mark.parametrize(
    ("rules", "rows", "find"),
    [
        (API, PASSING + FINAL, lambda *said: rule_for(API, *said)),
        (LOGIN, PASSING + REFUSED_LOGINS, lambda *said: rule_for(LOGIN, *said)),
        (ZUORA, BY_ZUORA, zuora_rule),
    ],
    ids=["API", "LOGIN", "ZUORA"],
)
def test_every_row_of_the_error_tables_is_reachable_and_has_an_example(rules, rows, find):
    met = {id(find(code, message)) for code, message, *_ in rows}
    assert [rule for rule in rules if id(rule) not in met] == []


@pytest.mark.parametrize(("code", "message"), [("MALFORMED_QUERY", "unexpected token"), ("", ""), ("50000020", "no")])
def test_an_unknown_refusal_is_final(code, message):
    assert rule_for(API, code, message) is rule_for(LOGIN, code, message) is zuora_rule(code, message) is UNKNOWN


def test_a_long_error_is_shortened_and_keeps_its_error_id():
    long = "An unexpected error occurred. " + "x" * 2000 + " Please include this ErrorId: 1234567-89 (-99)"
    shown = refusal_text("UNKNOWN_EXCEPTION", long)
    assert len(shown) < LONGEST_DETAIL + 80
    assert shown.startswith("UNKNOWN_EXCEPTION: An unexpected error occurred.")
    assert shown.endswith("ErrorId: 1234567-89")


@pytest.mark.parametrize(
    "echoed",
    [
        "Session 00Dxx0000001gPL!AQ4AQFqsecret.secret expired",
        "Header Bearer 00secret-token",
        "Body grant_type=password&client_secret=secret9&password=secret8 refused",
    ],
)
def test_a_secret_echoed_by_a_server_is_removed(echoed):
    assert "secret9" not in refusal_text("X", echoed).replace("client_secret", "")
    assert "secret8" not in refusal_text("X", echoed)
    assert "secret.secret" not in refusal_text("X", echoed)
    assert "secret-token" not in refusal_text("X", echoed)


@pytest.mark.parametrize(
    ("code", "message", "needs_a_person"),
    [
        ("FEATURE_NOT_ENABLED", "", True),
        ("FeatureNotEnabled", "", True),
        ("INSUFFICIENT_ACCESS_OR_READONLY", "", True),
        ("API_CURRENTLY_DISABLED", "", True),
        ("QUERY_TOO_COMPLICATED", "", True),
        ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", False),
        ("QUERY_TIMEOUT", "", False),
        ("SERVER_UNAVAILABLE", "", False),
        ("SOMETHING_NEW", "", False),
    ],
)
def test_errors_that_need_a_person_differ_from_temporary_ones(code, message, needs_a_person):
    assert rule_for(API, code, message).needs_a_person is needs_a_person


@pytest.mark.parametrize(
    "text",
    [
        '{"client_secret": "abcdef123", "error": "x"}',
        "{'refresh_token':'abcdef123'}",
        "no tunnel to https://user:abcdef123@proxy.example:3128",
        "client_secret=abcdef123&grant_type=x",
        "Bearer abcdef123",
    ],
)
def test_a_secret_repeated_by_a_server_is_removed(text):
    assert "abcdef123" not in refusal_text("", text)
