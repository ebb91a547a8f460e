"""Messages in error bodies, in every format that servers and proxies use."""

import json

import pytest

from sf_insights.transport.error_bodies import ReportedError, error_in, error_in_text
from sf_insights.transport.session import new_session
from sf_insights_tests.scripted_server import Answer, serving

SOAP = (
    '<?xml version="1.0"?><soapenv:Envelope><soapenv:Body><soapenv:Fault><faultcode>sf:SERVER_UNAVAILABLE</faultcode>'
    "<faultstring>SERVER_UNAVAILABLE: server &amp; more</faultstring><detail><sf:UnexpectedErrorFault>"
    "<sf:exceptionCode>SERVER_UNAVAILABLE</sf:exceptionCode><sf:exceptionMessage>server too busy</sf:exceptionMessage>"
    "</sf:UnexpectedErrorFault></detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>"
)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ([{"errorCode": "UNKNOWN_EXCEPTION", "message": "gone"}], ReportedError("UNKNOWN_EXCEPTION", "gone")),
        (
            {"error": "invalid_grant", "error_description": "ip restricted"},
            ReportedError("invalid_grant", "ip restricted"),
        ),
        ({"success": False, "reasons": [{"code": 50000061, "message": "later"}]}, ReportedError("50000061", "later")),
        ({"faultCode": "INVALID_SESSION", "faultMessage": "expired"}, ReportedError("INVALID_SESSION", "expired")),
        ({"message": "slow down"}, ReportedError("", "slow down")),
        ({"error": {"code": 429, "message": "slow down"}}, ReportedError("429", "slow down")),
        ({"errors": [{"errorCode": "X", "detail": "y"}]}, ReportedError("X", "y")),
        ([], ReportedError()),
        ([None], ReportedError()),
        ({"reasons": []}, ReportedError()),
        ([{"errorCode": ["x"], "message": {"y": 1}}], ReportedError()),
        ("text", ReportedError("", '"text"')),
        (None, ReportedError("", "null")),
    ],
)
def test_json_errors_of_each_api_are_parsed(body, said):
    assert error_in_text(json.dumps(body)) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SOAP, ReportedError("SERVER_UNAVAILABLE", "server too busy")),
        (
            "<?xml version='1.0'?><Errors><Error><errorCode>X</errorCode><message>a &lt; b</message></Error></Errors>",
            ReportedError("X", "a < b"),
        ),
        (
            "<html><head><title>503</title></head><body><h1>Server  Too\nBusy</h1></body></html>",
            ReportedError("", "Server Too Busy"),
        ),
        ("<html><title>Down for maintenance</title><p>x", ReportedError("", "Down for maintenance")),
        (
            "<script>var a = '<h1>no</h1>'</script><style>b</style><p>We are <b>down</b>",
            ReportedError("", "We are down"),
        ),
        ("  plain\n text ", ReportedError("", "plain text")),
        ("", ReportedError()),
        ("{not json", ReportedError()),
        ("[" * 100_000, ReportedError()),
        ("<", ReportedError("", "")),
    ],
    ids=lambda value: str(value)[:20],
)
def test_xml_html_and_plain_text_errors_are_parsed(text, said):
    assert error_in_text(text) == said


def test_an_endless_error_body_is_cut_and_a_broken_one_ignored():
    answers = iter([Answer(400, b"<h1>" + b"x" * 1_000_000), Answer(400, b"{", torn=True)])
    with serving(lambda request: next(answers)) as server, new_session({}) as session:
        with session.get(server.url, stream=True) as response:
            assert 60_000 < len(error_in(response).message) <= 1 << 16
        with session.get(server.url, stream=True) as response:
            assert error_in(response) == ReportedError()
