"""Errors as Salesforce's REST and Bulk APIs word them."""

from typing import Any


class ApiError(Exception):
    """An error answer of the REST API: `[{"message": ..., "errorCode": ...}]`.

    Source: Salesforce, REST API Developer Guide, "Status Codes and Error Responses".
    """

    def __init__(self, status: int, code: str, message: str, fields: list[str] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.fields = fields

    def body(self) -> list[dict[str, Any]]:
        """Return the JSON array that Salesforce answers with."""
        entry: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        if self.fields is not None:
            entry["fields"] = self.fields
        return [entry]


def not_found() -> ApiError:
    """Return the error for an address, an object or a job that does not exist."""
    return ApiError(404, "NOT_FOUND", "The requested resource does not exist")


def invalid_session() -> ApiError:
    """Return the error for a token that is missing, expired or revoked."""
    return ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")


def method_not_allowed(method: str, allowed: list[str]) -> ApiError:
    """Return the error for a method that the address does not support."""
    names = ",".join(allowed)
    return ApiError(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{method}' not allowed. Allowed are {names}")
