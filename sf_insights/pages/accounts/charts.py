"""The coordinates of the small charts of metrics, for SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

WIDTH, HEIGHT = 320.0, 96.0
_MARGIN = 7.0


@dataclass(frozen=True)
class Point:
    """One day and its place."""

    day: date
    value: float
    x: float
    y: float


@dataclass(frozen=True)
class Chart:
    """A line for each stretch of days without a gap; `median_y` is the height of the median."""

    lines: Sequence[Sequence[Point]]
    median_y: float

    @property
    def last(self) -> Point:
        return self.lines[-1][-1]

    @staticmethod
    def path(line: Sequence[Point]) -> str:
        """Return the points of a polyline."""
        return " ".join(f"{point.x:.1f},{point.y:.1f}" for point in line)

    @staticmethod
    def area(line: Sequence[Point]) -> str:
        """Return the points of the area under a line."""
        return f"{line[0].x:.1f},{HEIGHT:.1f} {Chart.path(line)} {line[-1].x:.1f},{HEIGHT:.1f}"


def chart(days: Sequence[tuple[date, float]], median: float) -> Chart:
    """Place the values of at least one day by their dates; days without a value leave a gap."""
    first, span = days[0][0], max(1, (days[-1][0] - days[0][0]).days)
    least, most = min(value for _, value in days), max(value for _, value in days)
    height = HEIGHT - 2 * _MARGIN

    def y(value: float) -> float:
        if most == least:
            return HEIGHT / 2
        # Halves, since the difference of two large numbers may be infinite.
        return HEIGHT - _MARGIN - height * (value / 2 - least / 2) / (most / 2 - least / 2)

    lines: list[list[Point]] = []
    for day, value in days:
        x = _MARGIN + (WIDTH - 2 * _MARGIN) * ((day - first).days / span if len(days) > 1 else 0.5)
        if not lines or (day - lines[-1][-1].day).days > 1:
            lines.append([])
        lines[-1].append(Point(day, value, x, y(value)))
    return Chart(lines, y(median))
