"""Who may open the pages, and who may change things there: tokens by name, or the names that a proxy passes on."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field

from sf_insights.domain.problems import ConfigurationProblem

SHORTEST_TOKEN = 16
_TOKEN = "SF_INSIGHTS_SETTINGS_TOKEN"  # noqa: S105  # names of variables, not secrets
_TOKENS = "SF_INSIGHTS_SETTINGS_TOKENS"
_HEADER = "SF_INSIGHTS_SETTINGS_USER_HEADER"
_EDITORS = "SF_INSIGHTS_SETTINGS_EDITORS"
VARIABLES = (_TOKEN, _TOKENS, _HEADER, _EDITORS)
_NAME = re.compile(r"[^\s:,]{1,100}")
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]{1,60}")
_MOST_LETTERS = 100


@dataclass(frozen=True)
class Person:
    """Someone who has signed in; `name` is empty where nobody has a name.

    `has_session` tells whether a cookie identifies them, so that they can sign out here.
    """

    name: str
    may_edit: bool
    has_session: bool = False


ANYONE = Person("", may_edit=True)
# Who sent the request that is being answered.
_current: ContextVar[Person] = ContextVar("person", default=ANYONE)


def current_person() -> Person:
    """Return who sent the request that is being answered."""
    return _current.get()


def remember(person: Person) -> None:
    """Keep who sent the request that this task answers."""
    _current.set(person)


@dataclass(frozen=True)
class People:
    """Everyone who may open the pages.

    Attributes:
        by_token: the person of each token; without any, nobody has to sign in.
        user_header: the request header in which a proxy names the person. It counts only together with the shared
            token in `Authorization: Bearer`, which the proxy alone should know.
        editors: the names in that header whose owners may edit; None if all may.
    """

    by_token: Mapping[str, Person] = field(default_factory=dict)
    user_header: str | None = None
    editors: frozenset[str] | None = None

    @property
    def must_sign_in(self) -> bool:
        return bool(self.by_token)

    def with_token(self, given: str) -> Person | None:
        """Return the person of a token; None if it is nobody's. Takes as long for any token."""
        found = None
        for token, person in self.by_token.items():
            if hmac.compare_digest(given.encode(), token.encode()):
                found = person
        return found

    def behind(self, bearer: Person, headers: Mapping[str, str]) -> Person:
        """Return who sent a request with a token in its header: the token's owner, or the person its proxy names.

        Only the token without a name is a proxy's. A request that names nobody may only view.
        """
        if self.user_header is None or bearer.name:
            return bearer
        named = "".join(letter for letter in headers.get(self.user_header, "") if letter.isprintable()).strip()
        may_edit = bool(named) and (self.editors is None or named.lower() in self.editors)
        return Person(named[:_MOST_LETTERS], may_edit)

    @classmethod
    def parse(cls, token: str | None, variables: Mapping[str, str]) -> People:
        """Read who may sign in.

        Args:
            token: one that everyone shares, who may edit.
            variables: the environment. SF_INSIGHTS_SETTINGS_TOKENS holds `name:role:token` for each person, separated
                by spaces or commas; the role is view or edit.

        Raises:
            ConfigurationProblem: a token is too short or used twice, an entry is malformed, or a header is trusted
                without a token.
        """
        found = {token: ANYONE} if token is not None else {}
        for number, entry in enumerate(re.split(r"[\s,]+", variables.get(_TOKENS, "").strip()), start=1):
            if not entry:
                continue
            name, _, rest = entry.partition(":")
            role, _, own = rest.partition(":")
            if not _NAME.fullmatch(name) or role not in ("view", "edit") or not own:
                raise ConfigurationProblem(  # without the entry, which holds a secret
                    f"Entry {number} of {_TOKENS} is not a name, a role and a token.",
                    "Write name:view:token or name:edit:token for each person, separated by spaces.",
                )
            if own in found:
                raise ConfigurationProblem(
                    f"{name} has the token of someone else in {_TOKENS}.", "Give each person a token of their own."
                )
            found[own] = Person(name, may_edit=role == "edit")
        for own, person in found.items():
            if len(own) < SHORTEST_TOKEN:
                whose = f"token of {person.name}" if person.name else "token"
                raise ConfigurationProblem(
                    f"The {whose} is shorter than {SHORTEST_TOKEN} characters.", "Choose a longer one."
                )
        return cls(found, *_trusted(variables, has_shared_token=token is not None))


def _trusted(variables: Mapping[str, str], *, has_shared_token: bool) -> tuple[str | None, frozenset[str] | None]:
    """Return the header that names people, and who of them may edit."""
    header, editors = variables.get(_HEADER, "").strip(), variables.get(_EDITORS, "").strip()
    if header and not _HEADER_NAME.fullmatch(header):
        raise ConfigurationProblem(
            f"{_HEADER} is not the name of a request header.", "Write the name alone, such as X-Forwarded-Email."
        )
    if header and not has_shared_token:
        raise ConfigurationProblem(
            f"{_HEADER} is set, but anyone who reaches the pages could send that header.",
            f"Set {_TOKEN} too, and let the proxy send it in the header Authorization: Bearer.",
        )
    if editors and not header:
        raise ConfigurationProblem(
            f"{_EDITORS} names people, but no header says who they are.",
            f"Set {_HEADER} to the header in which the proxy passes their names.",
        )
    names = frozenset(name.lower() for name in re.split(r"[\s,]+", editors) if name)
    return header or None, names or None
