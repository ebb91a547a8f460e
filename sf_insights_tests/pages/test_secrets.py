"""No run, command or page writes a secret: not in logs, errors, metadata, tables or forms."""

import re
from pathlib import Path

import duckdb
import pytest

from sf_insights.demo.data import credentials
from sf_insights_tests.pages.conftest import serve
from sf_insights_tests.soak import some

ALERT_TOKEN = "T0CANARY/B0CANARY/alertTokenNobodyMaySee"
PAGES_TOKEN = "canary-token-of-the-settings-pages"
WRONG_SECRET = "canary-of-a-secret-that-is-wrong"
RESULTS = "/results"
REFUSED = [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}]

WAYS = {
    "client credentials": {},
    "JWT bearer": {
        "SALESFORCE_DOMAIN": "login",
        "SALESFORCE_CONSUMER_SECRET": "",
        "SALESFORCE_USERNAME": credentials.USERNAME,
    },
    "user name and password": {
        "SALESFORCE_CONSUMER_KEY": "",
        "SALESFORCE_USERNAME": credentials.USERNAME,
        "SALESFORCE_PASSWORD": credentials.PASSWORD,
        "SALESFORCE_SECURITY_TOKEN": credentials.SECURITY_TOKEN,
    },
    "existing session": {"SALESFORCE_CONSUMER_KEY": ""},  # with a token and its org's address
}


@pytest.fixture
def written(sf_insights, tmp_path, monkeypatch):
    """Everything written so far: each file below the test's directory, each table as text, and the output."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    return Written(tmp_path)


class Written:
    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.said: list[tuple[str, str]] = []

    def places_of(self, secret: str) -> list[str]:
        """Return the places where a text occurs."""
        return [name for name, content in self._contents() if secret.encode() in content]

    def _contents(self):
        for name, text in self.said:
            yield name, text.encode()
        for file in sorted(self._directory.rglob("*")):
            if file.is_file():
                yield str(file.relative_to(self._directory)), file.read_bytes()
            if file.suffix == ".duckdb":  # whose pages are compressed
                yield from self._tables(file)

    def _tables(self, file: Path):
        with duckdb.connect(str(file), read_only=True) as connection:
            tables = connection.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
            for schema, table in tables:
                rows = connection.execute(f'FROM "{schema}"."{table}"').fetchall()
                yield f"{file.name} {schema}.{table}", repr(rows).encode()


def canaries(org):
    """Every secret by name: from the environment, from the servers, and derived ones."""
    key = org.private_key_file.read_text().splitlines()
    return {
        "consumer key": credentials.CONSUMER_KEY,
        "consumer secret": credentials.CONSUMER_SECRET,
        "wrong secret": WRONG_SECRET,
        "password": credentials.PASSWORD,
        "security token": credentials.SECURITY_TOKEN,
        "private key": key[len(key) // 2],
        "signed assertion": "eyJhbGciOi",
        "Zuora client": credentials.ZUORA_CLIENT_ID,
        "Zuora secret": credentials.ZUORA_CLIENT_SECRET,
        "alert address": ALERT_TOKEN.rpartition("/")[2],
        "token of the pages": PAGES_TOKEN,
        **{f"token {number} that was handed out": token for number, token in enumerate(org.tokens())},
    }


def leaks(org, written):
    return {name: places for name, secret in canaries(org).items() if (places := written.places_of(secret))}


@pytest.mark.parametrize("way", some(WAYS, 3))
def test_syncs_that_succeed_or_fail_write_no_secret(org, sf_insights, written, session, closed_port, monkeypatch, way):
    if way == "existing session":
        form = {"grant_type": "client_credentials", "client_id": credentials.CONSUMER_KEY}
        form["client_secret"] = credentials.CONSUMER_SECRET
        token = session.post(f"{org.url}/services/oauth2/token", data=form, timeout=30).json()["access_token"]
        monkeypatch.setenv("SALESFORCE_ACCESS_TOKEN", token)
        monkeypatch.setenv("SALESFORCE_INSTANCE_URL", org.url.replace("http:", "https:"))
    for name, value in WAYS[way].items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SALESFORCE_PRIVATE_KEY_FILE", str(org.private_key_file))
    monkeypatch.setenv("SF_INSIGHTS_ALERT_URL", f"http://127.0.0.1:{closed_port}/services/{ALERT_TOKEN}")
    monkeypatch.setenv("SF_INSIGHTS_HEARTBEAT_URL", f"http://127.0.0.1:{closed_port}/{ALERT_TOKEN}")

    def command(*arguments, code):
        said = sf_insights(*arguments)
        written.said.append((" ".join(arguments), said.out + said.err))
        assert said.code == code, said.err

    command("sync", code=0)
    org.fault("status", path=RESULTS, status=401, body=REFUSED, times=None)
    command("sync", code=1)
    org.clear_faults()
    if way == "client credentials":
        command("check", code=0)
        command("status", "--json", code=0)
        org.fault("status", path="/describe", status=200, body={"nothing": "that is a describe"}, times=None)
        command("sync", code=1)
        org.clear_faults()
        org.fault("status", path="/v1/action/query", status=401, body={"success": False}, times=None)
        command("sync", code=1)
        org.clear_faults()
        for name in ("SALESFORCE_CONSUMER_SECRET", "ZUORA_CLIENT_SECRET"):
            with monkeypatch.context() as patch:
                patch.setenv(name, WRONG_SECRET)
                command("sync", code=1)
        with monkeypatch.context() as patch:
            patch.setenv("SALESFORCE_ENDPOINT", f"http://127.0.0.1:{closed_port}")
            command("check", code=1)
    assert len(org.tokens()) >= 2
    assert any("dagster" in place for place in written.places_of("Industry"))  # the search would find a secret
    assert any("ops.sync_runs" in place for place in written.places_of("Industry"))
    assert leaks(org, written) == {}


def test_an_outbound_run_writes_no_secret_and_its_logs_hold_no_value(org, synced, written):
    value = "canary of a value"
    (synced.data / "outbound.sql").write_text(f"SELECT account_id, '{value}' AS note FROM insights.accounts")
    synced.configure(outbound={"values": "outbound.sql", "fields": [{"from": "note", "to": "Insights_Status__c"}]})
    org.add_validation_rule("Insights_Status__c", "no canaries", [value])
    for step in ("preview", "accept", "send", "retry", "send"):
        said = synced("outbound", step)
        assert said.code == 0, said.err
        if step != "preview":  # which shows examples
            written.said.append((step, said.out + said.err))
        if step == "retry":
            org.remove_rules()
    assert value in {row["Insights_Status__c"] for row in org.accounts()}
    assert leaks(org, written) == {}
    shown = ("outbound.sql", "outbound_sync.duckdb", "account_outbound.duckdb", "send")  # send shows refused values
    found = [place for place in written.places_of(value) if not any(name in place for name in shown)]
    assert found == []
    assert any("dagster" in place for place in written.places_of("desired_values"))  # the search would find a value


@pytest.mark.parametrize("token", some([PAGES_TOKEN, None], 1))
def test_the_pages_show_no_secret(org, synced, written, session, monkeypatch, token):
    monkeypatch.setenv("SF_INSIGHTS_ALERT_URL", f"http://127.0.0.1:9/{ALERT_TOKEN}")
    if token:
        monkeypatch.setenv("SF_INSIGHTS_SETTINGS_TOKEN", token)
    for site in serve(session, token=token):
        if token:
            site.post("/sign-in", [("token", "wrong")])
            site.post("/sign-in", [("token", token)])
        org.fault("status", path=RESULTS, status=401, body=REFUSED, times=None)
        form = dict(site.get("/fields").form("/fields/review"))
        site.post("/sync", [("form_token", form["form_token"])])
        pages = {"/sync": site.wait()} | {
            path: site.get(path) for path in ("/fields", "/labels", "/health", "/nowhere")
        }
        assert re.search("session", pages["/sync"].text)
        written.said += [(path, f"{page.headers}{page.html}") for path, page in pages.items()]
    assert written.places_of("Industry")
    assert leaks(org, written) == {}
