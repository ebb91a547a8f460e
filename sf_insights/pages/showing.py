"""How values become text and text becomes pages; everything from an org is escaped."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
from starlette.responses import HTMLResponse

from sf_insights.domain.wording import counted, since
from sf_insights.pages.plain_words import plain, plain_remedy
from sf_insights.system.clock import now

# The beginning of the address of a page. Values are escaped, so that none can look like an attribute.
_ADDRESS = re.compile(
    r"""\s(?:href|action|formaction|data-address|data-progress|data-publication)="(?=/(?!static/|sign-|orgs\b))"""
)


def short(value: Any, width: int = 48) -> str:
    """Return a value as one printable line of at most `width` characters."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "–"
    if isinstance(value, float):
        value = f"{value:,.2f}".removesuffix(".00")
    if isinstance(value, datetime):
        value = f"{value:%Y-%m-%d %H:%M} UTC"
    text = " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())
    return text if len(text) <= width else text[: width - 1] + "…"


def share(value: float | None) -> str:
    """Return a share as a percentage; 0 % and 100 % are shown only for exactly these."""
    if value is None:
        return "–"
    if 0 < value < 0.01:
        return "< 1 %"
    if 0.99 < value < 1:
        return "> 99 %"
    return f"{value:.0%}".replace("%", " %")


class Templates:
    """The templates of the pages, autoescaped; `shared` values are available to every page."""

    def __init__(self, at: str = "", **shared: Any) -> None:
        """Prepare.

        Args:
            at: what the addresses of pages begin with, such as /orgs/emea. Templates write them without it.
            shared: values that every page has.
        """
        self._at = at
        self._files = jinja2.Environment(
            loader=jinja2.PackageLoader("sf_insights.pages"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._files.filters.update(short=short, share=share, ago=_ago, counted=counted, moment=_moment)
        self._files.filters.update(in_full=_in_full, event=_event, clock=_clock)
        self._files.filters.update(plain=plain, plain_remedy=plain_remedy)
        self._files.globals.update(shared)

    def share(self, **shared: Any) -> None:
        """Make more values available to every page."""
        self._files.globals.update(shared)

    def page(self, name: str, status: int = 200, **values: Any) -> HTMLResponse:
        """Render a template as a response."""
        text = self._files.get_template(f"{name}.html").render(**values)
        return HTMLResponse(_ADDRESS.sub(rf"\g<0>{self._at}", text) if self._at else text, status)


def _moment(moment: datetime | None, zone: str = "UTC") -> str:
    return "–" if moment is None else f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def _clock(moment: datetime, zone: str) -> str:
    return f"{moment.astimezone(ZoneInfo(zone)):%H:%M}"


def _in_full(day: date) -> str:
    return f"{day:%A}, {day.day} {day:%B %Y}"


def _event(name: str) -> str:
    """Return the name of an event of a field in words."""
    return name.replace("_", " ")


def _ago(moment: datetime) -> str:
    return since(moment, now())
