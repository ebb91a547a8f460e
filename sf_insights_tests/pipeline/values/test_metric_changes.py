"""insights.metric_changes and insights.account_timeline: what changed, when, and by how much."""

from sf_insights.sql import render
from sf_insights_tests.pipeline.truth import Truth

FIELDS = ["Industry", {"field": "ARR__c", "as": "metric"}]
CHANGES = (
    "SELECT changed_on::VARCHAR, old_value, new_value, difference, account_name IS NOT NULL, label "
    "FROM insights.metric_changes WHERE account_id = ? ORDER BY changed_on"
)
TIMELINE = (
    "SELECT date::VARCHAR, field, old_value, new_value, reason FROM insights.account_timeline "
    "WHERE account_id = ? ORDER BY date, field"
)


def some(org, number):
    """Return accounts that share their Salesforce Account with no other one, as (id in Zuora, id in Salesforce)."""
    matches = Truth(org).matches()
    linked = list(matches.values())
    return [(key, id_) for key, id_ in matches.items() if linked.count(id_) == 1][:number]


def test_each_change_has_its_day_both_values_and_the_difference(org, sync):
    [(zuora_id, id_)] = some(org, 1)
    for day, value in enumerate((100, 250.5, None, 75.25), start=1):
        org.update_account(id_, ARR__c=value)
        run = sync(day=f"2026-03-{day:02}", fields=FIELDS)
    assert run.rows(CHANGES, [zuora_id]) == [
        ("2026-03-02", 100.0, 250.5, 150.5, True, "Sssf ARR"),
        ("2026-03-03", 250.5, None, None, True, "Sssf ARR"),
        ("2026-03-04", None, 75.25, None, True, "Sssf ARR"),
    ]


def test_an_account_that_lost_its_match_has_not_changed_until_it_has_another_value(org, sync):
    (same, same_id), (other, other_id), (empty, empty_id) = some(org, 3)
    for id_ in (same_id, other_id, empty_id):
        org.update_account(id_, ARR__c=100)
    sync(day="2026-03-01", fields=FIELDS)
    org.update_account(empty_id, ARR__c=None)
    sync(day="2026-03-02")
    for id_ in (same_id, other_id, empty_id):
        org.delete_account(id_)
    sync(day="2026-03-03")
    for id_ in (same_id, other_id, empty_id):
        org.undelete_account(id_)
    org.update_account(other_id, ARR__c=130)
    org.update_account(empty_id, ARR__c=100)
    run = sync(day="2026-03-04")
    found = {key: [row[:4] for row in run.rows(CHANGES, [key])] for key in (same, other, empty)}
    assert found == {
        same: [],
        other: [("2026-03-04", 100.0, 130.0, 30.0)],
        empty: [("2026-03-02", 100.0, None, None), ("2026-03-04", None, 100.0, None)],
    }


def test_each_change_has_the_reason_that_attributes_would_have(org, sync):
    (same, same_id), (moved, moved_id), (merged, merged_id) = some(org, 3)
    for id_ in (same_id, moved_id, merged_id):
        org.update_account(id_, ARR__c=100)
    spare = org.add_account(Name="Spare", ARR__c=300)
    survivor = org.add_account(Name="Survivor", ARR__c=400)
    late_id = org.add_account(Name="Late", ARR__c=500)
    metrics = [{"field": "ARR__c", "as": "metric"}]
    sync(day="2026-03-01", fields=metrics)
    org.update_account(same_id, ARR__c=200)
    org.update_zuora_account(moved, CrmId=spare)
    org.merge_accounts(survivor, merged_id)
    late = org.add_zuora_account(Name="Late", CrmId=late_id)
    sync(day="2026-03-02")
    sync(day="2026-03-02")  # the second sync of the day replaces the first one's reasons
    org.update_account(spare, ARR__c=310)
    run = sync(day="2026-03-03")
    sql = "SELECT account_id, new_value, reason FROM insights.metric_changes ORDER BY ALL"
    expected = [
        (same, 200.0, "value_changed"),
        (moved, 300.0, "relinked"),
        (moved, 310.0, "value_changed"),
        (merged, 400.0, "merged"),
        (late, 500.0, "first_match"),
    ]
    assert [row for row in run.rows(sql) if row[0] in (same, moved, merged, late)] == sorted(expected)
    counts = run.rows(render("reports/changed_values"), {"since": "2026-03-02", "until": "2026-03-02"})
    assert {row[4] for row in counts} == {"value_changed", "relinked", "merged", "first_match"}
    reasons = "SELECT DISTINCT reason FROM insights.account_timeline WHERE account_id = ? ORDER BY ALL"
    assert run.rows(reasons, [merged]) == [("first_value",), ("merged",)]
    assert run.rows(reasons, [late]) == [("first_match",)]


def test_the_difference_is_exact_and_large_values_have_one_too(org, sync):
    (near, near_id), (large, large_id) = some(org, 2)
    org.update_account(near_id, BillingLatitude=0.1)
    org.update_account(large_id, ARR__c=-9e15)
    fields = [{"field": "BillingLatitude", "as": "metric"}, {"field": "ARR__c", "as": "metric"}]
    sync(day="2026-03-01", fields=fields)
    org.update_account(near_id, BillingLatitude=0.3)
    org.update_account(large_id, ARR__c=9e15)
    run = sync(day="2026-03-02")
    [(difference,)] = run.rows("SELECT difference FROM insights.metric_changes WHERE account_id = ?", [near])
    assert difference == 0.2  # 0.3 - 0.1 as DOUBLE is 0.19999999999999998
    assert run.rows("SELECT difference FROM insights.metric_changes WHERE account_id = ?", [large]) == [(1.8e16,)]


def test_the_timeline_of_an_account_has_its_first_values_and_every_change(org, sync):
    (zuora_id, id_), (empty, empty_id) = some(org, 2)
    org.update_account(id_, Industry="Energy", ARR__c=100)
    org.update_account(empty_id, Industry=None, ARR__c=None)
    sync(day="2026-03-01", fields=FIELDS)
    org.update_account(id_, Industry="Banking")
    org.update_account(empty_id, Industry="Media")
    sync(day="2026-03-02")
    org.update_account(id_, ARR__c=120.5)
    org.update_account(empty_id, ARR__c=5)
    run = sync(day="2026-03-03", fields=[*FIELDS, "Rating"])
    rating = Truth(org).accounts[id_]["Rating"]
    assert [row for row in run.rows(TIMELINE, [zuora_id]) if row[1] != "Rating"] == [
        ("2026-03-01", "ARR__c", None, "100", "first_value"),
        ("2026-03-01", "Industry", None, "Energy", "first_value"),
        ("2026-03-02", "Industry", "Energy", "Banking", "value_changed"),
        ("2026-03-03", "ARR__c", "100", "120.5", "value_changed"),
    ]
    rated = [row for row in run.rows(TIMELINE, [zuora_id]) if row[1] == "Rating"]
    assert rated == ([("2026-03-03", "Rating", None, rating, "first_value")] if rating else [])
    assert [row for row in run.rows(TIMELINE, [empty]) if row[1] != "Rating"] == [
        ("2026-03-02", "Industry", None, "Media", "value_changed"),
        ("2026-03-03", "ARR__c", None, "5", "value_changed"),
    ]


def test_the_views_of_changes_and_metrics_name_each_account(org, sync):
    sync.first_day(fields=FIELDS)
    [(zuora_id, id_)] = some(org, 1)
    org.update_account(id_, Industry="Energy", ARR__c=1)
    run = sync(day="2026-03-02")
    [(name,)] = run.rows("SELECT account_name FROM insights.account_attributes WHERE account_id = ?", [zuora_id])
    for view in (
        "attribute_changes",
        "attribute_changes_labelled",
        "metric_changes",
        "account_metrics",
        "account_metrics_labelled",
        "account_timeline",
    ):
        sql = f"SELECT DISTINCT account_name FROM insights.{view} WHERE account_id = ?"
        assert run.rows(sql, [zuora_id]) == [(name,)], view


def test_accounts_have_their_attributes_and_metrics_under_their_labels(sync):
    run = sync.first_day(fields=[*FIELDS, {"field": "Rating", "label": "mrr"}], zuora_columns=["MRR"])
    columns = [name for name, *_ in run.rows("DESCRIBE insights.accounts_labelled")]
    assert columns[-4:] == ["zuora_mrr", "Sssf Industry", "mrr", "Sssf ARR"]
    assert run.rows(
        'SELECT account_id, zuora_mrr, "Sssf ARR" FROM insights.accounts_labelled ORDER BY ALL'
    ) == run.rows('SELECT account_id, mrr, "ARR__c" FROM insights.accounts ORDER BY ALL')
    comments = dict(
        run.rows("SELECT \"column\", meaning FROM insights.data_dictionary WHERE relation = 'accounts_labelled'")
    )
    assert "Salesforce: Account Rating (Rating, picklist)" in comments["mrr"]
    assert "Zuora" in comments["zuora_mrr"]
