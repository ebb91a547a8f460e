"""Messages for people who have only these pages: without commands, environment variables and keys of the file."""

from __future__ import annotations

import os
import re
from functools import cache

from sf_insights.domain.problems import Problem
from sf_insights.settings.home import running_as

ASK = f"Ask the person who runs {running_as(os.environ)}."

# Names in messages, and what people at the pages call the same thing. Longer names come first.
_NAMES = {
    "The org of your SALESFORCE_* variables": "Your Salesforce org",
    "No SALESFORCE_* variable is set: this": "This",
    "Set `enabled: true` to sync.": "Switch on the daily sync on the page Settings.",
    "switched off: `enabled: false`": "switched off",
    "SALESFORCE_ACCESS_TOKEN": "the access token",
    "SALESFORCE_API_VERSION": "the version of Salesforce's API",
    "SALESFORCE_AUDIENCE": "the login audience",
    "SALESFORCE_CONSUMER_KEY": "the consumer key",
    "SALESFORCE_CONSUMER_SECRET": "the consumer secret",
    "SALESFORCE_DOMAIN": "the Salesforce domain",
    "SALESFORCE_ENDPOINT": "the address of Salesforce",
    "SALESFORCE_INSTANCE_URL": "the address of the org",
    "SALESFORCE_PASSWORD": "the Salesforce password",
    "SALESFORCE_PRIVATE_KEY_FILE": "the private key",
    "SALESFORCE_SECURITY_TOKEN": "the security token",
    "SALESFORCE_USERNAME": "the Salesforce user name",
    ", with the login of SALESFORCE_OUTBOUND_*": ", with a login of its own",
    " (SALESFORCE_OUTBOUND_*)": "",
    "ZUORA_BASE_URL": "the address of Zuora",
    "ZUORA_CLIENT_ID": "the Zuora client ID",
    "ZUORA_CLIENT_SECRET": "the Zuora client secret",
    "SF_INSIGHTS_DATA_DIR": "the data directory",
    "guards.min_match_rate": "the smallest share that must match",
    "guards.max_row_drop": "the largest allowed drop",
    "label_prefix": "the label prefix",
    "insights_accounts": "the source of Insights accounts",
    "daily_at": "the time of the daily sync",
    "no Dagster daemon runs": "the scheduler is not running",
    "Dagster has never run here": "the scheduler has never run here",
    "is stopped in Dagster": "is stopped",
}
_SWITCHED_OFF = re.compile(
    r"(The synchronization is switched off)(?:: | in )[\w.]+?(?: says `enabled: false`)?(?=\.\s|\.$|$)"
)
_START_IT = re.compile(r"Start one with `[^`]+`")
_HOLDER = re.compile(r"\bsf-insights [a-z]+ is running")
_COMMAND = re.compile(r"`(?:sf-insights|make|nohup|kill|docker|systemctl)\b|`enabled: (?:true|false)`|`label:|`fields:")
_VARIABLE = re.compile(
    r"\b(?:(?:SALESFORCE|ZUORA|SF_INSIGHTS|DAGSTER)_[A-Z0-9_*]+|HTTPS?_PROXY|NO_PROXY|REQUESTS_CA_BUNDLE)(?!\w)"
)
_START = re.compile(r"(?:^|(?<=[.!?] ))the (?=\w)")


@cache
def _whole(name: str) -> re.Pattern[str]:
    """Find a name, with or without backticks, but not in another one: a field may be called ZUORA_CLIENT_ID__c."""
    before, after = (r"(?<!\w)" if name[0].isalnum() else ""), (r"(?!\w)" if name[-1].isalnum() else "")
    return re.compile(f"{before}(?:`{re.escape(name)}`|{re.escape(name)}){after}")


def plain(text: object) -> str:
    """Return a message without what people at the pages cannot use.

    A name that has a word is replaced by it; a sentence that names a command or another variable is left out.
    """
    said = _SWITCHED_OFF.sub(r"\1", str(text or ""))
    said = _HOLDER.sub("another page or command is running", said)
    said = _START_IT.sub(f"{ASK[:-1]} to start it", said)
    for name, word in _NAMES.items():
        said = _whole(name).sub(word, said)
    parts = re.split(r"(?<=[.;!?])\s+", said.strip())
    kept = " ".join(part for part in parts if not (_COMMAND.search(part) or _VARIABLE.search(part)))
    if kept.endswith(";"):
        kept = f"{kept[:-1]}."
    return _START.sub("The ", kept.replace("`", ""))


def plain_remedy(text: object) -> str:
    """Return a remedy in plain words; who to ask if nothing of it can be done on the pages."""
    return plain(text) or (ASK if text else "")


def plain_problem(problem: Problem) -> Problem:
    """Return a problem in plain words."""
    return Problem(plain(problem.what) or "Something is not set up correctly.", plain_remedy(problem.remedy))
