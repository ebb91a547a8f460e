"""A change of the settings, in sentences."""

import pytest

from sf_insights.domain.configuration import parse_configuration
from sf_insights.domain.setting_changes import in_sentences

BEFORE = {"fields": ["Industry", {"field": "ARR__c", "as": "metric", "label": "Revenue"}], "daily_at": "04:00"}


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ({}, []),
        ({"fields": ["Industry", *BEFORE["fields"][1:], "Phone"]}, ["Phone is selected as an attribute."]),
        ({"fields": ["Industry"]}, ["ARR__c is no longer selected."]),
        (
            {"fields": [{"field": "Industry", "label": "Branch"}, {"field": "ARR__c"}]},
            [
                "The label of Industry is now “Branch”.",
                "ARR__c is now an attribute.",
                "The label of ARR__c is now the usual one.",
            ],
        ),
        (
            {"fields": [{"field": "Industry", "archived": True, "description": "What they do"}, BEFORE["fields"][1]]},
            ["The description of Industry is now “What they do”.", "Industry is archived."],
        ),
        ({"enabled": False}, ["The daily sync is switched off."]),
        ({"daily_at": "05:30"}, ["The time of the daily sync is now 05:30 instead of 04:00."]),
        (
            {"guards": {"max_row_drop": 0.35}},
            ["The largest allowed drop of accounts is now 35 % instead of 20 %."],
        ),
        (
            {"guards": {"max_row_drop": 0.204}},
            ["The largest allowed drop of accounts is now 20.4 % instead of 20 %."],
        ),
        (
            {"zuora_columns": ["Balance", "MRR"]},
            ["The list of additional columns of Zuora is now Balance, MRR instead of none."],
        ),
        (
            {"outbound": {"fields": [{"from": "account_name", "to": "Insights_Reference__c"}]}},
            ["What is sent to Salesforce is now different."],
        ),
    ],
)
def test_each_difference_has_a_sentence(after, said):
    assert in_sentences(parse_configuration(BEFORE), parse_configuration(BEFORE | after)) == said
