"""The number of changed values that the command shows: one rule for attributes and metrics."""

from datetime import date

from sf_insights.warehouse.model.changes import Changes, changes_of
from sf_insights.warehouse.reading import reading_snapshot
from sf_insights_tests.pipeline.truth import Truth

FIELDS = ["Industry", {"field": "ARR__c", "as": "metric"}]
NEW_FIELDS = ["Rating", {"field": "AnnualRevenue", "as": "metric"}, {"field": "NumberOfEmployees", "as": "metric"}]


def changes(run, day):
    with reading_snapshot(run.snapshot) as tx:
        return changes_of(tx, date.fromisoformat(day))


def test_only_a_difference_from_an_accounts_last_seen_value_is_a_change(org, sync):
    matches = Truth(org).matches()
    alone = [id_ for id_ in matches.values() if list(matches.values()).count(id_) == 1]
    other, emptied, deleted, shared = alone[:4]
    for id_ in (other, emptied, deleted, shared):
        org.update_account(id_, Industry="Energy", ARR__c=100)
    assert changes(sync(day="2026-03-01", fields=FIELDS), "2026-03-01") == Changes(values=0, accounts=0)

    org.update_account(other, Industry="Apparel", ARR__c=200)
    org.update_account(emptied, ARR__c=None)
    org.delete_account(deleted)
    org.add_zuora_account(CrmId=shared)  # its first values are changes, since the fields were synced before
    run = sync(day="2026-03-02", fields=FIELDS + NEW_FIELDS)
    assert changes(run, "2026-03-02") == Changes(values=2 + 1 + 2, accounts=3)

    org.update_account(emptied, ARR__c=100)
    org.undelete_account(deleted)  # unchanged
    assert changes(sync(day="2026-03-03"), "2026-03-03") == Changes(values=1, accounts=1)

    org.update_account(deleted, ARR__c=300)  # the last run of a day wins
    assert changes(sync(day="2026-03-03"), "2026-03-03") == Changes(values=2, accounts=2)
    assert changes(sync(day="2026-03-04"), "2026-03-04") == Changes(values=0, accounts=0)


def test_a_metric_selected_again_changed_only_where_it_differs(org, sync):
    salesforce_id = next(iter(Truth(org).matches().values()))
    held = list(Truth(org).matches().values()).count(salesforce_id)
    sync.first_day(fields=FIELDS)
    sync(day="2026-03-02", fields=["Industry"])
    org.update_account(salesforce_id, ARR__c=1234.5)
    assert changes(sync(day="2026-03-03", fields=FIELDS), "2026-03-03") == Changes(values=held, accounts=held)
