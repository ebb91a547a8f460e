"""The tree of a parsed SOQL query; its names are not looked up yet."""

from dataclasses import dataclass, field
from typing import Any

from sf_insights.demo.web.errors import ApiError


@dataclass(frozen=True)
class Path:
    """A field of the object (`Name`) or of a parent (`Owner.Name`)."""

    parts: tuple[str, ...]
    at: int

    @property
    def text(self) -> str:
        """The path as written in the query."""
        return ".".join(self.parts)


@dataclass(frozen=True)
class Literal:
    """A value in a condition; kind is string, number, date, datetime, time, boolean, null or named (LAST_N_DAYS:7)."""

    kind: str
    value: Any
    at: int
    pattern: str = ""  # of a string, for LIKE: % and _ are wildcards unless escaped


@dataclass(frozen=True)
class Comparison:
    """`path operator literals`, the operator in lower case; only in, not in, includes and excludes take several."""

    path: Path
    operator: str
    literals: tuple[Literal, ...]


@dataclass(frozen=True)
class Logical:
    """`and` or `or` of several conditions, or `not` of one."""

    operator: str
    conditions: tuple[Any, ...]


@dataclass(frozen=True)
class Aggregate:
    """An aggregate such as COUNT(Id) c. COUNT() has no path; a missing alias becomes expr0, expr1."""

    function: str
    path: Path | None
    alias: str | None


@dataclass(frozen=True)
class FieldsFunction:
    """FIELDS(ALL), FIELDS(STANDARD) or FIELDS(CUSTOM)."""

    group: str


@dataclass(frozen=True)
class Order:
    """One key of ORDER BY."""

    key: Path | Aggregate
    descending: bool
    nulls_last: bool


@dataclass
class Query:
    """A parsed query."""

    text: str
    select: list[Path | Aggregate | FieldsFunction]
    object_name: str
    where: Comparison | Logical | None = None
    group_by: list[Path] = field(default_factory=list)
    order_by: list[Order] = field(default_factory=list)
    limit: int | None = None
    offset: int | None = None

    @property
    def aggregates(self) -> bool:
        """Whether the query aggregates records instead of listing them."""
        return bool(self.group_by) or any(isinstance(item, Aggregate) for item in self.select)

    def error_at(self, code: str, message: str, at: int) -> ApiError:
        """Return an error that shows its position in the query, as Salesforce does."""
        line_start = self.text.rfind("\n", 0, at) + 1
        row = self.text.count("\n", 0, at) + 1
        column = at - line_start + 1
        start = max(line_start, at - 60)
        shown = self.text[start : at + 60].split("\n")[0]
        return ApiError(400, code, f"\n{shown}\n{' ' * (at - start)}^\nERROR at Row:{row}:Column:{column}\n{message}")


def malformed(message: str) -> ApiError:
    """Return the error for invalid SOQL."""
    return ApiError(400, "MALFORMED_QUERY", message)
