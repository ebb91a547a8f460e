from sf_insights.domain.syncs.pace import Pace
from sf_insights.domain.wording import remaining


def test_the_rate_excludes_waiting_for_salesforce():
    pace = Pace()
    assert pace.tell("InProgress", records=0, found=600, seconds=50) == (
        "Salesforce is running the query (InProgress), 600 records found"
    )
    assert pace.tell("Downloading", records=100, found=1_000, seconds=60) == (
        "100 of 1,000 records, 10 a second, 90 s to go"
    )


def test_it_reports_when_records_have_doubled_and_every_few_seconds():
    pace = Pace()
    assert pace.tell("Downloading", records=100, found=1_000, seconds=1)
    assert pace.tell("Downloading", records=150, found=1_000, seconds=2) is None
    assert pace.tell("Downloading", records=200, found=1_000, seconds=3)
    assert pace.tell("Downloading", records=250, found=1_000, seconds=7) is None
    assert pace.tell("Downloading", records=300, found=1_000, seconds=8)


def test_at_the_end_no_time_remains():
    assert Pace().tell("Downloading", records=10, found=10, seconds=1) == "10 of 10 records, 10 a second"


def test_a_long_wait_is_shown_in_minutes_and_hours():
    assert [remaining(seconds) for seconds in (0.2, 99, 100, 5_940, 7_800)] == [
        "1 s",
        "99 s",
        "2 min",
        "99 min",
        "2 h 10 min",
    ]
