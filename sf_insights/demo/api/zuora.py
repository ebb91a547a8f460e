"""The Zuora side of the demo org: OAuth, and the ZOQL calls that list accounts.

Source: Zuora API Reference, "Query" and "Query more". Supports ZOQL with lower-case keywords, one object, no joins.
"""

import itertools
import json
import re
import secrets
from dataclasses import dataclass
from typing import Any

from sf_insights.demo.data import billing, credentials
from sf_insights.demo.data.store import quoted
from sf_insights.demo.running.org import Org
from sf_insights.demo.web.requests import Answer, ApiRequest

EXPIRES_IN = 3599
_QUERY = re.compile(
    r"\s*select\s+(?P<fields>.+?)\s+from\s+(?P<object>\w+)(?:\s+where\s+(?P<where>.+?))?\s*;?\s*", re.DOTALL
)
_CONDITION = re.compile(
    r"(?P<field>\w+)\s*(?P<operator>!=|<=|>=|=|<|>)\s*(?P<value>'(?:\\.|[^'\\])*'|null|true|false|-?[\d.]+)", re.DOTALL
)


class _ZoqlError(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass
class _Cursor:
    columns: list[str]
    positions: list[int]


class Zuora:
    """Handlers of Zuora's API; query locators live until the org is reset."""

    def __init__(self) -> None:
        self._cursors: dict[str, _Cursor] = {}
        self._numbers = itertools.count(1)

    def expire(self) -> None:
        """Forget all query locators."""
        self._cursors.clear()

    def token(self, org: Org, request: ApiRequest) -> Answer:
        """POST /oauth/token: exchange client credentials for a bearer token that lasts an hour."""
        form = request.form()
        if form.get("grant_type") != "client_credentials":
            return Answer({"message": "Unsupported grant type", "error": "unsupported_grant_type"}, 400)
        fits = form.get("client_id") == credentials.ZUORA_CLIENT_ID and form.get("client_secret") == (
            credentials.ZUORA_CLIENT_SECRET
        )
        if not fits:
            return Answer({"message": "Invalid client id or secret", "error": "invalid_client"}, 401)
        token = secrets.token_hex(16)
        org.zuora_tokens.add(token)
        return Answer(
            {
                "access_token": token,
                "token_type": "bearer",
                "expires_in": EXPIRES_IN,
                "scope": "entity.default service.usage.delete user.3cd5fb9a",
                "jti": secrets.token_hex(16),
            }
        )

    def query(self, org: Org, request: ApiRequest) -> Answer:
        """POST /v1/action/query with {"queryString": "select Id, CrmId from Account"}."""
        if (refusal := _refused(org, request)) is not None:
            return refusal
        try:
            with org.lock:
                return self._first_page(org, _body(request).get("queryString", ""))
        except _ZoqlError as error:
            return _failure(error.code, str(error))

    def query_more(self, org: Org, request: ApiRequest) -> Answer:
        """POST /v1/action/queryMore with {"queryLocator": ...}: the next page."""
        if (refusal := _refused(org, request)) is not None:
            return refusal
        key, _, start = str(_body(request).get("queryLocator", "")).rpartition("-")
        cursor = self._cursors.get(key)
        if cursor is None or not start.isdigit():
            return _failure("INVALID_QUERY_LOCATOR", "The query locator is invalid or has expired.")
        with org.lock:
            return self._page(org, key, cursor, int(start))

    def _first_page(self, org: Org, zoql: str) -> Answer:
        match = _QUERY.fullmatch(zoql)
        if match is None:
            raise _ZoqlError("MALFORMED_QUERY", "You have an error in your ZOQL syntax")
        if match["object"] != "Account":
            raise _ZoqlError("INVALID_TYPE", f"There is no object named {match['object']}")
        columns = [_column(name.strip()) for name in match["fields"].split(",")]
        where, values = _where(match["where"])
        rows = org.store.connection.execute(
            f"SELECT position FROM zuora_account{where} ORDER BY position", values
        ).fetchall()
        cursor = _Cursor(columns, [position for (position,) in rows])
        return self._page(org, None, cursor, 0)

    def _page(self, org: Org, key: str | None, cursor: _Cursor, start: int) -> Answer:
        end = start + org.settings.zuora_page_records
        positions = cursor.positions[start:end]
        names = ", ".join(quoted(name) for name in cursor.columns)
        places = ", ".join(map(str, positions))
        found = org.store.connection.execute(
            f"SELECT {names} FROM zuora_account WHERE position IN ({places}) ORDER BY position"
        ).fetchall()
        # Null fields are left out of a record.
        records = [
            {
                name: billing.in_json(name, value)
                for name, value in zip(cursor.columns, row, strict=True)
                if value is not None
            }
            for row in found
        ]
        body: dict[str, Any] = {"size": len(cursor.positions), "records": records}
        if end >= len(cursor.positions):
            body["done"] = True
        else:
            if key is None:
                key = f"2c92{next(self._numbers):028x}"
                self._cursors[key] = cursor
            body["queryLocator"] = f"{key}-{end}"
            body["done"] = False
        return Answer(body)


def _refused(org: Org, request: ApiRequest) -> Answer | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or token not in org.zuora_tokens:
        body = {"success": False, "reasons": [{"code": 90000011, "message": "Authentication error"}]}
        return Answer(body, 401)
    return None


def _body(request: ApiRequest) -> dict[str, Any]:
    try:
        value = json.loads(request.body or b"{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _failure(code: str, message: str) -> Answer:
    reason = {"code": 53000020, "message": f"{code}: {message}"}
    return Answer({"success": False, "processId": secrets.token_hex(8).upper(), "reasons": [reason]})


def _column(name: str) -> str:
    for known in billing.COLUMNS:
        if known.casefold() == name.casefold():
            return known
    raise _ZoqlError("INVALID_FIELD", f"There is no field named {name}")


def _where(text: str | None) -> tuple[str, list[str | None]]:
    """Return SQL for conditions joined by `and` or `or`, without parentheses; text comparison is case-sensitive."""
    if not text:
        return "", []
    tests, values, at = [], [], 0
    while True:
        match = _CONDITION.match(text, at)
        if match is None:
            raise _ZoqlError("MALFORMED_QUERY", "You have an error in your ZOQL syntax")
        column, operator, value = quoted(_column(match["field"])), match["operator"], match["value"]
        if value == "null":
            if operator not in {"=", "!="}:
                raise _ZoqlError("MALFORMED_QUERY", "null can only be compared by = and !=")
            tests.append(f"{column} IS {'' if operator == '=' else 'NOT '}NULL")
        else:
            tests.append(f"{column} {operator} ?")
            values.append(re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith("'") else value)
        rest = re.compile(r"\s+(and|or)\s+").match(text, match.end())
        if rest is None:
            if text[match.end() :].strip():
                raise _ZoqlError("MALFORMED_QUERY", "You have an error in your ZOQL syntax")
            return " WHERE " + " ".join(tests), values
        tests.append(rest[1].upper())
        at = rest.end()
