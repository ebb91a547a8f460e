"""The `publish_to:` block of the administrator's file: the lake into which the published snapshot goes too."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

ALL_ORGS = "all_orgs"  # the schema of the lake across orgs, and its schema inside that lake
LONGEST_NAME = 63  # bytes of an identifier in PostgreSQL
MOST_DAYS = 3_650
PASSWORD_VARIABLE = "SF_INSIGHTS_LAKE_PASSWORD"  # noqa: S105  # the name of the variable

_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_SETTINGS = (
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "passfile",
    "connect_timeout",
    "application_name",
    "target_session_attrs",
)
_EXAMPLE = "postgresql://lake@db.example.com/insights"


@dataclass(frozen=True)
class CatalogAddress:
    """Where the PostgreSQL database is, as settings of libpq by name. Never holds a password."""

    settings: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, text: str) -> CatalogAddress:
        """Read `postgresql://user@host:port/database?sslmode=require` or `host=… dbname=… user=…`.

        Raises:
            ValueError: another form, a password, a setting that is not allowed, or no database; the text says what to
                write instead.
        """
        found = _of_url(text) if "://" in text else _of_pairs(text)
        if "password" in found:
            raise ValueError(f"contains a password; set {PASSWORD_VARIABLE} in .env instead")
        for name in found:
            if name not in _SETTINGS:
                raise ValueError(f"has the setting {name!r}; the settings are {', '.join(_SETTINGS)}")
        if not found.get("dbname"):
            raise ValueError(f"names no database; write it as {_EXAMPLE}")
        if any("\n" in value or "\0" in value for value in found.values()):
            raise ValueError("contains a line break; write it on one line")
        return cls(tuple(found.items()))

    def __str__(self) -> str:
        """Return the address as people read it: user@host:port/database."""
        held = dict(self.settings)
        port = f":{held['port']}" if "port" in held else ""
        user = f"{held['user']}@" if "user" in held else ""
        return f"{user}{held.get('host') or held.get('hostaddr') or 'localhost'}{port}/{held['dbname']}"


def _of_url(text: str) -> dict[str, str]:
    parts = urlsplit(text)
    if parts.scheme not in ("postgresql", "postgres"):
        raise ValueError(f"must be a PostgreSQL database; write it as {_EXAMPLE}")
    try:
        port = parts.port
    except ValueError:
        raise ValueError(f"has a port that is not a number; write it as {_EXAMPLE}") from None
    given = {
        "host": unquote(parts.hostname or ""),
        "port": str(port or ""),
        "dbname": unquote(parts.path.removeprefix("/")),
        "user": unquote(parts.username or ""),
        "password": parts.password or "",
    }
    return {name: value for name, value in given.items() if value} | dict(parse_qsl(parts.query))


def _of_pairs(text: str) -> dict[str, str]:
    try:
        words = shlex.split(text)
    except ValueError:
        words = []
    pairs = dict(word.split("=", 1) for word in words if "=" in word)
    if not pairs or len(pairs) != len(words):
        raise ValueError(f"must be a PostgreSQL database; write it as {_EXAMPLE}")
    return pairs


class PublishTo(BaseModel):
    """The lake: a catalog in PostgreSQL, and data files in a directory or in object storage."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    catalog: str
    lake_schema: str | None = Field(default=None, alias="schema")
    data: str
    keep_days: int = 30

    @field_validator("catalog")
    @classmethod
    def _is_catalog(cls, value: str) -> str:
        CatalogAddress.parse(value)
        return value

    @field_validator("lake_schema")
    @classmethod
    def _is_name(cls, value: str | None) -> str | None:
        return None if value is None else schema_name(value)

    @field_validator("data")
    @classmethod
    def _is_place(cls, value: str) -> str:
        if "://" in value and not re.fullmatch(r"s3://[^/?*\[\]]+(/[^?*\[\]]*)?", value):
            raise ValueError("must be a directory or s3://bucket/prefix")
        if not value.strip() or any(character in value for character in "?*[]\n\0"):
            raise ValueError("must be a directory or s3://bucket/prefix, without ? * [ ]")
        return value

    @field_validator("keep_days", mode="before")
    @classmethod
    def _is_number_of_days(cls, value: Any) -> Any:
        if type(value) is not int or not 1 <= value <= MOST_DAYS:  # bool is a subclass of int
            raise ValueError(f"must be a whole number of days between 1 and {MOST_DAYS}")
        return value

    @property
    def address(self) -> CatalogAddress:
        return CatalogAddress.parse(self.catalog)

    @property
    def is_in_object_storage(self) -> bool:
        return self.data.startswith("s3://")


def schema_name(text: str) -> str:
    """Return the name of a schema unchanged.

    Raises:
        ValueError: PostgreSQL does not take it without quotes, shortens it, or keeps it for itself.
    """
    if not _NAME.fullmatch(text) or len(text) > LONGEST_NAME or text.startswith("pg_") or text == "information_schema":
        raise ValueError(
            f"{text!r} cannot be the schema; write a name of at most {LONGEST_NAME} letters a to z, digits and _, "
            "such as acme"
        )
    return text
