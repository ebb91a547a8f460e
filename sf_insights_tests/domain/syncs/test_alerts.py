"""Each change of state is alerted once."""

from datetime import date

from sf_insights.domain.syncs.alerts import Published, after_failure, after_outbound, after_publishing

DAY = date(2026, 3, 2)


def published(*, brings_sync=True, paused=None, new_labels=None, match_rate=1.0, previous=1.0, day=DAY):
    return Published(day, brings_sync, paused or {}, new_labels or {}, match_rate, previous)


def test_relabelling_neither_clears_nor_hides_a_failed_sync():
    failed, _ = after_failure({}, None, "it broke.")
    relabelled, lines = after_publishing(failed, published(brings_sync=False))
    assert lines == []
    assert after_failure(relabelled, None, "it broke.")[1] == []
    assert after_publishing(relabelled, published())[1] == ["Recovered: the sync of 2026-03-02 is published."]


def test_a_match_rate_of_zero_is_a_drop():
    _, [line] = after_publishing({}, published(match_rate=0.0, previous=0.93))
    assert line == "The match rate fell from 93% to 0% on 2026-03-02; `sf-insights unmatched` lists why."


def test_a_drop_of_the_match_rate_alerts_once_a_day():
    states, lines = after_publishing({}, published(match_rate=0.5))
    assert len(lines) == 1
    assert after_publishing(states, published(match_rate=0.5))[1] == []
    assert len(after_publishing(states, published(match_rate=0.2, previous=0.5, day=date(2026, 3, 3)))[1]) == 1


def test_relabelling_one_of_two_new_fields_does_not_repeat_the_alert_of_the_other():
    new = {"Industry": "Sssf Industry", "Rating": "Sssf Rating"}
    states, [line] = after_publishing({}, published(new_labels=new))
    assert line == (
        'New fields are visible, with labels to review: Industry as "Sssf Industry", Rating as "Sssf Rating".'
    )
    states, lines = after_publishing(states, published(brings_sync=False, new_labels={"Rating": "Sssf Rating"}))
    assert lines == []
    # The same when the other field returns to its default label.
    assert after_publishing(states, published(brings_sync=False, new_labels=new))[1] == []


def test_only_the_new_field_of_a_days_second_sync_alerts():
    states, _ = after_publishing({}, published(new_labels={"Industry": "Sssf Industry"}))
    both = {"Industry": "Sssf Industry", "Rating": "Sssf Rating"}
    assert after_publishing(states, published(new_labels=both))[1] == [
        'New fields are visible, with labels to review: Rating as "Sssf Rating".'
    ]


def test_a_run_that_could_not_look_says_nothing_of_paused_fields():
    states, _ = after_outbound({}, None, {"Insights_Notes__c": "the user may not edit it"})
    states, lines = after_outbound(states, "the file is in use", None)
    assert lines == ["Values were not sent to Salesforce: the file is in use"]
    states, lines = after_outbound(states, None, {"Insights_Notes__c": "the user may not edit it"})
    assert lines == ["Recovered: values are sent to Salesforce again."]
