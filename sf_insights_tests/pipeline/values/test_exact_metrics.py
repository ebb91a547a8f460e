"""A metric keeps every digit from Salesforce, beside a DOUBLE for calculations."""

from decimal import Decimal

import pytest

from sf_insights_tests.pipeline.truth import Truth

# The org gets these values, and a fault replaces their digits, because the demo org computes in floats.
MARKS = [123454321 + number for number in range(6)]
FIELDS = ["Industry", {"field": "ARR__c", "as": "metric"}]
POINTS = "SELECT date::VARCHAR, value, exact_value FROM insights.account_metrics WHERE account_id = ? ORDER BY date"
INTERVALS = (
    "SELECT exact_value, valid_from::VARCHAR, valid_to::VARCHAR FROM insights.metric_history "
    "WHERE account_id = ? ORDER BY valid_from"
)


@pytest.fixture
def digits(org):
    """Deliver metrics of some accounts with these digits and return the accounts: `[key] = digits("0.1")`."""
    matches = Truth(org).matches()
    alone = [key for key, id_ in matches.items() if list(matches.values()).count(id_) == 1]
    for key, mark in zip(alone, MARKS, strict=False):
        org.update_account(matches[key], ARR__c=mark)

    def arrive(*texts):
        org.clear_faults()
        sent = {f'"{mark / 1e8}E8"': f'"{text}"' for mark, text in zip(MARKS, texts, strict=False)}
        org.fault("garble", path="/results", times=None, texts=sent)
        return alone[: len(texts)]

    return arrive


def test_a_metric_keeps_every_digit_and_its_double_is_the_nearest(sync, digits):
    texts = [
        "999999999999999999",
        "-9007199254740993",
        "99999999999999999999.999999999999999999",
        "8388608.000000001",
        "0.123456789012345678",
        "72057594037927945.5",
    ]
    accounts = digits(*texts)
    run = sync(day="2026-03-01", fields=FIELDS)
    for account, text in zip(accounts, texts, strict=True):
        assert run.rows(POINTS, [account]) == [("2026-03-01", float(text), Decimal(text))]
    assert run.rows("SELECT count(*) FROM ops.rejected_values") == [(0,)]


def test_a_change_too_small_for_a_double_is_recorded(sync, digits):
    [zuora_id] = digits("9007199254740993")
    sync(day="2026-03-01", fields=FIELDS)
    digits("9007199254740992")
    run = sync(day="2026-03-02")
    assert run.rows(POINTS, [zuora_id]) == [
        ("2026-03-01", 9007199254740992.0, Decimal(9007199254740993)),
        ("2026-03-02", 9007199254740992.0, Decimal(9007199254740992)),
    ]
    digits("9007199254740994")
    sync(day="2026-03-02")  # the last run of a day wins, as if it were the only one
    digits("9007199254740993.0")
    run = sync(day="2026-03-02")
    assert run.rows(INTERVALS, [zuora_id]) == [(Decimal(9007199254740993), "2026-03-01", None)]


def test_widening_a_column_changes_no_value(org, sync, digits):
    [zuora_id] = digits("0.1")
    before = sync(day="2026-03-01", fields=FIELDS).rows("FROM insights.metric_history ORDER BY ALL")
    digits("0.100000000000000001")
    run = sync(day="2026-03-02")
    assert run.rows(INTERVALS, [zuora_id]) == [
        (Decimal("0.1"), "2026-03-01", "2026-03-02"),
        (Decimal("0.100000000000000001"), "2026-03-02", None),
    ]
    others = "FROM insights.metric_history WHERE account_id != ? ORDER BY ALL"
    assert run.rows(others, [zuora_id]) == [row for row in before if row[0] != zuora_id]


@pytest.mark.parametrize("text", ["0.3", "99999999999999999999.9"])
def test_the_sum_of_a_day_is_the_double_nearest_to_the_exact_sum(org, sync, digits, text):
    digits(text)
    run = sync(day="2026-03-01", fields=FIELDS)
    [(summed, least, most)] = run.rows("SELECT sum, min, max FROM insights.metric_summary")
    values = [value for (value,) in run.rows("SELECT exact_value FROM insights.account_metrics")]
    assert summed == float(sum(values))
    assert (least, most) == (float(min(values)), float(max(values)))
    exactly = sum(
        Decimal(text) if value == MARKS[0] else Decimal(repr(value)) for value in Truth(org).metric("ARR__c").values()
    )
    assert summed == float(exactly)


def test_a_fields_attribute_and_metric_have_the_same_digits(sync, digits):
    [zuora_id] = digits("72057594037927945.25")
    run = sync(day="2026-03-01", fields=["ARR__c"])
    assert run.attributes("ARR__c")[zuora_id] == Decimal("72057594037927945.25")
    run = sync(day="2026-03-02", fields=FIELDS)
    assert run.rows(POINTS, [zuora_id]) == [("2026-03-02", 72057594037927945.25, Decimal("72057594037927945.25"))]
