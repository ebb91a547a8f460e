"""The settings file: every error names the entry and what to write instead."""

from datetime import time

import pytest
from ruamel.yaml import YAML

from sf_insights.domain.configuration import AccountFieldSync, parse_configuration
from sf_insights.domain.problems import ConfigurationProblem


def parse(text: str) -> AccountFieldSync:
    return parse_configuration(YAML().load(text))


def refusal(text: str) -> str:
    with pytest.raises(ConfigurationProblem) as caught:
        parse(text)
    return str(caught.value)


def test_a_bare_name_is_an_attribute_without_a_custom_label():
    (entry,) = parse("fields:\n  - Industry\n").fields
    assert (entry.field, entry.category, entry.label, entry.description) == ("Industry", "attribute", None, None)
    assert not entry.says_label


def test_an_entry_is_read_in_full():
    (entry,) = parse("fields:\n  - field: ARR__c\n    as: metric\n    label: Revenue\n    description: Yearly\n").fields
    assert (entry.field, entry.category, entry.label, entry.description) == ("ARR__c", "metric", "Revenue", "Yearly")


def test_everything_except_fields_has_a_default():
    configuration = parse("fields: [Industry]")
    assert configuration.enabled
    assert (configuration.label_prefix, configuration.insights_accounts) == ("Sssf", "zuora")
    assert (configuration.guards.max_row_drop, configuration.guards.min_match_rate) == (0.2, 0.5)
    assert configuration.retention.ops_days == 730


def test_a_null_label_differs_from_an_absent_one():
    null, empty, silent, said = parse(
        "fields:\n  - {field: A, label: null}\n  - field: B\n    label:\n  - {field: C}\n  - {field: D, label: x}\n"
    ).fields
    assert [entry.says_label for entry in (null, empty, silent, said)] == [True, True, False, True]
    assert null.label is empty.label is silent.label is None


def test_a_stored_configuration_keeps_null_and_absent_labels_apart():
    configuration = parse("fields: [{field: A, label: null, as: metric}, B]\nguards: {max_row_drop: 1}")
    stored = configuration.model_dump_json(by_alias=True, exclude_unset=True)
    again = AccountFieldSync.model_validate_json(stored)
    assert again == configuration
    assert [entry.says_label for entry in again.fields] == [True, False]


@pytest.mark.parametrize("text", ["", "# only a comment\n", "[]", "- Industry", "Industry", "5", "true"])
def test_a_file_without_settings_is_refused(text):
    assert refusal(text) == "The file contains no settings. Write at least `fields:` with one Account field."


@pytest.mark.parametrize("text", ["fields:", "fields: []", "fields: Industry", "fields: 5", "fields: {Industry: x}"])
def test_fields_are_a_list_with_at_least_one_entry(text):
    assert refusal(text) == "fields: must list at least one Account field, each on a line such as `- Industry`."


def test_a_missing_fields_setting_is_reported_by_name():
    assert refusal("enabled: true") == "fields: is missing."


@pytest.mark.parametrize("entry", ["5", "true", "null", "1.5", "2026-01-01", "[Industry]"])
def test_an_entry_that_is_not_a_name_is_reported_with_its_position(entry):
    assert refusal(f"fields:\n  - Name\n  - {entry}\n") == (
        "fields, entry 2: must be an API name such as Industry, or an entry with `field:`."
    )


@pytest.mark.parametrize(
    "name", ["''", "Owner.Name", "Annual Revenue", "'Industry '", "Ärger", "1st__c", "a-b", '"x\\n"']
)
def test_an_invalid_api_name_is_refused(name):
    message = refusal(f"fields: [{name}]")
    assert message.startswith("fields, entry 1")
    assert message.endswith("field: must be the API name of one Account field, such as Industry or ARR__c.")


def test_an_entry_without_a_field_is_refused():
    assert "fields, entry 1: field: is missing" in refusal("fields: [{as: metric}]")


@pytest.mark.parametrize("category", ["metrik", "Metric", "null", "true", "[metric]"])
def test_a_field_is_an_attribute_or_a_metric(category):
    assert refusal(f"fields: [{{field: ARR__c, as: {category}}}]") == (
        "fields, entry 1 (ARR__c): as: must be 'attribute' or 'metric'."
    )


@pytest.mark.parametrize("key", ["Label", "lable", "metric", "AS"])
def test_an_unknown_key_of_an_entry_is_refused_with_the_known_keys(key):
    assert refusal(f"fields: [{{field: ARR__c, {key}: x}}]") == (
        f"fields, entry 1 (ARR__c): {key}: is not a setting; "
        "the settings are field, as, label, description, format, archived."
    )


def test_an_unknown_setting_is_refused_with_the_known_settings():
    assert refusal("fields: [A]\nfeilds: [B]") == (
        "feilds: is not a setting; the settings are enabled, timezone, daily_at, label_prefix, insights_accounts, "
        "zuora_columns, retry_for, guards, retention, fields, outbound, publish_to."
    )
    assert refusal("fields: [A]\nguards: {max_drop: 0.1}") == (
        "guards: max_drop: is not a setting; the settings are max_row_drop, min_match_rate."
    )


def test_secrets_in_the_file_are_refused():
    message = refusal("fields: [A]\nsalesforce_consumer_secret: hunter2")
    assert "salesforce_consumer_secret: is not a setting" in message
    assert "hunter2" not in message


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ("label_prefix: true", "label_prefix"),
        ("insights_accounts: false", "insights_accounts"),
        ("timezone: 5", "timezone"),
        ("label_prefix:", "label_prefix"),
    ],
)
def test_a_text_that_yaml_reads_as_another_type_needs_quotes(line, where):
    assert refusal(f"fields: [A]\n{line}") == f"{where}: must be text; put it in quotes."


@pytest.mark.parametrize("value", ["true", "5", "2026-01-01", "[a]"])
def test_a_label_that_yaml_reads_as_another_type_needs_quotes(value):
    assert refusal(f"fields: [{{field: A, label: {value}}}]") == (
        "fields, entry 1 (A): label: must be text; put it in quotes."
    )


def test_booleans_of_old_yaml_are_text():
    entries = parse("fields: [on, {field: No, label: yes}]").fields
    assert [entry.field for entry in entries] == ["on", "No"]
    assert entries[1].label == "yes"


@pytest.mark.parametrize(("value", "enabled"), [("true", True), ("false", False), ("no", False), ("yes", True)])
def test_enabled_accepts_true_and_false(value, enabled):
    assert parse(f"fields: [A]\nenabled: {value}").enabled is enabled


@pytest.mark.parametrize("value", ["maybe", "2", "", "[]", "null"])
def test_enabled_refuses_other_values(value):
    assert refusal(f"fields: [A]\nenabled: {value}") == "enabled: must be true or false."


@pytest.mark.parametrize("value", ["true", "20%", "'0.2'", "null", "[]"])
def test_a_share_is_a_number(value):
    assert refusal(f"fields: [A]\nguards: {{max_row_drop: {value}}}") == (
        "guards: max_row_drop: must be a number such as 0.2."
    )


@pytest.mark.parametrize("value", ["20", "1.01", "-0.1", ".nan", ".inf"])
def test_a_share_is_between_0_and_1(value):
    assert refusal(f"fields: [A]\nguards: {{min_match_rate: {value}}}") == (
        "guards: min_match_rate: must be a share between 0 and 1."
    )


@pytest.mark.parametrize(("value", "share"), [("0", 0), ("1", 1), ("0.35", 0.35), ("1e-1", 0.1)])
def test_a_share_can_be_0_or_1(value, share):
    assert parse(f"fields: [A]\nguards: {{max_row_drop: {value}}}").guards.max_row_drop == share


@pytest.mark.parametrize("value", ["0", "-1", "36501", "1.5", "true", "'30'", "30 days", "null", "[]"])
def test_a_retention_is_a_whole_number_of_days(value):
    assert refusal(f"fields: [A]\nretention: {{ops_days: {value}}}") == (
        "retention: ops_days: must be a whole number of days between 1 and 36500."
    )


@pytest.mark.parametrize("days", [1, 30, 36_500])
def test_a_retention_may_be_short_or_long(days):
    assert parse(f"fields: [A]\nretention: {{ops_days: {days}}}").retention.ops_days == days


@pytest.mark.parametrize("value", ["", "5", "true", "[0.2]"])
def test_guards_must_be_a_block_of_settings(value):
    assert refusal(f"fields: [A]\nguards: {value}") == "guards: must be a block of settings, or left out."


@pytest.mark.parametrize("zone", ["Mars/Base", "America", "../etc/passwd", "/etc/localtime", "''", "NewYork"])
def test_a_time_zone_that_does_not_exist_is_refused(zone):
    message = refusal(f"fields: [A]\ntimezone: {zone}")
    assert message.startswith("timezone: '")
    assert message.endswith("is not a time zone; write one such as America/New_York.")


def test_a_time_zone_can_be_given_by_name():
    assert parse("fields: [A]\ntimezone: Asia/Kolkata").zone.key == "Asia/Kolkata"


@pytest.mark.parametrize(
    ("value", "due"),
    [('"04:00"', time(4)), ("'00:00'", time(0)), ('"23:59"', time(23, 59)), ("04:00", time(4))],
)
def test_the_sync_time_can_be_quoted_or_not(value, due):
    assert parse(f"fields: [A]\ndaily_at: {value}").time_of_day == due


@pytest.mark.parametrize(
    "value", ["4:00", '"24:00"', '"12:60"', "400", "240", "true", "null", '"4am"', '"04:00:00"', "noon"]
)
def test_an_invalid_time_of_day_is_refused(value):
    assert refusal(f"fields: [A]\ndaily_at: {value}") == (
        'daily_at: must be a quoted time of day between "00:00" and "23:59".'
    )


def test_a_time_that_yaml_1_1_turned_into_seconds_is_refused():
    # A YAML 1.1 reader turns an unquoted 04:30 into 270.
    with pytest.raises(ConfigurationProblem, match="quoted time of day"):
        parse_configuration({"fields": ["A"], "daily_at": 270})


@pytest.mark.parametrize("label", ["''", "'   '", '"\\t"', '"\\u00a0"'])
def test_an_empty_label_is_refused_with_how_to_get_the_default(label):
    assert refusal(f"fields: [{{field: A, label: {label}}}]") == (
        "fields, entry 1 (A): label: is empty; write the label, or null to return to the default."
    )


def test_a_label_has_at_most_255_characters():
    assert parse(f"fields: [{{field: A, label: {'é' * 255}}}]").fields[0].label == "é" * 255
    assert refusal(f"fields: [{{field: A, label: {'é' * 256}}}]") == (
        "fields, entry 1 (A): label: has 256 characters; at most 255 are allowed."
    )


@pytest.mark.parametrize("label", ['"a\\0b"', '"two\\nlines"', '"a\\tb"', '"bell\\a"', '"\\x7f"'])
def test_a_label_is_on_one_line(label):
    assert refusal(f"fields: [{{field: A, label: {label}}}]") == (
        "fields, entry 1 (A): label: contains a line break or another control character; write it on one line."
    )


@pytest.mark.parametrize("key", ["label", "description"])
def test_a_text_with_half_a_surrogate_pair_is_refused(key):
    assert refusal(f'fields: [{{field: A, {key}: "Cut \\ud83d"}}]') == (
        f"fields, entry 1 (A): {key}: contains half of a surrogate pair, which cannot be stored; type it again."
    )
    with pytest.raises(ConfigurationProblem, match="label_prefix: contains half of a surrogate pair"):
        parse('fields: [A]\nlabel_prefix: "\\udc00"')


def test_a_label_prefix_with_a_control_character_is_refused():
    assert refusal('fields: [A]\nlabel_prefix: "a\\0b"') == (
        "label_prefix: contains a line break or another control character; write it on one line."
    )


def test_white_space_around_a_label_is_removed():
    folded, padded = parse(
        "fields:\n  - field: A\n    label: >\n      Annual revenue\n  - {field: B, label: ' x '}\n"
    ).fields
    assert (folded.label, padded.label) == ("Annual revenue", "x")


@pytest.mark.parametrize("label", ["売上高", "إيرادات", "Выручка", "👩‍💻 Umsatz", 'say "hi"', "it's", "a;b--", "נקודה"])
def test_a_label_can_be_in_any_script(label):
    assert parse_configuration({"fields": [{"field": "A", "label": label}]}).fields[0].label == label


@pytest.mark.parametrize("second", ["Industry", "industry", "INDUSTRY", "{field: iNDUSTRY, as: metric}"])
def test_a_field_selected_twice_in_any_letter_case_is_refused(second):
    message = refusal(f"fields: [Industry, Name, {second}]")
    assert message.lower().startswith("fields: industry is selected twice.")
    assert "keep one of the two entries" in message


def test_all_mistakes_are_reported_together():
    message = refusal("fields: [A, {field: B, as: metrik}, {field: C, label: ''}]\nenabled: maybe\n")
    for part in ("enabled: must be", "entry 2 (B): as: must be", "entry 3 (C): label: is empty"):
        assert part in message
    assert "entry 1" not in message
