"""Encrypted fields that the integration user sees masked: the sync continues and reports them."""

import dagster as dg
import pytest

from sf_insights_tests.dagster_records import latest_check

FIELDS = ["Industry", "Tax_Id__c", "Card__c"]


@pytest.fixture
def card(org):
    """A second encrypted field, of another mask type; every account has the same value."""
    mask = {"mask_type": "creditCard", "mask_character": "X"}
    org.add_field("Card__c", "Card", "encryptedstring", value="4111111111111111", length=19, filterable=False, **mask)


def found_by_dagster(run):
    """Return a run's check of masked fields and the warnings in its log."""
    with dg.DagsterInstance.get() as dagster:
        check = latest_check(dagster, "salesforce", "raw_accounts", name="no_field_is_masked")
        log = [record.event_log_entry.user_message for record in dagster.get_records_for_run(run.run_id).records]
        return check, [text for text in log if "is masked" in text]


@pytest.mark.kept_log
def test_masked_fields_are_reported_in_the_log_and_by_a_check(org, sync, card):
    org.configure(view_encrypted_data=False)
    run = sync(day="2026-03-01", fields=FIELDS)
    assert set(run.attributes("Card__c").values()) == {"XXXX-XXXX-XXXX-1111"}
    check, warnings = found_by_dagster(run)
    assert not check.passed
    assert check.severity == dg.AssetCheckSeverity.WARN
    assert check.metadata["fields"].value == "Tax_Id__c, Card__c"
    assert "View Encrypted Data" in check.description
    assert [text.split()[0] for text in warnings] == ["Tax_Id__c", "Card__c"]
    assert all("View Encrypted Data" in text for text in warnings)


@pytest.mark.kept_log
def test_unmasked_encrypted_fields_are_ordinary_data(org, sync, card):
    run = sync(day="2026-03-01", fields=FIELDS)
    assert set(run.attributes("Card__c").values()) == {"4111111111111111"}
    check, warnings = found_by_dagster(run)
    assert check.passed
    assert warnings == []
