import re

import pytest

from sf_insights.pages.access.public_address import PublicAddress
from sf_insights_tests.cli.conftest import CONFIGURATION
from sf_insights_tests.pages.conftest import first_match, serve

PAGES = ("/fields", "/labels", "/health", "/sync")
TOKEN = "a token of the tests"
CANARY = "canary-9f2c51d07be3"


def test_a_foreign_host_is_refused(site):
    for host in ("evil.example", "evil.example:80", "127.0.0.1:1", "localhost", "127.0.0.1.evil.example"):
        page = site.get("/fields", Host=host)
        assert page.status == 421, host
        assert "Industry" not in page.text
        assert "form_token" not in page.html


def test_the_machines_own_host_names_are_accepted(site):
    port = site.url.rpartition(":")[2]
    assert site.get("/fields", Host=f"localhost:{port}").status == 200
    assert site.get("/fields", Host=f"[::1]:{port}").status == 200


OTHER_SITES = (
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
)


@pytest.mark.parametrize("path", ["/fields/save", "/labels", "/sync", "/fields/refresh"])
def test_a_form_from_another_site_is_refused(site, sf_insights, path):
    for headers in OTHER_SITES:
        page = site.post(path, site.chosen(select=("Phone",)), **headers)
        assert page.status == 403, headers
        assert sf_insights.configuration.read_text() == CONFIGURATION
        assert site.pages.worker.last is None


@pytest.mark.parametrize("path", ["/fields/save", "/fields/review", "/labels", "/sync"])
def test_a_form_without_the_pages_token_is_refused(site, sf_insights, path):
    fields = [pair for pair in site.chosen(select=("Phone",)) if pair[0] != "form_token"]
    for token in (None, "", "wrong", "é"):
        page = site.post(path, fields if token is None else [*fields, ("form_token", token)])
        assert page.status == 403, token
        assert sf_insights.configuration.read_text() == CONFIGURATION
        assert site.pages.worker.last is None


def test_a_form_from_the_same_origin_is_accepted(site, sf_insights):
    page = site.post("/fields/save", site.chosen(select=("Phone",)), Origin=site.url)
    assert page.status == 200
    assert "Phone" in sf_insights.configuration.read_text()


def test_a_form_that_is_too_large_is_refused(site):
    assert site.post("/labels", [("label.Industry", "x" * 3_000_000)]).status == 413


def test_get_requests_change_nothing(site):
    for path in ("/fields/save", "/fields/review", "/fields/refresh"):
        assert site.get(path).status == 405


def test_every_response_forbids_foreign_scripts_and_styles(site):
    for path in (*PAGES, "/nothing", "/static/pages.css"):
        page = site.get(path)
        policy = page.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert page.headers["Cache-Control"] == "no-store"
        assert not re.findall(r"""(?:src|href|action)=["'](?:https?:)?//""", page.html)
        assert not re.search(r"<[^>]+\sstyle=", page.html)
        assert not re.search(r"<[^>]+\son\w+=", page.html)


def test_every_page_is_free_of_secrets(sf_insights, session, monkeypatch):
    for name in ("SALESFORCE_CONSUMER_SECRET", "SALESFORCE_CONSUMER_KEY", "ZUORA_CLIENT_SECRET"):
        monkeypatch.setenv(name, f"{CANARY}-{name}")
    for site in serve(session):
        site.post("/sync", site.get("/health").form("/sync"))
        assert "did not complete" in site.wait().text
        pages = [site.get(path) for path in (*PAGES, "/sync/progress", "/nothing")]
        pages.append(site.post("/fields/refresh", site.get("/fields").form("/fields/refresh")))
        pages.append(site.post("/fields/review", site.chosen(select=("Phone",))))
        assert "cannot be reached" in pages[0].text
        for page in pages:
            assert CANARY not in page.html
            assert CANARY not in str(page.headers)


def test_with_a_token_nothing_is_shown_before_sign_in(synced, session):
    for site in serve(session, token=TOKEN):
        for path in (*PAGES, "/sync/progress", "/nothing"):
            page = site.get(path)
            assert page.status == 401
            assert "Industry" not in page.text
            assert "form_token" not in page.html
        assert site.get("/fields", Authorization="Bearer wrong").status == 401
        assert site.get("/fields", Cookie="sf_insights_settings=wrong").status == 401
        assert "That is not the token." in site.post("/sign-in", [("token", "wrong")]).text
        assert site.get("/fields").status == 401
        assert site.get("/fields", Authorization=f"Bearer {TOKEN}").status == 200
        assert site.post("/sign-in", [("token", TOKEN)]).address.endswith("/fields")
        assert site.get("/fields").status == 200
        (cookie,) = session.cookies
        assert TOKEN not in cookie.value
        assert cookie.has_nonstandard_attr("HttpOnly")
        assert cookie.get_nonstandard_attr("SameSite") == "strict"


@pytest.mark.parametrize(
    "foreign",
    [
        'prefs={"a": 1, "b": [2]}',
        "a[0]=x",
        "no value",
        "=",
        "a=b=c",
        'open="quote',
        "größe=x",
        "sf_insights_settings=old",
    ],
)
def test_another_applications_cookie_does_not_sign_the_user_out(synced, session, foreign):
    for site in serve(session, token=TOKEN):
        site.post("/sign-in", [("token", TOKEN)])
        (cookie,) = session.cookies
        own = f"{cookie.name}={cookie.value}"
        session.cookies.clear()
        for cookies in (f"{foreign}; {own}", f"{own}; {foreign}", f"{own};{foreign};", f"{cookie.name}=old; {own}"):
            assert site.get("/fields", Cookie=cookies.encode()).status == 200
        assert site.get("/fields", Cookie=f"{foreign}; {cookie.name}=wrong".encode()).status == 401


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("insights.example.com", "https://insights.example.com", 200),
        ("insights.example.com:443", "https://insights.example.com", 200),
        ("127.0.0.1", "https://insights.example.com", 200),
        ("127.0.0.1", "http://127.0.0.1", 200),
        ("insights.example.com", "http://insights.example.com", 403),
        ("insights.example.com", "https://insights.example.com:8443", 403),
        ("insights.example.com", "http://127.0.0.1", 403),
        ("insights.example.com", "https://insights.example.com.evil.example", 403),
        ("insights.example.com@evil.example", "https://insights.example.com", 421),
        ("insights.example.com.evil.example", "https://insights.example.com", 421),
    ],
)
def test_behind_a_proxy_forms_come_from_the_public_address_or_this_machine(sf_insights, session, host, origin, status):
    public = PublicAddress.parse("https://insights.example.com")
    for site in serve(session, token=TOKEN, public=public):
        port = site.url.rpartition(":")[2]
        own = {"Host": host, "Origin": origin}
        own = {name: value.replace("127.0.0.1", f"127.0.0.1:{port}") for name, value in own.items()}
        page = site.post("/fields/review", site_form(site), Authorization=f"Bearer {TOKEN}", **own)
        assert page.status == status


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("localhost:8080", "http://localhost:8080", 200),
        ("localhost:PORT", "http://localhost:PORT", 200),
        ("localhost:PORT", "http://localhost:8080", 200),
        ("localhost:PORT", "http://localhost:1", 403),
        ("localhost:8080", "http://localhost:PORT", 403),
    ],
)
def test_forms_come_from_a_forwarded_port_or_from_the_servers_own(sf_insights, session, host, origin, status):
    public = PublicAddress.parse("http://localhost:8080")
    for site in serve(session, token=TOKEN, public=public):
        port = site.url.rpartition(":")[2]
        own = {"Host": host.replace("PORT", port), "Origin": origin.replace("PORT", port)}
        page = site.post("/fields/review", site_form(site), Authorization=f"Bearer {TOKEN}", **own)
        assert page.status == status


def site_form(site):
    """Return the form of the fields page after sign-in."""
    page = site.get("/fields", Authorization=f"Bearer {TOKEN}")
    return page.form("/fields/review")


def test_two_instances_on_one_host_keep_separate_sessions(synced, session):
    for first in serve(session, token=TOKEN):
        for second in serve(session, token=TOKEN):
            for site in (first, second):
                site.post("/sign-in", [("token", TOKEN)])
            assert [site.get("/fields").status for site in (first, second)] == [200, 200]


def test_on_a_public_address_an_unknown_host_name_is_refused(synced, session):
    for site in serve(session, token=TOKEN, host="0.0.0.0"):  # noqa: S104
        assert site.get("/fields", Host="192.0.2.7:8443", Authorization=f"Bearer {TOKEN}").status == 200
        assert site.get("/fields", Host="evil.example", Authorization=f"Bearer {TOKEN}").status == 421


def test_every_input_has_a_label_and_every_table_a_caption(synced_site):
    for path in ("/fields", "/labels", "/health"):
        page = synced_site.get(path)
        labelled = set(re.findall(r'<label[^>]* for="([^"]+)"', page.html))
        inputs = re.findall(r"<(?:input|select)\b[^>]*>", page.html)
        for tag in inputs:
            if 'type="hidden"' not in tag:
                assert first_match(r'\bid="([^"]+)"', tag) in labelled, tag
        assert page.html.count("<table") == page.html.count("<caption")
        assert page.html.count("<h1") == 1
        assert '<html lang="en">' in page.html
