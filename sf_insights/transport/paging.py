"""Follow the pages of an answer, and stop at loops and at endless empty pages."""

from urllib.parse import urlsplit

from sf_insights.domain.problems import IncompleteData


class PageTrail:
    """The pages of one answer that were followed. `who` was asked to `doing`, as in "list its query jobs"."""

    def __init__(self, who: str, doing: str) -> None:
        self._who = who
        self._doing = doing
        self._followed = set[str]()
        self._begun = set[str]()

    def follow(self, following: str, *, brought: int, first: str = "") -> str:
        """Return `following`, the address of the next page from the page just read, after checking for a loop.

        `brought` is how many records the page just read holds, and `first` the id of the first of them, if it has one.

        Raises:
            IncompleteData: the page is empty, or it or the next page was read before.
        """
        if not brought:
            raise self._endless("sends an empty page that points to another page")
        if following in self._followed or (first and first in self._begun):
            raise self._endless("points back to a page that it has already sent")
        self._followed.add(following)
        self._begun.add(first)
        return following

    def _endless(self, what: str) -> IncompleteData:
        return IncompleteData(f"{self._who} was asked to {self._doing} and {what}.", "Run again.")


def own_path(address: str) -> str:
    """Return path and query of an address from an answer, so that the token is sent only to the org's host."""
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
