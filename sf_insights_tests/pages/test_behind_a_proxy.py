"""The pages behind a reverse proxy with TLS, as in docs/operating.md: the real command, a real certificate."""

import os
import socket
from contextlib import contextmanager

import pytest
import requests

from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.pages.access.public_address import PublicAddress
from sf_insights_tests.cli.test_signals import Running, run
from sf_insights_tests.pages.browser import PROGRAM, browsing
from sf_insights_tests.pages.conftest import Site
from sf_insights_tests.pages.tls_proxy import tls_proxy
from sf_insights_tests.soak import some

NAME = "insights.example.test"
TOKEN = "a token of the tests"
OF_PAGES = ("SALESFORCE_", "ZUORA_", "SF_INSIGHTS_", "DAGSTER_HOME")


@contextmanager
def pages_behind(closed_port, tmp_path, checkout, command, *, passes_host):
    """Run the command behind a proxy and yield its public URL and its certificate."""
    with tls_proxy(NAME, closed_port, tmp_path, passes_host=passes_host) as (port, certificate):
        url = f"https://{NAME}:{port}"
        variables = {name: value for name, value in os.environ.items() if name.startswith(OF_PAGES)}
        variables["SF_INSIGHTS_SETTINGS_TOKEN"] = TOKEN
        settings = [*command, "settings", "--port", str(closed_port), "--public-url", url]
        with Running(settings, checkout, "Ctrl-C stops them", **variables) as pages:
            assert f"The settings pages are ready: {url} " in pages.said
            yield url, certificate


@pytest.fixture
def resolver(monkeypatch):
    """Resolve the proxy's name in this process, as DNS would."""
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *rest, **more: real("127.0.0.1" if host == NAME else host, *rest, **more)
    )


@pytest.mark.parametrize("passes_host", some([False, True], 1), ids="Host is passed on: {}".format)
def test_a_person_signs_in_and_saves_a_label_through_a_proxy_with_tls(
    synced, session, resolver, closed_port, tmp_path, checkout, command, passes_host
):
    with pages_behind(closed_port, tmp_path, checkout, command, passes_host=passes_host) as (url, certificate):
        session.verify = str(certificate)
        site = Site(None, url, session)
        own = {"Origin": url, "Sec-Fetch-Site": "same-origin"}  # as browsers send with each form

        assert site.get("/labels").status == 401
        assert site.post("/sign-in", [("token", TOKEN)], **own).address == f"{url}/fields"
        (cookie,) = session.cookies
        assert cookie.name.startswith("__Host-sf_insights_settings")
        assert cookie.secure
        assert (cookie.path, cookie.domain_specified) == ("/", False)

        page = site.post("/labels", site.labelled(Industry="Branch"), **own)
        assert page.address == f"{url}/labels?saved=1+field"
        assert "Published; analysts see it" in site.wait().text
        assert synced.labels()["Industry"] == "Branch"

        for foreign in ("https://evil.example", f"http://{NAME}", f"https://{NAME}", f"https://{NAME}:1", "null", "x"):
            assert site.post("/labels", site.labelled(Industry="Evil"), Origin=foreign).status == 403
        if passes_host:
            assert site.get("/labels", Host="evil.example").status == 421
        assert site.get("/labels", Host=NAME).status == 200  # some proxies leave the port out
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        assert requests.get(f"http://127.0.0.1:{closed_port}/labels", headers=bearer, timeout=30).status_code == 200


@pytest.mark.skipif(PROGRAM is None, reason="chromium is not installed (Debian: apt-get install chromium)")
def test_a_browser_keeps_its_session_and_shows_progress_through_a_proxy_with_tls(
    synced, closed_port, tmp_path, checkout, command
):
    options = [f"--host-resolver-rules=MAP {NAME} 127.0.0.1", "--ignore-certificate-errors"]
    with (
        pages_behind(closed_port, tmp_path, checkout, command, passes_host=True) as (url, _),
        browsing(tmp_path / "profile", *options) as browser,
    ):
        browser.open(f"{url}/labels")
        browser.type("#token", TOKEN)
        browser.follow("button.main")
        assert browser.js("document.cookie") == ""  # scripts cannot read it
        browser.open(f"{url}/labels")
        browser.type("input[name='label.Industry']", "Branch")
        browser.follow("button.main")
        browser.until("document.body.innerText.includes('Published; analysts see it')")
        complaints = [complaint for complaint in browser.complaints if "401" not in complaint]
    assert synced.labels()["Industry"] == "Branch"
    assert complaints == []


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("https://insights.example.com", "https://insights.example.com"),
        ("https://Insights.Example.com:443/", "https://insights.example.com"),
        ("https://insights.example.com:8443", "https://insights.example.com:8443"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        ("http://localhost:8080", "http://localhost:8080"),
    ],
)
def test_a_public_url_is_normalized_to_the_origin_that_browsers_send(given, url):
    address = PublicAddress.parse(given)
    assert address.url == url
    assert address.is_origin(url)
    assert not address.is_origin(url.replace("http", "ftp"))


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("http://insights.example.com", "uses http, so anyone on the network could read the token"),
        ("https://insights.example.com/settings", "has a path"),
        ("https://insights.example.com/?a=b", "has a path"),
        ("https://insights.example.com/#top", "has a path"),
        ("https://admin:secret@insights.example.com", "a user name or password"),
        ("https://admin@insights.example.com", "a user name or password"),
        ("insights.example.com", "not a web address"),
        ("insights.example.com:8443", "not a web address"),
        ("ftp://insights.example.com", "not a web address"),
        ("https://", "not a web address"),
        ("https://*.example.com", "not a web address"),
        ("https://insights.example.com:99999", "not a web address"),
        ("https://[::1", "not a web address"),
    ],
)
def test_an_invalid_public_url_is_refused_with_a_clear_message(given, reason):
    with pytest.raises(ConfigurationProblem) as caught:
        PublicAddress.parse(given)
    assert reason in caught.value.what
    assert "secret" not in str(caught.value)
    assert "https://" in caught.value.remedy


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--public-url", "http://insights.example.com", "--token", TOKEN], "uses http"),
        (["--public-url", "https://insights.example.com"], "Give a --token as well"),
    ],
)
def test_the_command_refuses_unsafe_options(checkout, command, arguments, said):
    result = run([*command, "settings", *arguments], checkout)
    assert result.returncode == 1
    assert said in result.stderr
