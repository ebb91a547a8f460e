"""Several Insights accounts stand for one Salesforce record."""

from decimal import Decimal
from typing import Any

import pytest

from sf_insights_tests.soak import IS_SOAK


@pytest.fixture
def shared(sync):
    """A record that several accounts stand for, and their ids."""
    record, accounts = sync.look().rows(
        "SELECT salesforce_account_id, list(account_id ORDER BY account_id) FROM insights.matched_accounts"
        " WHERE match_status = 'matched' GROUP BY 1 HAVING count(*) > 1 ORDER BY 1 LIMIT 1"
    )[0]
    return record, accounts


# Each group is written by one run, to a field of its own for each case.
COMBINED: list[list[tuple[str, str, tuple[str, str], Any]]] = [
    [
        ("sum", "Insights_Balance__c", ("0.1::DOUBLE", "0.2::DOUBLE"), Decimal("0.3")),
        ("min", "Insights_MRR__c", ("3", "5"), Decimal(3)),
        ("max", "Insights_Trend__c", ("3", "5"), Decimal(5)),
        ("count", "Insights_Accounts__c", ("3", "NULL"), Decimal(1)),
        ("same", "Insights_Autopay__c", ("true", "NULL"), True),
        ("list", "Insights_Status__c", ("'b'", "'a'"), "a; b"),
        ("same", "Insights_Notes__c", ("'a '", "'a'"), "a"),
    ],
    [
        ("count", "Insights_Accounts__c", ("'x'", "' '"), Decimal(1)),
        ("any", "Insights_Autopay__c", ("true", "false"), True),
        ("list", "Insights_Status__c", ("'a' || chr(9)", "'a'"), "a"),
    ],
    [("all", "Insights_Autopay__c", ("true", "false"), False)],
]


@pytest.mark.parametrize("cases", COMBINED, ids=lambda cases: cases[0][0])
def test_values_are_combined_as_the_entry_says(outbound, shared, cases):
    record, accounts = shared
    columns = ", ".join(f"unnest([{', '.join(values)}]) AS v{place}" for place, (_, _, values, _) in enumerate(cases))
    outbound.values(f"SELECT unnest({accounts[:2]}) AS account_id, {columns}")
    if cases[0][0] == "all":  # a checkbox is false before
        outbound.org.edit("Account", record, Insights_Autopay__c=True)
    outbound.first_send(
        fields=[
            {"from": f"v{place}", "to": target, "combine": combine}
            for place, (combine, target, _, _) in enumerate(cases)
        ]
    )
    for combine, target, _, wanted in cases:
        held = outbound.held(target)[record]
        assert (held if isinstance(wanted, bool | str) else Decimal(str(held))) == wanted, combine


def send(outbound, combine, values):
    listed = " UNION ALL ".join(f"SELECT '{id_}' AS account_id, {value} AS value" for id_, value in values.items())
    outbound.values(listed)
    outbound.first_send(fields=[{"from": "value", "to": "Insights_Balance__c", "combine": combine}])


def test_accounts_that_disagree_are_a_conflict_and_nothing_is_written(outbound, shared, org):
    record, accounts = shared
    send(outbound, "same", dict(zip(accounts, ("1", "2"), strict=False)))
    assert record not in org.writes()
    [(held, class_, message)] = outbound.rows("SELECT record_id, class, message FROM outbound.rejects")
    assert (held, class_) == (record, "conflict")
    assert message.startswith('the accounts of this record have 2 different values, such as "')
    assert message.count('"') == 4
    assert outbound.rows("SELECT conflict FROM outbound.run_fields ORDER BY run DESC LIMIT 1") == [(1,)]


def test_a_shared_record_is_written_once_by_several_runs(outbound, shared, org):
    record, accounts = shared
    send(outbound, "sum", dict(zip(accounts, ("1", "2"), strict=False)))
    for _ in range(9 if IS_SOAK else 2):
        outbound.send()
    assert org.writes()[record]["cells"] == {"Insights_Balance__c": 1}


def test_an_empty_value_and_false_agree_where_empty_means_false(outbound, shared):
    record, accounts = shared
    outbound.values(f"SELECT '{accounts[0]}' AS account_id, false AS pays UNION ALL SELECT '{accounts[1]}', NULL")
    outbound.first_send(fields=[{"from": "pays", "to": "Insights_Autopay__c", "nulls": False}])
    assert outbound.rows("FROM outbound.rejects") == []
    assert outbound.held("Insights_Autopay__c")[record] is False
