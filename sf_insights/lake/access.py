"""The credentials of the lake: from the home's .env and the process, into secrets of one DuckDB connection."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from sf_insights.domain.problems import LakeProblem
from sf_insights.domain.publish_to import PASSWORD_VARIABLE
from sf_insights.lake.target import LakeTarget

_IN_SECRET = {"host": "HOST", "port": "PORT", "dbname": "DATABASE", "user": "USER", "passfile": "PASSFILE"}
_CONNECT_SECONDS = "10"
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
_KEYS = {"AWS_ACCESS_KEY_ID": "KEY_ID", "AWS_SECRET_ACCESS_KEY": "SECRET", "AWS_SESSION_TOKEN": "SESSION_TOKEN"}


def database_secret(target: LakeTarget, variables: Mapping[str, str]) -> dict[str, str]:
    """Return the options of the secret for PostgreSQL. Without our variable, libpq looks for the password itself."""
    given = {_IN_SECRET[name]: value for name, value in target.address.settings if name in _IN_SECRET}
    password = variables.get(PASSWORD_VARIABLE) or variables.get("PGPASSWORD")
    return given | ({"PASSWORD": password} if password else {})


def database_options(target: LakeTarget) -> str:
    """Return the other settings of the catalog's address, as libpq reads them."""
    given = {name: value for name, value in target.address.settings if name not in _IN_SECRET}
    settings = {"connect_timeout": _CONNECT_SECONDS, "application_name": "sf_insights"} | given
    return " ".join(f"{name}={_quoted(value)}" for name, value in settings.items())


def uses_aws_profiles(target: LakeTarget, variables: Mapping[str, str]) -> bool:
    """Tell whether the keys for object storage come from AWS' profiles and roles, and not from variables."""
    return target.is_in_object_storage and "AWS_ACCESS_KEY_ID" not in variables


def storage_secret(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the options of the secret for object storage.

    Raises:
        LakeProblem: an endpoint that is not an address, or a key without its secret.
    """
    options = {option: variables[name] for name, option in _KEYS.items() if variables.get(name)}
    if "KEY_ID" in options and "SECRET" not in options:
        raise LakeProblem("AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY.", "Set both, or neither.")
    if "KEY_ID" not in options:
        profile = variables.get("AWS_PROFILE")
        options = {"PROVIDER": "credential_chain"} | ({"PROFILE": profile} if profile else {})
    if region := variables.get("AWS_REGION") or variables.get("AWS_DEFAULT_REGION"):
        options["REGION"] = region
    endpoint = next((variables[name] for name in _ENDPOINTS if variables.get(name)), None)
    if endpoint is not None:
        parts = urlsplit(endpoint)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/"):
            raise LakeProblem(
                "AWS_ENDPOINT_URL is not the address of an object storage.", "Write it as https://storage.example.com."
            )
        options |= {
            "ENDPOINT": parts.netloc,
            "USE_SSL": "true" if parts.scheme == "https" else "false",
            "URL_STYLE": "path",
        }
    return options


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
