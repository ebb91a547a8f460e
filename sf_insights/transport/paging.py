"""Answers that come in pages: one that leads back, or on and on without content, would be followed for ever."""

from urllib.parse import urlsplit

from sf_insights.domain.problems import IncompleteSnapshot


class Way:
    """The way through one paged answer. `who` was asked to `doing`, as in "list its query jobs"."""

    def __init__(self, who: str, doing: str) -> None:
        self._who = who
        self._doing = doing
        self._followed = set[str]()
        self._begun = set[str]()

    def on(self, following: str, *, brought: int, first: str = "") -> str:
        """Return `following`, where the next page is, as the page says that was just read.

        `brought` is how many things that page holds, and `first` names the first of them, where things have names.

        Raises:
            IncompleteSnapshot: the page holds nothing, or has been read already, or the next one has.
        """
        if not brought:
            raise self._endless("sends an empty page that leads on to another")
        if following in self._followed or (first and first in self._begun):
            raise self._endless("leads back to a page that it has sent before")
        self._followed.add(following)
        self._begun.add(first)
        return following

    def _endless(self, what: str) -> IncompleteSnapshot:
        return IncompleteSnapshot(f"{self._who} was asked to {self._doing} and {what}.", "Run again.")


def own_path(address: str) -> str:
    """Return path and query of an address from an answer: the token goes to no other host than the org's."""
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
