"""An installation with a mapping to Salesforce, after its first sync."""

import pytest

from sf_insights_tests.cli.conftest import Installation

STATUS = {"from": "account_status", "to": "Insights_Status__c"}
NAMES = {"from": "account_name", "to": "Insights_Reference__c", "combine": "list"}  # longer than the field


@pytest.fixture
def mapped(synced: Installation) -> Installation:
    """A mapping that nobody has previewed."""
    synced.configure(outbound={"fields": [STATUS, NAMES]})
    return synced


@pytest.fixture
def sent(mapped: Installation) -> Installation:
    """After the first send."""
    for step in ("preview", "accept", "send"):
        said = mapped("outbound", step)
        assert said.code == 0, said.err
    return mapped
