"""Parses SOQL into a tree, with Salesforce's own errors.

Supported: lists of fields and parent paths, FIELDS(ALL|STANDARD|CUSTOM), COUNT(), COUNT(f), COUNT_DISTINCT, MIN, MAX,
SUM, AVG, WHERE with AND, OR, NOT and parentheses, = != < <= > >= LIKE IN INCLUDES EXCLUDES, GROUP BY with fields,
ORDER BY, LIMIT, OFFSET.
Source: Salesforce, SOQL and SOSL Reference.
"""

from collections.abc import Callable
from typing import TypeVar

from sf_insights.demo.soql.tokens import Token, pattern_of, tokens_of, unescaped
from sf_insights.demo.soql.tree import (
    Aggregate,
    Comparison,
    FieldsFunction,
    Literal,
    Logical,
    Order,
    Path,
    Query,
    malformed,
)
from sf_insights.demo.web.errors import ApiError

MAX_LENGTH = 100_000
MAX_OFFSET = 2000

_AGGREGATES = {"count", "count_distinct", "min", "max", "sum", "avg"}
_AFTER_FROM = {"where", "order", "limit", "offset", "using", "with", "group", "having", "for"}
_RANGES = {"last_n_days", "next_n_days"}


def parse(text: str) -> Query:
    """Parse a query.

    Raises:
        ApiError: 400 MALFORMED_QUERY, QUERY_TOO_COMPLICATED or NUMBER_OUTSIDE_VALID_RANGE.
    """
    if len(text) > MAX_LENGTH:
        raise ApiError(400, "QUERY_TOO_COMPLICATED", f"SOQL statements cannot be longer than {MAX_LENGTH} characters.")
    return _Parser(text).query()


T = TypeVar("T")


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens_of(text)
        self.next = 0

    def query(self) -> Query:
        self._word("select")
        select = self._listed(self._selected)
        self._word("from")
        query = Query(self.text, select, self._take("name").text)
        if self._peek("name") and self.tokens[self.next].text.lower() not in _AFTER_FROM:
            self.next += 1  # an alias of the object
        if self._taken_word("using"):
            self._word("scope")
            self._take("name")
        if self._taken_word("where"):
            query.where = self._conditions()
        if self._taken_word("group"):
            self._word("by")
            query.group_by = self._listed(lambda: self._path(self._take("name")))
        if self._taken_word("order"):
            self._word("by")
            query.order_by = self._listed(self._order)
        if self._taken_word("limit"):
            query.limit = self._count()
        if self._taken_word("offset"):
            query.offset = self._count()
            if query.offset > MAX_OFFSET:
                raise ApiError(400, "NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {MAX_OFFSET}")
        if self.next < len(self.tokens):
            raise self._unexpected()
        return query

    def _listed(self, entry: Callable[[], T]) -> list[T]:
        """Parse entries with commas between them."""
        entries = [entry()]
        while self._taken(","):
            entries.append(entry())
        return entries

    def _selected(self) -> Path | Aggregate | FieldsFunction:
        if self._peek("operator", "("):
            raise malformed("Nesting of semi join sub-selects is not supported")
        name = self._take("name")
        if not self._taken("("):
            return self._path(name)
        function = name.text.lower()
        if function == "fields":
            group = self._take("name").text.upper()
            self._expect(")")
            if group not in {"ALL", "STANDARD", "CUSTOM"}:
                raise malformed(f"unexpected token: '{group}'")
            return FieldsFunction(group)
        found = self._aggregate(name)
        if self._peek("name") and self.tokens[self.next].text.lower() != "from":
            return Aggregate(found.function, found.path, self._take("name").text)
        return found

    def _aggregate(self, name: Token) -> Aggregate:
        """Parse an aggregate function after its opening parenthesis."""
        function = name.text.lower()
        if function not in _AGGREGATES:
            raise malformed(f"unexpected token: '{name.text}'")
        path = None
        if not self._peek("operator", ")"):
            path = self._path(self._take("name"))
        elif function != "count":
            raise self._unexpected()
        self._expect(")")
        return Aggregate(function, path, None)

    def _conditions(self) -> Comparison | Logical:
        conditions = [self._condition()]
        joined_by: str | None = None
        while self._peek("name", "and") or self._peek("name", "or"):
            word = self.tokens[self.next].text.lower()
            if joined_by not in (None, word):  # AND mixed with OR needs parentheses
                raise self._unexpected()
            joined_by = word
            self.next += 1
            conditions.append(self._condition())
        return conditions[0] if joined_by is None else Logical(joined_by, tuple(conditions))

    def _condition(self) -> Comparison | Logical:
        if self._taken_word("not"):
            return Logical("not", (self._condition(),))
        if self._taken("("):
            inner = self._conditions()
            self._expect(")")
            return inner
        path = self._path(self._take("name"))
        if self._peek("operator") and self.tokens[self.next].text in {"=", "!=", "<>", "<", "<=", ">", ">="}:
            operator = self.tokens[self.next].text.replace("<>", "!=")
            self.next += 1
            return Comparison(path, operator, (self._literal(),))
        if self._taken_word("like"):
            return Comparison(path, "like", (self._literal(),))
        operator = "not in" if self._taken_word("not") else ""
        if operator or self._peek("name", "in"):
            self._word("in")
            return Comparison(path, operator or "in", self._literals())
        for operator in ("includes", "excludes"):
            if self._taken_word(operator):
                return Comparison(path, operator, self._literals())
        raise self._unexpected()

    def _literals(self) -> tuple[Literal, ...]:
        self._expect("(")
        found = [self._literal()]
        while self._taken(","):
            found.append(self._literal())
        self._expect(")")
        return tuple(found)

    def _literal(self) -> Literal:
        token = self._take()
        if token.kind == "string":
            return Literal("string", unescaped(token), token.at, pattern_of(token))
        if token.kind in {"number", "date", "datetime", "time"}:
            return Literal(token.kind, token.text, token.at)
        word = token.text.lower()
        if token.kind == "name":
            if word in {"true", "false"}:
                return Literal("boolean", word, token.at)
            if word == "null":
                return Literal("null", None, token.at)
            if word in _RANGES and self._taken(":"):
                return Literal("named", (word, int(self._take("number").text)), token.at)
            if word in {"today", "yesterday", "tomorrow"}:
                return Literal("named", (word, 0), token.at)
        self.next -= 1
        raise self._unexpected()

    def _order(self) -> Order:
        name = self._take("name")
        key = self._aggregate(name) if self._taken("(") else self._path(name)
        descending = self._taken_word("desc")
        if not descending:
            self._taken_word("asc")
        nulls_last = False
        if self._taken_word("nulls"):
            nulls_last = self._taken_word("last")
            if not nulls_last:
                self._word("first")
        return Order(key, descending, nulls_last)

    def _count(self) -> int:
        token = self._take("number")
        if not token.text.isdigit():
            raise malformed(f"unexpected token: '{token.text}'")
        return int(token.text)

    def _path(self, token: Token) -> Path:
        return Path(tuple(token.text.split(".")), token.at)

    def _peek(self, kind: str, text: str | None = None) -> bool:
        if self.next >= len(self.tokens):
            return False
        token = self.tokens[self.next]
        return token.kind == kind and (text is None or token.text.lower() == text)

    def _take(self, kind: str | None = None) -> Token:
        if self.next >= len(self.tokens) or (kind is not None and self.tokens[self.next].kind != kind):
            raise self._unexpected()
        self.next += 1
        return self.tokens[self.next - 1]

    def _taken(self, operator: str) -> bool:
        taken = self._peek("operator", operator)
        self.next += taken
        return taken

    def _taken_word(self, word: str) -> bool:
        taken = self._peek("name", word)
        self.next += taken
        return taken

    def _expect(self, operator: str) -> None:
        if not self._taken(operator):
            raise self._unexpected()

    def _word(self, word: str) -> None:
        if not self._taken_word(word):
            raise self._unexpected()

    def _unexpected(self) -> ApiError:
        if self.next >= len(self.tokens):
            return malformed("unexpected token: '<EOF>'")
        return malformed(f"unexpected token: '{self.tokens[self.next].text}'")
