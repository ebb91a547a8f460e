"""What the administrator's file may say: every refusal names the entry and what to write instead."""

import pytest
from ruamel.yaml import YAML

from sf_insights.domain.field_types import AccountField, ColumnType
from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.domain.selection import AccountFieldSync, KnownField, PlannedField, parse_configuration, plan_fields

ORG = {
    field.name: field
    for field in [
        AccountField("Industry", "Industry", "picklist"),
        AccountField("Description", "Account Description", "textarea"),
        AccountField("AnnualRevenue", "Annual Revenue", "currency", precision=18, scale=0),
        AccountField("NumberOfEmployees", "Employees", "int"),
        AccountField("ARR__c", "ARR", "double", precision=16, scale=2),
        AccountField("Renewal__c", "Renewal", "date"),
        AccountField("BillingAddress", "Billing Address", "address"),
        AccountField("BillingStreet", "Billing Street", "textarea", compound_field="BillingAddress"),
        AccountField("BillingCity", "Billing City", "string", compound_field="BillingAddress"),
        AccountField("Logo__c", "Logo", "base64"),
        AccountField("Name", "Account Name", "string", compound_field="Name"),
    ]
}


def parse(text: str) -> AccountFieldSync:
    return parse_configuration(YAML().load(text))


def refusal(text: str) -> str:
    with pytest.raises(ConfigurationProblem) as caught:
        parse(text)
    return str(caught.value)


def plan(fields: str, org=ORG, known=()) -> list[PlannedField]:
    return plan_fields(parse(f"fields: {fields}").fields, org, {field.name: field for field in known})


def plan_refusal(fields: str, org=ORG, known=()) -> ConfigurationProblem:
    with pytest.raises(ConfigurationProblem) as caught:
        plan(fields, org, known)
    return caught.value


def test_a_bare_name_is_an_attribute_without_a_label_of_its_own():
    (entry,) = parse("fields:\n  - Industry\n").fields
    assert (entry.field, entry.category, entry.label, entry.description) == ("Industry", "attribute", None, None)
    assert not entry.says_label


def test_an_entry_is_read_in_full():
    (entry,) = parse("fields:\n  - field: ARR__c\n    as: metric\n    label: Revenue\n    description: Yearly\n").fields
    assert (entry.field, entry.category, entry.label, entry.description) == ("ARR__c", "metric", "Revenue", "Yearly")


def test_everything_but_the_fields_has_a_default():
    configuration = parse("fields: [Industry]")
    assert configuration.enabled
    assert (configuration.label_prefix, configuration.insights_accounts) == ("Sssf", "zuora")
    assert (configuration.guards.max_row_drop, configuration.guards.min_match_rate) == (0.2, 0.5)
    assert configuration.retention.ops_days == 730


def test_a_null_label_is_not_the_same_as_silence():
    null, empty, silent, said = parse(
        "fields:\n  - {field: A, label: null}\n  - field: B\n    label:\n  - {field: C}\n  - {field: D, label: x}\n"
    ).fields
    assert [entry.says_label for entry in (null, empty, silent, said)] == [True, True, False, True]
    assert null.label is empty.label is silent.label is None


def test_the_difference_between_null_and_silence_survives_being_stored():
    configuration = parse("fields: [{field: A, label: null, as: metric}, B]\nguards: {max_row_drop: 1}")
    stored = configuration.model_dump_json(by_alias=True, exclude_unset=True)
    again = AccountFieldSync.model_validate_json(stored)
    assert again == configuration
    assert [entry.says_label for entry in again.fields] == [True, False]


@pytest.mark.parametrize("text", ["", "# only a comment\n", "[]", "- Industry", "Industry", "5", "true"])
def test_a_file_without_settings_is_refused(text):
    assert refusal(text) == "The file holds no settings. Write at least `fields:` with one Account field."


@pytest.mark.parametrize("text", ["fields:", "fields: []", "fields: Industry", "fields: 5", "fields: {Industry: x}"])
def test_fields_are_a_list_with_at_least_one_entry(text):
    assert refusal(text) == "fields: must list at least one Account field, each on a line such as `- Industry`."


def test_fields_left_out_are_missed_by_name():
    assert refusal("enabled: true") == "fields: is missing."


@pytest.mark.parametrize("entry", ["5", "true", "null", "1.5", "2026-01-01", "[Industry]"])
def test_an_entry_that_is_no_name_is_named_by_its_place(entry):
    assert refusal(f"fields:\n  - Name\n  - {entry}\n") == (
        "fields, entry 2: must be an API name such as Industry, or an entry with `field:`."
    )


@pytest.mark.parametrize(
    "name", ["''", "Owner.Name", "Annual Revenue", "'Industry '", "Ärger", "1st__c", "a-b", '"x\\n"']
)
def test_what_is_no_api_name_is_refused(name):
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
def test_an_unknown_key_of_an_entry_is_refused_with_those_there_are(key):
    assert refusal(f"fields: [{{field: ARR__c, {key}: x}}]") == (
        f"fields, entry 1 (ARR__c): {key}: is no setting; there are field, as, label, description."
    )


def test_an_unknown_setting_is_refused_with_those_there_are():
    assert refusal("fields: [A]\nfeilds: [B]") == (
        "feilds: is no setting; there are enabled, timezone, daily_at, label_prefix, insights_accounts, guards, "
        "retention, fields."
    )
    assert refusal("fields: [A]\nguards: {max_drop: 0.1}") == (
        "guards: max_drop: is no setting; there are max_row_drop, min_match_rate."
    )


def test_secrets_have_no_place_in_the_file():
    message = refusal("fields: [A]\nsalesforce_consumer_secret: hunter2")
    assert "salesforce_consumer_secret: is no setting" in message
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
def test_a_text_that_yaml_reads_as_something_else_wants_quotes(line, where):
    assert refusal(f"fields: [A]\n{line}") == f"{where}: must be text; put it in quotes."


@pytest.mark.parametrize("value", ["true", "5", "2026-01-01", "[a]"])
def test_a_label_that_yaml_reads_as_something_else_wants_quotes(value):
    assert refusal(f"fields: [{{field: A, label: {value}}}]") == (
        "fields, entry 1 (A): label: must be text; put it in quotes."
    )


def test_words_that_were_booleans_in_old_yaml_are_texts():
    entries = parse("fields: [on, {field: No, label: yes}]").fields
    assert [entry.field for entry in entries] == ["on", "No"]
    assert entries[1].label == "yes"


@pytest.mark.parametrize(("value", "enabled"), [("true", True), ("false", False), ("no", False), ("yes", True)])
def test_a_sync_is_enabled_or_not(value, enabled):
    assert parse(f"fields: [A]\nenabled: {value}").enabled is enabled


@pytest.mark.parametrize("value", ["maybe", "2", "", "[]", "null"])
def test_enabled_is_true_or_false(value):
    assert refusal(f"fields: [A]\nenabled: {value}") == "enabled: must be true or false."


@pytest.mark.parametrize("value", ["true", "20%", "'0.2'", "null", "[]"])
def test_a_share_is_a_number(value):
    assert refusal(f"fields: [A]\nguards: {{max_row_drop: {value}}}") == (
        "guards: max_row_drop: must be a number such as 0.2."
    )


@pytest.mark.parametrize("value", ["20", "1.01", "-0.1", ".nan", ".inf"])
def test_a_share_lies_between_0_and_1(value):
    assert refusal(f"fields: [A]\nguards: {{min_match_rate: {value}}}") == (
        "guards: min_match_rate: must be a share between 0 and 1."
    )


@pytest.mark.parametrize(("value", "share"), [("0", 0), ("1", 1), ("0.35", 0.35), ("1e-1", 0.1)])
def test_shares_include_their_ends(value, share):
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
def test_guards_are_settings_of_their_own(value):
    assert refusal(f"fields: [A]\nguards: {value}") == "guards: must be a block of settings, or left out."


@pytest.mark.parametrize("zone", ["Mars/Base", "America", "../etc/passwd", "/etc/localtime", "''", "NewYork"])
def test_a_time_zone_that_does_not_exist_is_refused(zone):
    message = refusal(f"fields: [A]\ntimezone: {zone}")
    assert message.startswith("timezone: '")
    assert message.endswith("is no time zone; write one such as America/New_York.")


def test_a_time_zone_is_found_by_name():
    assert parse("fields: [A]\ntimezone: Asia/Kolkata").zone.key == "Asia/Kolkata"


@pytest.mark.parametrize(
    ("value", "cron"),
    [('"04:00"', "0 4 * * *"), ("'00:00'", "0 0 * * *"), ('"23:59"', "59 23 * * *"), ("04:00", "0 4 * * *")],
)
def test_the_schedule_runs_at_the_time_of_day_quoted_or_not(value, cron):
    assert parse(f"fields: [A]\ndaily_at: {value}").cron == cron


@pytest.mark.parametrize(
    "value", ["4:00", '"24:00"', '"12:60"', "400", "240", "true", "null", '"4am"', '"04:00:00"', "noon"]
)
def test_what_is_no_time_of_day_is_refused(value):
    assert refusal(f"fields: [A]\ndaily_at: {value}") == (
        'daily_at: must be a quoted time of day between "00:00" and "23:59".'
    )


def test_the_seconds_that_yaml_1_1_makes_of_a_time_are_refused():
    # 04:30 without quotes is 270 where a reader follows YAML 1.1.
    with pytest.raises(ConfigurationProblem, match="quoted time of day"):
        parse_configuration({"fields": ["A"], "daily_at": 270})


@pytest.mark.parametrize("label", ["''", "'   '", '"\\t"', '"\\u00a0"'])
def test_an_empty_label_is_refused_with_the_way_to_the_default(label):
    assert refusal(f"fields: [{{field: A, label: {label}}}]") == (
        "fields, entry 1 (A): label: is empty; write the label, or null to return to the default."
    )


def test_a_label_has_at_most_255_characters():
    assert parse(f"fields: [{{field: A, label: {'é' * 255}}}]").fields[0].label == "é" * 255
    assert refusal(f"fields: [{{field: A, label: {'é' * 256}}}]") == (
        "fields, entry 1 (A): label: has 256 characters; at most 255 are allowed."
    )


@pytest.mark.parametrize("label", ['"a\\0b"', '"two\\nlines"', '"a\\tb"', '"bell\\a"', '"\\x7f"'])
def test_a_label_stands_on_one_line(label):
    assert refusal(f"fields: [{{field: A, label: {label}}}]") == (
        "fields, entry 1 (A): label: holds a line break or another control character; write it on one line."
    )


@pytest.mark.parametrize("key", ["label", "description"])
def test_a_text_holds_whole_characters(key):
    assert refusal(f'fields: [{{field: A, {key}: "Cut \\ud83d"}}]') == (
        f"fields, entry 1 (A): {key}: holds half a character, which nothing can store; write it again."
    )
    with pytest.raises(ConfigurationProblem, match="label_prefix: holds half a character"):
        parse('fields: [A]\nlabel_prefix: "\\udc00"')


def test_white_space_around_a_label_is_no_part_of_it():
    folded, padded = parse(
        "fields:\n  - field: A\n    label: >\n      Annual revenue\n  - {field: B, label: ' x '}\n"
    ).fields
    assert (folded.label, padded.label) == ("Annual revenue", "x")


@pytest.mark.parametrize("label", ["売上高", "إيرادات", "Выручка", "👩‍💻 Umsatz", 'say "hi"', "it's", "a;b--", "נקודה"])
def test_a_label_may_be_in_any_script(label):
    assert parse_configuration({"fields": [{"field": "A", "label": label}]}).fields[0].label == label


@pytest.mark.parametrize("second", ["Industry", "industry", "INDUSTRY", "{field: iNDUSTRY, as: metric}"])
def test_a_field_is_selected_once_whatever_its_letter_case(second):
    message = refusal(f"fields: [Industry, Name, {second}]")
    assert message.lower().startswith("fields: industry is selected twice.")
    assert "keep one of the entries" in message


def test_every_mistake_is_told_at_once():
    message = refusal("fields: [A, {field: B, as: metrik}, {field: C, label: ''}]\nenabled: maybe\n")
    for part in ("enabled: must be", "entry 2 (B): as: must be", "entry 3 (C): label: is empty"):
        assert part in message
    assert "entry 1" not in message


def test_fields_are_planned_in_the_order_of_the_file_under_the_orgs_own_names():
    planned = plan("[{field: arr__C, as: metric, description: Yearly}, INDUSTRY]")
    assert [(field.name, field.category, field.description) for field in planned] == [
        ("ARR__c", "metric", "Yearly"),
        ("Industry", "attribute", None),
    ]
    assert all(field.is_read for field in planned)
    assert planned[0].field is ORG["ARR__c"]


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("Industri", "Industry"),
        ("anualrevenue", "AnnualRevenue"),
        ("ARR_c", "ARR__c"),
        ("BilingStreet", "BillingStreet"),
    ],
)
def test_a_field_the_org_never_had_is_refused_with_the_nearest_names(name, nearest):
    problem = plan_refusal(f"[Name, {name}]")
    assert problem.what == f"fields: Account has no field {name} that the integration user may see."
    assert problem.remedy.startswith("Did you mean ")
    assert nearest in problem.remedy


def test_a_field_like_no_other_is_refused_with_the_way_to_the_list():
    remedy = plan_refusal("[Zzzzzzzz__c]").remedy
    assert remedy.startswith("`sf-insights fields` lists those that it may see")
    assert "field-level security" in remedy


def test_a_compound_field_is_refused_with_the_names_of_its_parts():
    problem = plan_refusal("[BillingAddress]")
    assert "BillingAddress cannot be synchronized: it is compound (address)" in problem.what
    assert problem.remedy == "Its parts: BillingCity, BillingStreet."


def test_a_compound_field_is_refused_as_a_metric_too():
    assert "select its parts" in plan_refusal("[{field: billingaddress, as: metric}]").what


def test_a_name_that_is_its_own_compound_can_be_selected():
    assert plan("[Name]")[0].is_read


def test_a_base64_field_is_refused():
    assert "Logo__c cannot be synchronized: its type base64" in plan_refusal("[Logo__c]").what


@pytest.mark.parametrize("name", ["Industry", "Description", "Renewal__c", "Name"])
def test_only_numbers_can_be_metrics(name):
    problem = plan_refusal(f"[{{field: {name}, as: metric}}]")
    assert problem.what == f"fields: {name} cannot be a metric: its type is {ORG[name].type}."
    assert "leave `as:` out" in problem.remedy


@pytest.mark.parametrize("name", ["AnnualRevenue", "NumberOfEmployees", "ARR__c"])
def test_numbers_can_be_either(name):
    assert [field.category for field in plan(f"[{{field: {name}, as: metric}}]")] == ["metric"]
    assert [field.category for field in plan(f"[{name}]")] == ["attribute"]


def test_a_field_that_vanished_is_paused_and_the_others_are_read():
    gone = KnownField("Region__c", "Region", "picklist", ColumnType("text"))
    paused, read = plan("[region__C, Industry]", known=[gone])
    assert (paused.name, paused.is_read, read.is_read) == ("Region__c", False, True)
    assert "not visible in Salesforce any more" in paused.paused_because
    assert "field-level security" in paused.paused_because
    assert "same label" not in paused.paused_because


def test_a_field_that_vanished_before_it_was_ever_synced_waits_too():
    assert not plan("[Region__c]", known=[KnownField("Region__c", "Region", "picklist")])[0].is_read


def test_a_vanished_metric_is_paused_and_not_judged_by_its_type():
    gone = KnownField("Seats__c", "Seats", "double", ColumnType("decimal", 1))
    (planned,) = plan("[{field: Seats__c, as: metric}]", known=[gone])
    assert (planned.category, planned.is_read) == ("metric", False)


def test_a_renamed_field_is_named_by_its_twin():
    gone = KnownField("Rev__c", "ARR", "double", ColumnType("decimal", 14, 2))
    assert plan("[Rev__c]", known=[gone])[0].paused_because.endswith("; ARR__c has the same label and type now")


def test_a_field_with_the_same_label_and_another_type_is_no_twin():
    gone = KnownField("Rev__c", "ARR", "currency", ColumnType("decimal", 14, 2))
    assert "ARR__c" not in plan("[Rev__c]", known=[gone])[0].paused_because


@pytest.mark.parametrize(
    ("name", "before", "column"),
    [
        ("Industry", "double", ColumnType("decimal", 16, 2)),
        ("ARR__c", "string", ColumnType("text")),
        ("Renewal__c", "datetime", ColumnType("timestamp")),
        ("Renewal__c", "string", ColumnType("text")),
    ],
)
def test_a_field_of_another_kind_than_before_is_paused_with_the_way_out(name, before, column):
    known = KnownField(name, ORG[name].label, before, column)
    retyped, other = plan(f"[{name}, Name]", known=[known])
    assert retyped.paused_because == (
        f"its type changed from {before} to {ORG[name].type}; "
        "to take the new type, deselect it, sync, and select it again"
    )
    assert other.is_read


def test_a_metric_that_became_text_pauses_alone():
    known = KnownField("Industry", "Industry", "double", ColumnType("decimal", 1))
    retyped, other = plan("[{field: Industry, as: metric}, {field: ARR__c, as: metric}]", known=[known])
    assert "its type changed from double to picklist" in retyped.paused_because
    assert other.is_read


def test_a_field_that_became_compound_or_binary_pauses_alone():
    known = KnownField("Logo__c", "Logo", "double", ColumnType("decimal", 16, 2))
    retyped, other = plan("[Logo__c, Name]", known=[known])
    assert not retyped.is_read
    assert other.is_read


@pytest.mark.parametrize(
    ("name", "before", "column"),
    [
        ("Industry", "string", ColumnType("text")),
        ("ARR__c", "currency", ColumnType("decimal", 20, 18)),
        ("ARR__c", "int", ColumnType("integer")),
        ("NumberOfEmployees", "double", ColumnType("decimal", 3, 1)),
    ],
)
def test_a_field_of_the_same_kind_or_another_number_stays_active(name, before, column):
    assert plan(f"[{name}]", known=[KnownField(name, "Other label", before, column)])[0].is_read


def test_a_retyped_field_is_read_once_it_was_deselected():
    assert plan("[Industry]", known=[KnownField("Industry", "Industry", "double", column=None)])[0].is_read


def test_a_text_attribute_that_is_asked_for_as_a_metric_is_refused_and_not_paused():
    known = KnownField("Industry", "Industry", "picklist", ColumnType("text"))
    assert "cannot be a metric" in plan_refusal("[{field: Industry, as: metric}]", known=[known]).what
