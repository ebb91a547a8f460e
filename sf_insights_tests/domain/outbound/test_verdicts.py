import pytest

from sf_insights.domain.outbound.row_errors import RowClass, RowError
from sf_insights.domain.outbound.verdicts import CHUNKS, Verdict, verdict

FIELDS = ("A__c", "B__c")


@pytest.mark.parametrize(
    ("text", "code", "message", "field"),
    [
        ("STRING_TOO_LONG:A: data value too large:A__c --", "STRING_TOO_LONG", "A: data value too large", "A__c"),
        ("DUPLICATE_VALUE:duplicate value found: A__c:--", "DUPLICATE_VALUE", "duplicate value found: A__c", None),
        (
            "FIELD_CUSTOM_VALIDATION_EXCEPTION:at 12:30, no:A__c, B__c --",
            "FIELD_CUSTOM_VALIDATION_EXCEPTION",
            "at 12:30, no",
            "A__c",
        ),
        ("something else", "", "something else", None),
        ("INVALID_FIELD:No such column 'B__c' on sobject of type Account:--", "INVALID_FIELD", None, "B__c"),
    ],
)
def test_an_error_of_the_bulk_api_is_taken_apart(text, code, message, field):
    error = RowError.parse(text)
    assert (error.code, error.field) == (code, field)
    assert message is None or error.message == message


@pytest.mark.parametrize(
    ("code", "message", "row_class"),
    [
        ("UNABLE_TO_LOCK_ROW", "", RowClass.BUSY),
        ("INVALID_FIELD", "No such column", RowClass.FIELD),
        ("INVALID_FIELD", "Failed to deserialize field at col 2", RowClass.VALUE),
        ("SOMETHING_NEW", "Too many SOQL queries: 101", RowClass.AUTOMATION),
        ("SOMETHING_NEW", "", RowClass.UNKNOWN),
    ],
)
def test_a_code_has_a_class(code, message, row_class):
    assert RowError(code, message).row_class is row_class


def judged(code, field=None, *, tries=1, was_alone=False, fields=FIELDS):
    return verdict(RowError(code, "", field), fields, FIELDS, tries=tries, was_alone=was_alone)


def test_a_locked_record_is_tried_four_times_and_then_held_back():
    for tries in range(1, len(CHUNKS)):
        assert judged("UNABLE_TO_LOCK_ROW", tries=tries, was_alone=True) == Verdict(again=True)
    assert judged("UNABLE_TO_LOCK_ROW", tries=len(CHUNKS)) == Verdict(rejected=FIELDS)


def test_a_failed_trigger_is_the_records_own_fault_once_it_is_alone():
    assert judged("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY") == Verdict(again=True)
    assert judged("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", was_alone=True) == Verdict(rejected=FIELDS)


def test_a_value_that_is_to_blame_is_held_back_alone():
    assert judged("STRING_TOO_LONG", "A__c") == Verdict(rejected=("A__c",), again=True)
    assert judged("STRING_TOO_LONG", "A__c", fields=("A__c",)) == Verdict(rejected=("A__c",))
    assert judged("STRING_TOO_LONG") == Verdict(rejected=FIELDS)


def test_a_field_that_nobody_may_write_is_paused_and_the_others_go_on():
    assert judged("INVALID_FIELD_FOR_INSERT_UPDATE", "A__c") == Verdict(paused="A__c", again=True)
    assert judged("INVALID_FIELD_FOR_INSERT_UPDATE", "A__c", fields=("B__c",)) == Verdict(again=True)
    assert judged("INVALID_FIELD_FOR_INSERT_UPDATE", "Other__c") == Verdict(rejected=FIELDS)


def test_a_deleted_record_is_gone_and_an_exhausted_quota_stops_the_run():
    assert judged("ENTITY_IS_DELETED") == Verdict(rejected=FIELDS, is_gone=True)
    assert judged("REQUEST_LIMIT_EXCEEDED") == Verdict(stops_the_run=True)
