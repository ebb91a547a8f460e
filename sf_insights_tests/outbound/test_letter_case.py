"""Names that the settings file or a later describe spells in other letter case are the same fields."""

from sf_insights_tests.outbound.test_custom_object import MATCH, STATUS, customers
from sf_insights_tests.outbound.test_sending import matched

ALL = "SELECT account_id, account_status FROM insights.matched_accounts"


def test_names_may_have_any_letter_case_in_the_settings_file(outbound, sync, org):
    some = [id_ for (id_,) in sync.look().rows("SELECT account_id FROM insights.accounts ORDER BY 1 LIMIT 500")]
    outbound.values(
        f"SELECT account_id, account_number, 'x' AS status FROM insights.accounts WHERE account_id IN {some}"
    )
    outbound.first_send(
        object="Customer__c",
        match={"from": "account_number", "to": MATCH["to"].upper().replace("__C", "__c")},
        fields=[{"from": "status", "to": STATUS["to"].lower()}],
    )
    assert org.writes()
    assert {id_ for id_, row in customers(org).items() if row[STATUS["to"]] == "x"} == set(org.writes())
    org.clear_requests()
    outbound.send()
    assert org.requests() == []


def test_values_of_a_field_that_was_respelled_are_still_ours(outbound, sync, org):
    outbound.values(ALL)
    outbound.first_send(fields=[{**STATUS, "on_leave": "clear"}])
    org.respell_field(STATUS["to"], "INSIGHTS_Status__c")
    record = sorted(matched(sync))[0]
    outbound.values(
        f"SELECT account_id, account_status || '!' AS account_status FROM ({ALL}) JOIN ops.account_matches"
        f" USING (account_id) WHERE salesforce_account_id IS DISTINCT FROM '{record}'"
    )
    outbound.first_send()
    held = outbound.held("INSIGHTS_Status__c")
    assert held[record] is None
    assert {value for value in held.values() if value} == {f"{value}!" for value in matched(sync).values()}
    org.clear_requests()
    outbound.send()
    assert org.requests() == []
