import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from sf_insights.domain.problems import ConfigurationProblem, ConnectionProblem
from sf_insights.transport import waits
from sf_insights.transport.answers import read_json, translated_network_errors
from sf_insights.transport.retry import OutcomeUnknown, RetryPolicy, TemporaryFailure
from sf_insights.transport.session import new_session
from sf_insights_tests.scripted_server import Answer, serving

QUICK = RetryPolicy(tries=3, first_wait=0.001, longest_wait=0.01)


def get(session, address, policy=QUICK, method="GET", **options):
    """Send one request with the clients' retries."""

    def once():
        with translated_network_errors("The server"):
            return read_json(session.request(method, address))

    return policy.run(once, **options)


def answering(*answers):
    """Return a script that gives the answers in order and repeats the last."""
    left = list(answers)
    return lambda request: left.pop(0) if len(left) > 1 else left[0]


@pytest.mark.parametrize("status", [406, 408, 420, 429, 500, 502, 503, 504])
def test_a_temporary_status_is_retried(status):
    html = Answer(status, b"<html>Down for maintenance</html>", {"Content-Type": "text/html"})
    with serving(answering(html, html, Answer(200, {"ok": True}))) as server, new_session({}) as session:
        assert get(session, server.url) == {"ok": True}
        assert len(server.requests) == 3


@pytest.mark.parametrize(
    "broken",
    [Answer(200, b"<html>Sign in</html>"), Answer(200, b""), Answer(200, {"ok": 1}, torn=True), Answer(silent=True)],
    ids=["html", "empty", "torn", "closed"],
)
def test_a_broken_body_is_requested_again(broken):
    with serving(answering(broken, Answer(200, {"ok": True}))) as server, new_session({}) as session:
        assert get(session, server.url) == {"ok": True}


@pytest.mark.parametrize(
    ("escaped", "text"),
    [
        (rb"A \ud83d", "A \ufffd"),
        (rb"\uDE00 B", "\ufffd B"),
        (rb"\ud83d\ude00", "\N{GRINNING FACE}"),
        (rb"\\ud83d", r"\ud83d"),
    ],
)
def test_half_a_surrogate_pair_becomes_the_replacement_character(escaped, text):
    body = b'{"fields": [{"label": "%s", "length": 40}], "%s": null}' % (escaped, escaped)
    with serving(answering(Answer(200, body))) as server, new_session({}) as session:
        assert get(session, server.url) == {"fields": [{"label": text, "length": 40}], text: None}


def test_retries_are_bounded_and_the_error_omits_the_query():
    with serving(answering(Answer(503, b""))) as server, new_session({}) as session:
        with pytest.raises(ConnectionProblem) as problem:
            get(session, f"{server.url}/query?q=SELECT+Secret__c+FROM+Account")
        assert len(server.requests) == 3
    assert str(problem.value) == "127.0.0.1 answered 503 (tries: 3). Try again later."


def test_an_unreachable_server_is_reported_without_the_query():
    with new_session({}) as session, pytest.raises(ConnectionProblem) as problem:
        get(session, "http://127.0.0.1:1/query?q=SELECT+Secret__c+FROM+Account")
    assert str(problem.value) == (
        "The server cannot be reached at 127.0.0.1:1 (tries: 3). "
        "Check SALESFORCE_DOMAIN or SALESFORCE_ENDPOINT, the network and HTTPS_PROXY."
    )


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (503, {"Retry-After": "0.3"}, 0.3),
        (429, {"RateLimit-Reset": "0.3"}, 0.3),
        (503, {"RateLimit-Reset": "0.3"}, 0.0),
        (503, {"Retry-After": "9999"}, 0.5),
        (503, {"Retry-After": "nonsense"}, 0.0),
    ],
)
def test_retry_after_is_respected_within_bounds(status, headers, expected):
    policy = RetryPolicy(tries=2, first_wait=0.001, longest_wait=0.5)
    with serving(answering(Answer(status, b"", headers), Answer(200, {}))) as server, new_session({}) as session:
        began = time.monotonic()
        get(session, server.url, policy)
        waited = time.monotonic() - began
    assert expected <= waited < expected + 0.25


def test_retry_after_can_be_a_date():
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    answer = Answer(503, b"", {"Retry-After": later})
    with serving(answering(answer)) as server, new_session({}) as session, pytest.raises(TemporaryFailure) as trouble:
        session.get(server.url)
    assert 50 < (trouble.value.wait or 0) <= 60


@pytest.mark.parametrize("ambiguous", [Answer(silent=True), Answer(500, b""), Answer(200, b"<html>")])
def test_a_request_that_may_have_succeeded_is_not_repeated(ambiguous):
    with serving(answering(ambiguous)) as server, new_session({}) as session:
        with pytest.raises(OutcomeUnknown):
            get(session, server.url, method="POST", repeat_when_unsure=False)
        assert len(server.requests) == 1


@pytest.mark.parametrize("status", [420, 429, 503])
def test_a_request_rejected_before_processing_is_repeated(status):
    with serving(answering(Answer(status, b""), Answer(200, {"id": 1}))) as server, new_session({}) as session:
        assert get(session, server.url, method="POST", repeat_when_unsure=False) == {"id": 1}


def test_a_stop_ends_the_wait():
    stopped = threading.Event()
    slow = RetryPolicy(tries=3, first_wait=30, longest_wait=30)
    with serving(answering(Answer(503, b""))) as server, new_session({}) as session:
        threading.Timer(0.1, stopped.set).start()
        began = time.monotonic()
        with pytest.raises(ConnectionProblem):
            get(session, server.url, slow, stopped=stopped)
        assert time.monotonic() - began < 5


def test_an_endpoint_override_gets_requests_for_every_host():
    with serving(answering(Answer(200, {}))) as server, new_session({}, endpoint=f"{server.url}/") as session:
        get(session, "https://login.salesforce.com/services/oauth2/token?a=b%20c")
        get(session, "https://acme.my.salesforce.com/services/data")
        paths = [request.path for request in server.requests]
    assert paths == ["/services/oauth2/token?a=b%20c", "/services/data"]


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://10.0.0.5:8080",
        "https://proxy.example",
        "http://127.0.0.1@evil.example",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example:80",
        "http://127.0.0.1/path",
        "http://127.0.0.1:99999",
        "127.0.0.1:8080",
        "ftp://127.0.0.1",
        "http://[",
    ],
)
def test_an_endpoint_on_another_machine_is_refused(endpoint):
    with pytest.raises(ConfigurationProblem, match="only be a base address on this machine"):
        new_session({}, endpoint=endpoint)


@pytest.mark.parametrize(
    "endpoint", ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:8080", "http://127.8.8.8"]
)
def test_an_endpoint_on_this_machine_is_accepted(endpoint):
    new_session({}, endpoint=endpoint).close()


def test_a_proxy_is_used_but_never_for_this_machine():
    with (
        serving(answering(Answer(403, b""))) as proxy,
        serving(answering(Answer(200, {}))) as local,
        new_session({"HTTPS_PROXY": proxy.url, "NO_PROXY": "internal.invalid,.corp.invalid"}) as session,
    ):
        with pytest.raises(ConnectionProblem, match="proxy in HTTPS_PROXY"):
            get(session, "https://acme.my.salesforce.invalid")
        assert {(request.method, request.path) for request in proxy.requests} == {
            ("CONNECT", "acme.my.salesforce.invalid:443")
        }
        proxy.requests.clear()
        get(session, local.url)
        for bypassed in ("https://internal.invalid", "https://rest.corp.invalid"):
            with pytest.raises(ConnectionProblem, match="cannot be reached"):
                get(session, bypassed)
        assert proxy.requests == []


@pytest.mark.parametrize(
    ("status", "said", "asked"),
    [
        (407, r"asks for a user and a password \(HTTP 407\)\. Add them to HTTPS_PROXY", 1),
        (403, r"refuses to connect to The server \(HTTP 403\)", 1),
        (502, r"did not connect to The server \(tries: 3\)", 3),
    ],
)
def test_a_proxy_that_refuses_a_tunnel_is_reported_with_the_reason(status, said, asked):
    with (
        serving(answering(Answer(status, b""))) as proxy,
        new_session({"HTTPS_PROXY": proxy.url}) as session,
    ):
        with pytest.raises(ConnectionProblem, match=said):
            get(session, "https://acme.my.salesforce.invalid")
        assert len(proxy.requests) == asked


def test_a_missing_certificate_bundle_is_reported(tmp_path):
    with pytest.raises(ConfigurationProblem, match=r"bundle\.pem, which does not exist"):
        new_session({"REQUESTS_CA_BUNDLE": str(tmp_path / "bundle.pem")})
    (tmp_path / "bundle.pem").touch()
    with new_session({"REQUESTS_CA_BUNDLE": str(tmp_path / "bundle.pem")}) as session:
        assert session.verify == str(tmp_path / "bundle.pem")


def test_every_call_has_timeouts(monkeypatch):
    monkeypatch.setattr(waits, "READ_SECONDS", 0.1)
    silence = threading.Event()

    def answer(request):
        silence.wait(5)
        return Answer(200, {})

    with serving(answer) as server, new_session({}) as session:
        with pytest.raises(TemporaryFailure, match="did not answer"), translated_network_errors("The server"):
            session.get(server.url)
        silence.set()
