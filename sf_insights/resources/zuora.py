"""The Insights accounts, from Zuora's API or from a file: Id, AccountNumber, Name, CrmId and Status, always as text.

Source: Zuora API reference, "CRUD: query" and "queryMore", "Create an OAuth token", "Rate limits".
"""

import csv
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import polars as pl
import requests

from sf_insights.domain.problems import ConfigurationProblem, ConnectionProblem, IncompleteSnapshot
from sf_insights.resources.credentials import ZuoraCredentials, zuora_credentials
from sf_insights.resources.transport import (
    PassingTrouble,
    RetryPolicy,
    network_troubles,
    new_session,
    read_json,
    understood,
)

COLUMNS = ("Id", "AccountNumber", "Name", "CrmId", "Status")
SCHEMA = dict.fromkeys(COLUMNS, pl.String)

_NEEDED = ("Id", "CrmId")
_QUERY = f"select {', '.join(COLUMNS)} from Account"
_RESTARTS = 2
_RENEW_BEFORE_SECONDS = 60.0
_MOST_LINES_NAMED = 5
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
# The last two digits of a reason's code: locking contention, temporary error, request exceeded limit.
_PASSING_REASONS = frozenset({50, 61, 70})


class AccountSource(Protocol):
    """Where the list of Insights accounts comes from: `name` for people, `api_calls` made so far."""

    @property
    def name(self) -> str: ...

    @property
    def api_calls(self) -> int: ...

    def check(self) -> None:
        """See that the accounts can be read, at little cost, before anything else is.

        Raises:
            Problem: they cannot.
        """
        ...

    def read_accounts(self) -> pl.DataFrame:
        """Return all accounts with the columns COLUMNS, all text; what is empty or absent is null.

        Raises:
            Problem: there are none, or they are not usable.
        """
        ...


def account_source(
    setting: str, environment: Mapping[str, str], base: Path, *, retry: RetryPolicy | None = None
) -> AccountSource:
    """Return the source that `insights_accounts` names: "zuora", or a path, which `base` completes when relative.

    Raises:
        ConfigurationProblem: the ZUORA_* variables are incomplete, or the file is of another kind.
    """
    if setting.strip().lower() == "zuora":
        return ZuoraAccounts(zuora_credentials(environment), environment, retry=retry)
    try:
        return FileAccounts(base / Path(setting).expanduser())
    except RuntimeError:
        raise ConfigurationProblem(
            f"insights_accounts names {setting}, and there is no such user here.", "Write the whole path."
        ) from None


class FileAccounts:
    """Accounts from a CSV or Parquet file whose columns have Zuora's API names."""

    api_calls = 0

    def __init__(self, path: Path) -> None:
        if path.suffix.lower() not in (".csv", ".parquet"):
            raise ConfigurationProblem(
                f"insights_accounts names {path.name}, which is neither a .csv nor a .parquet.",
                "Write the path of such a file, or zuora to read them from Zuora.",
            )
        self.path = path
        self.name = path.name

    def check(self) -> None:
        """See AccountSource."""
        self.read_accounts()

    def read_accounts(self) -> pl.DataFrame:
        """See AccountSource.

        Raises:
            ConfigurationProblem: the file cannot be read, lacks a column, is empty, or has an account twice or
                without an Id.
        """
        accounts = self._read()
        accounts = accounts.filter(~pl.all_horizontal(pl.exclude("row").is_null()))  # an empty line is no account
        if accounts.is_empty():
            raise self._problem("holds no accounts", "Export the accounts again.")
        accounts = accounts.with_columns(pl.col("Id").str.strip_chars())
        blank = accounts.filter(pl.col("Id").is_null() | (pl.col("Id") == ""))["row"].to_list()
        if blank:
            raise self._problem(f"has accounts without an Id ({self._places(blank)})", "Fill in Zuora's Id.")
        if accounts["Id"].n_unique() < len(accounts):
            twice = accounts.filter(accounts["Id"].is_duplicated())
            first = twice["Id"][0]
            rows = twice.filter(pl.col("Id") == first)["row"].to_list()
            raise self._problem(
                f"has {twice['Id'].n_unique()} Ids in several rows each, such as {first} ({self._places(rows)})",
                "Each account may stand in it once.",
            )
        return accounts.select(COLUMNS)

    def _read(self) -> pl.DataFrame:
        """Return the columns COLUMNS and `row`, which counts from 0."""
        try:
            if self._is_csv():
                # A star in a path is a star: two files that look alike are not one list.
                found = pl.read_csv(self.path, n_rows=0, infer_schema=False, glob=False).columns
                wanted = self._wanted(found)
                accounts = pl.read_csv(self.path, columns=wanted, infer_schema=False, glob=False)
            else:
                found = list(pl.read_parquet_schema(self.path))
                wanted = self._wanted(found)
                accounts = pl.read_parquet(self.path, columns=wanted, glob=False)
            absent = [pl.lit(None, pl.String).alias(name) for name in COLUMNS if name not in wanted]
            return accounts.with_row_index("row").select(
                "row", pl.col(wanted).cast(pl.String).replace("", None), *absent
            )
        except OSError as error:
            raise self._problem(
                f"cannot be read: {error.strerror or 'no such file'}", "Look at insights_accounts."
            ) from None
        except (TypeError, ValueError):
            raise self._problem("has a name that no file can have", "Look at insights_accounts.") from None
        except pl.exceptions.NoDataError:
            raise self._problem("is empty", "Export the accounts again.") from None
        except pl.exceptions.PolarsError as error:
            reason = str(error).splitlines()[0]
            raise self._problem(
                f"cannot be read: {reason}", "It must be UTF-8 text separated by commas, or Parquet."
            ) from None

    def _wanted(self, found: list[str]) -> list[str]:
        missing = [name for name in _NEEDED if name not in found]
        if missing:
            raise self._problem(
                f"has no column {' and no column '.join(missing)}; it has {', '.join(found)}",
                self._separated(found) or f"The columns need Zuora's API names: {', '.join(COLUMNS)}.",
            )
        return [name for name in COLUMNS if name in found]

    def _separated(self, found: list[str]) -> str | None:
        """What to do when the whole header is one column, since something else than a comma separates them."""
        for sign, name in _SEPARATORS.items():
            if self._is_csv() and len(found) == 1 and sign in found[0]:
                return f"Export it with commas; {name} separate its columns."
        return None

    def _places(self, rows: list[int]) -> str:
        """Say where in the file rows, counted from 0, are: by line in a CSV, where a record may have several."""
        if not self._is_csv():
            return f"rows {_listed([row + 1 for row in rows])}"
        csv.field_size_limit(sys.maxsize)
        with self.path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            next(reader)
            lines, line = [], reader.line_num + 1
            for _ in reader:
                lines.append(line)
                line = reader.line_num + 1
        return f"lines {_listed([lines[row] for row in rows])}"

    def _is_csv(self) -> bool:
        return self.path.suffix.lower() == ".csv"

    def _problem(self, what: str, remedy: str) -> ConfigurationProblem:
        return ConfigurationProblem(f"The account file {self.path} {what}.", remedy)


class ZuoraAccounts:
    """Accounts from a Zuora tenant: one ZOQL query, 2,000 accounts a page."""

    name = "zuora"

    def __init__(
        self, credentials: ZuoraCredentials, environment: Mapping[str, str], *, retry: RetryPolicy | None = None
    ) -> None:
        """Prepare; nothing is sent. `environment` gives HTTPS_PROXY, NO_PROXY and REQUESTS_CA_BUNDLE."""
        self._credentials = credentials
        self._retry = retry or RetryPolicy()
        self._session = new_session(environment)
        self._token: str | None = None
        self._token_ends = 0.0
        self._api_calls = 0

    @property
    def api_calls(self) -> int:
        """How many calls to the tenant's API were made so far, retries included and logins not."""
        return self._api_calls

    def check(self) -> None:
        """See AccountSource. Logs in."""
        self._current_token()

    def read_accounts(self) -> pl.DataFrame:
        """See AccountSource. When Zuora drops the query half-way it is asked again from the start.

        Raises:
            ConnectionProblem: Zuora cannot be reached, refuses, or sends no account.
            IncompleteSnapshot: Zuora sends an account twice or loses the query again and again.
        """
        for _ in range(_RESTARTS + 1):
            try:
                records = self._query()
                break
            except _LocatorLost:
                continue
        else:
            raise IncompleteSnapshot("Zuora drops the query of the accounts half-way each time.", "Run again later.")
        if not records:
            raise ConnectionProblem(
                "Zuora sent no accounts.", "Check that the OAuth client's user may read accounts, and the tenant."
            )
        rows = [{name: _text(record.get(name)) for name in COLUMNS} for record in records]
        most = Counter(row["Id"] for row in rows).most_common(1)[0]
        if most[0] is None or most[1] > 1:
            raise IncompleteSnapshot(f"Zuora sent the account {most[0]} {most[1]} times.", "Run again.")
        return pl.DataFrame(rows, schema=SCHEMA)

    def _query(self) -> list[dict[str, Any]]:
        records: list[dict[str, Any]] = []
        page = self._call("/v1/action/query", {"queryString": _QUERY})
        while True:
            with understood("Zuora", "list the accounts"):
                records += [{**record} for record in page.get("records") or []]
            if page.get("done"):
                return records
            locator = page.get("queryLocator")
            if not locator:
                raise IncompleteSnapshot("Zuora does not say where the rest of the accounts is.", "Run again.")
            page = self._call("/v1/action/queryMore", {"queryLocator": locator})

    def _call(self, path: str, body: Mapping[str, str]) -> dict[str, Any]:
        def once() -> dict[str, Any]:
            answer = self._send(path, body)
            if answer.status_code == requests.codes.unauthorized:
                self._token = None
                answer = self._send(path, body)
            with network_troubles("Zuora"):
                return _accepted(answer)

        return self._retry.run(once)

    def _send(self, path: str, body: Mapping[str, str]) -> requests.Response:
        token = self._current_token()
        self._api_calls += 1
        with network_troubles("Zuora"):
            return self._session.post(
                self._credentials.base_url + path, json=body, headers={"Authorization": f"Bearer {token}"}
            )

    def _current_token(self) -> str:
        if self._token is None or time.monotonic() >= self._token_ends:
            asked_at = time.monotonic()
            answer = self._log_in()
            with understood("Zuora", "log in"):
                self._token = str(answer["access_token"])
                self._token_ends = asked_at + float(answer.get("expires_in") or 0) - _RENEW_BEFORE_SECONDS
        return self._token

    def _log_in(self) -> dict[str, Any]:
        with network_troubles("Zuora"):
            answer = self._session.post(
                f"{self._credentials.base_url}/oauth/token",
                data={
                    "client_id": self._credentials.client_id,
                    "client_secret": self._credentials.client_secret,
                    "grant_type": "client_credentials",
                },
            )
        if answer.status_code >= 400:
            raise ConnectionProblem(
                f"Zuora refused the login (HTTP {answer.status_code}).",
                "Check ZUORA_CLIENT_ID and ZUORA_CLIENT_SECRET, and that ZUORA_BASE_URL is of the same tenant.",
            )
        token = read_json(answer)
        if not isinstance(token, dict) or not token.get("access_token"):
            raise PassingTrouble("Zuora's login answered without a token")
        return token


class _LocatorLost(Exception):
    """Zuora no longer holds the rest of a query: a locator lives for 15 minutes."""


def _accepted(answer: requests.Response) -> dict[str, Any]:
    """Return the body of an answer that is a success by its status and by its words.

    Zuora refuses with success: false and reasons, also at status 200, or with faultCode and faultMessage.
    """
    try:
        body = read_json(answer)
    except PassingTrouble:
        if answer.status_code < 400:
            raise
        body = {}
    body = body if isinstance(body, dict) else {}
    is_refused = answer.status_code >= 400 or body.get("success") is False or "faultCode" in body
    if not is_refused:
        return body
    with understood("Zuora", "list the accounts"):
        reason: Mapping[str, Any] = {**next(iter(body.get("reasons") or []), {})}
    code = str(reason.get("code") or body.get("faultCode") or "")
    message = str(reason.get("message") or body.get("faultMessage") or body.get("message") or "")
    said = ": ".join(part for part in (code, message) if part) or f"HTTP {answer.status_code}"
    if "querylocator" in said.lower().replace("_", "").replace(" ", ""):
        raise _LocatorLost
    if code.isdigit() and int(code) % 100 in _PASSING_REASONS:
        raise PassingTrouble(f"Zuora is busy ({said})")
    remedy = "Check that the OAuth client's user may read accounts through the API."
    if answer.status_code == requests.codes.unauthorized:
        remedy = "Zuora accepts the login but refuses its token: check that the OAuth client is active."
    raise ConnectionProblem(f"Zuora refused to list the accounts ({said.rstrip('.')}).", remedy)


def _text(value: Any) -> str | None:
    return None if value is None or value == "" else str(value)


def _listed(places: list[int]) -> str:
    named = ", ".join(str(place) for place in places[:_MOST_LINES_NAMED])
    return named if len(places) <= _MOST_LINES_NAMED else f"{named} and {len(places) - _MOST_LINES_NAMED} more"
