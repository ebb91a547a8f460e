"""One line of what `check` reports."""

from dataclasses import asdict, dataclass
from typing import Literal

from sf_insights.domain.problems import Problem


@dataclass(frozen=True)
class Finding:
    """One line of the report; `remedy` says what to do if it is not ok."""

    group: str
    subject: str
    state: Literal["ok", "warning", "failed"]
    detail: str
    remedy: str = ""

    def as_json(self) -> dict[str, str]:
        return asdict(self)


def failed(group: str, subject: str, problem: Problem) -> Finding:
    """Return a failed finding with the problem's message and remedy."""
    return Finding(group, subject, "failed", problem.what, problem.remedy)
