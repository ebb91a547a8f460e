"""The statements of docs/lake.md, as the tests run them."""

import re

from sf_insights.settings.home import CHECKOUT
from sf_insights_tests.lake.database_server import PASSWORD

PAGE = (CHECKOUT / "docs" / "lake.md").read_text(encoding="utf-8")


def section(heading: str) -> str:
    """Return the text below a heading, up to the next one."""
    text = re.split(rf"^#+ {re.escape(heading)}$", PAGE, flags=re.MULTILINE)[1]
    return re.split(r"^## |^### ", text, maxsplit=1, flags=re.MULTILINE)[0]


def blocks(language: str, heading: str) -> list[str]:
    """Return the code blocks of a language in a section, with the tests' password in place of the shown ones."""
    found = re.findall(rf"^```{language}\n(.*?)^```", section(heading), re.DOTALL | re.MULTILINE)
    return [re.sub(r"PASSWORD '[^']*'", f"PASSWORD '{PASSWORD}'", block) for block in found]


def statements(heading: str) -> list[str]:
    """Return the SQL statements of a section."""
    return [
        statement.strip() for block in blocks("sql", heading) for statement in block.split(";") if statement.strip()
    ]
