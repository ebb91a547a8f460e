"""Every kind of value arrives as it was meant, and comes back as the same value the next day."""

import datetime
from decimal import Decimal
from typing import Any

import pytest

from sf_insights_tests.outbound.test_sending import matched

# A SELECT's expression, the target, and what Salesforce holds afterwards.
KINDS = [
    ("'plain'", "Insights_Status__c", "plain"),
    ("'  blanks and 日本 😀 \"quotes\", commas  '", "Insights_Status__c", 'blanks and 日本 😀 "quotes", commas'),
    ("'=1+1'", "Insights_Status__c", "=1+1"),
    ("'#N/A'", "Insights_Status__c", "#N/A"),
    ("'one' || chr(10) || 'two'", "Insights_Notes__c", "one\ntwo"),
    ("'one' || chr(13) || chr(10) || 'two'", "Insights_Notes__c", "one\r\ntwo"),
    ("'one' || chr(13) || 'two'", "Insights_Notes__c", "one\rtwo"),
    ("12.345::DECIMAL(10,3)", "Insights_Balance__c", Decimal("12.35")),
    ("-0.005::DECIMAL(10,3)", "Insights_Balance__c", Decimal("-0.01")),
    ("1e3::DOUBLE", "Insights_MRR__c", Decimal(1000)),
    ("0", "Insights_Accounts__c", Decimal(0)),
    ("12.5::DOUBLE", "Insights_Trend__c", Decimal("12.5")),
    ("0.12345678::DOUBLE", "Insights_Score__c", Decimal("0.12345678")),
    ("true", "Insights_Autopay__c", True),
    ("false", "Insights_Autopay__c", False),
    ("DATE '2026-02-28'", "Insights_Renewal__c", "2026-02-28"),
    ("TIMESTAMPTZ '2026-03-29 02:30:00.9+02'", "Insights_Last_Invoice__c", "2026-03-29T00:30:00"),
    ("'Good'", "Insights_Health__c", "Good"),
    ("'Revenue;Billing;Revenue'", "Insights_Products__c", "Billing;Revenue"),
    ("'Revenue' || chr(9) || '; Billing'", "Insights_Products__c", "Billing;Revenue"),
    ("'x@example.com'", "Insights_Contact__c", "x@example.com"),
]


def plain(value):
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float | Decimal):
        return Decimal(str(value))
    if isinstance(value, datetime.datetime):
        return value.isoformat()[:19]
    return value[:19] if isinstance(value, str) and value[4:5] == "-" and "T" in value else value


@pytest.mark.parametrize("channel", ["collections", "bulk"])
def test_values_of_every_kind_arrive_exactly_and_are_not_sent_again(request, channel):
    """Each record gets one of the values of each target, so that all of them are written by one run."""
    sender = request.getfixturevalue("large" if channel == "bulk" else "outbound")
    chosen = sorted(matched(sender.sync))[: 2100 if channel == "bulk" else 8]
    by_target: dict[str, list[tuple[str, Any]]] = {}
    for expression, target, wanted in KINDS:
        by_target.setdefault(target, []).append((expression, wanted))
    columns = ", ".join(
        f"[{', '.join(expression for expression, _ in cases)}][1 + number % {len(cases)}] AS v{place}"
        for place, cases in enumerate(by_target.values())
    )
    sender.values(
        f"SELECT salesforce_account_id, {columns} FROM (SELECT unnest({chosen}) AS salesforce_account_id,"
        f" unnest(range({len(chosen)})) AS number)"
    )
    sender.first_send(fields=[{"from": f"v{place}", "to": target} for place, target in enumerate(by_target)])
    assert sender.last_run()["channel"] == channel
    for target, cases in by_target.items():
        held = sender.held(target)
        for number, (_, wanted) in enumerate(cases):
            assert {plain(held[id_]) for id_ in chosen[number :: len(cases)]} == {wanted}, target
    sender.send(mode="verify")
    assert sender.unchanged_writes() == 0


def test_an_empty_value_clears_the_field_by_either_api(large):
    ids = sorted(matched(large.sync))[:2500]
    fields = [
        {"from": "score", "to": "Insights_Accounts__c"},
        {"from": "note", "to": "Insights_Notes__c", "nulls": "keep"},
        {"from": "pays", "to": "Insights_Autopay__c"},
    ]
    full = "SELECT salesforce_account_id, 1 AS score, 'a note' AS note, true AS pays FROM ids"
    with_ids = "WITH ids AS (SELECT unnest({}) AS salesforce_account_id) {}"
    large.values(with_ids.format(ids, full))
    large.first_send(fields=fields)
    for some in (ids[:2200], ids):  # a job, then a few records more
        empty = (
            f"SELECT salesforce_account_id, CASE WHEN salesforce_account_id > '{some[-1]}' THEN 1 END AS score,"
            f" CASE WHEN salesforce_account_id > '{some[-1]}' THEN 'a note' END AS note,"
            f" CASE WHEN salesforce_account_id > '{some[-1]}' THEN true END AS pays FROM ids"
        )
        large.values(with_ids.format(ids, empty))
        large.first_send()
        scores, notes, pays = (large.held(field["to"]) for field in fields)
        assert {scores[id_] for id_ in some} == {None}
        assert {notes[id_] for id_ in some} == {"a note"}, "`nulls: keep` leaves the field alone"
        assert {pays[id_] for id_ in some} == {True}, "a checkbox has no empty value"
    assert large.unchanged_writes() == 0


def test_false_is_written_for_an_empty_value_where_the_entry_says_so(outbound, sync):
    chosen = sorted(matched(sync))[:2]
    outbound.values(f"SELECT unnest({chosen}) AS salesforce_account_id, unnest([true, NULL]) AS pays")
    outbound.first_send(fields=[{"from": "pays", "to": "Insights_Autopay__c", "nulls": False}])
    held = outbound.held("Insights_Autopay__c")
    assert [held[id_] for id_ in chosen] == [True, False]


def test_values_of_every_kind_come_back_by_the_next_inbound_sync(outbound, sync):
    chosen = sorted(matched(sync))[:3]
    last = {target: (expression, wanted) for expression, target, wanted in KINDS}
    columns = ", ".join(f"{expression} AS v{place}" for place, (expression, _) in enumerate(last.values()))
    outbound.values(f"SELECT unnest({chosen}) AS salesforce_account_id, {columns}")
    outbound.first_send(fields=[{"from": f"v{place}", "to": target} for place, target in enumerate(last)])
    outbound.configure(enabled=False)
    published = sync("2026-03-02", fields=[*last], outbound=None)
    for target, (_, wanted) in last.items():
        rows = published.rows(
            f'SELECT DISTINCT "{target}" FROM insights.accounts'
            f" WHERE salesforce_account_id IN (SELECT unnest({chosen}))"
        )
        assert [plain(back(value)) for (value,) in rows] == [wanted], target


def back(value):
    """Return a value of the snapshot as the org shows it."""
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).replace(tzinfo=None)
    return str(value) if isinstance(value, datetime.date) else value


@pytest.mark.soak
def test_what_was_written_comes_back_by_the_next_inbound_sync(outbound, sync):
    chosen = sorted(matched(sync))[:3]
    outbound.values(f"SELECT unnest({chosen}) AS salesforce_account_id, 12.345::DOUBLE AS b, 'note' AS n")
    outbound.first_send(fields=[{"from": "b", "to": "Insights_Balance__c"}, {"from": "n", "to": "Insights_Status__c"}])
    outbound.configure(enabled=False)
    read = sync("2026-03-02", fields=["Insights_Score__c", "Industry"], outbound=None)
    del read
    sync.configure(fields=["Insights_Balance__c", "Insights_Status__c"])
    published = sync("2026-03-03")
    rows = published.rows(
        'SELECT DISTINCT "Insights_Balance__c", "Insights_Status__c" FROM insights.accounts'
        f" WHERE salesforce_account_id IN (SELECT unnest({chosen}))"
    )
    assert rows == [(Decimal("12.35"), "note")]
