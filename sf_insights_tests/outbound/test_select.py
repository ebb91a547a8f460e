"""Values from the administrator's own SELECT, which reaches nothing but the snapshot."""

import pytest

from sf_insights_tests.outbound.test_sending import matched

ONE = "SELECT account_id, 'x' AS account_status FROM insights.accounts"


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        (f"{ONE}; {ONE}", "must be exactly one SELECT; it has 2 statements"),
        ("DROP TABLE insights.accounts", "must be a SELECT"),
        ("SELECT account_id FROM", "is not valid SQL"),
        ("SELECT account_id, a AS account_status FROM read_csv('/etc/hosts')", "reads or writes files"),
        ("SELECT account_id, content AS account_status FROM read_text('/etc/hosts')", "reads or writes files"),
        ("SELECT 'x' AS account_status", "has no column account_id or salesforce_account_id"),
        ("SELECT account_id FROM insights.accounts", "has no column account_status"),
        ("SELECT account_id, [1] AS account_status FROM insights.accounts", "which is not a single value"),
        ("SELECT account_id, x AS account_status FROM insights.acounts", "fails"),
        (f"{ONE} UNION ALL {ONE}", "has several rows for the account"),
    ],
)
def test_a_select_that_is_not_one_is_refused(outbound, org, sql, said):
    outbound.values(sql)
    assert said in outbound.fails("preview")
    assert not org.writes()


def test_a_select_that_is_missing_is_refused(outbound):
    outbound.configure(values="nowhere.sql")
    assert "cannot be read" in outbound.fails("preview")


def test_a_value_that_is_not_a_finite_number_is_refused(outbound):
    outbound.values("SELECT account_id, 'nan'::DOUBLE AS score FROM insights.accounts")
    outbound.configure(fields=[{"from": "score", "to": "Insights_Balance__c"}])
    assert "NaN or infinity" in outbound.fails("preview")


def test_two_rows_for_one_record_are_ambiguous_and_none_is_sent(outbound, sync, org):
    first, second = sorted(matched(sync))[:2]
    outbound.values(
        f"SELECT unnest(['{first}', '{first}', '{second}']) AS salesforce_account_id,"
        " unnest(['a', 'b', 'c']) AS account_status"
    )
    outbound.first_send()
    assert set(org.writes()) == {second}
    assert {status for (status,) in outbound.rows("SELECT status FROM outbound.unsent_accounts")} == {"ambiguous"}


MATCH = {"from": "account_name", "to": "Name"}


@pytest.mark.parametrize("match", [None, MATCH])
def test_an_insights_account_that_does_not_exist_is_counted_and_shown(outbound, sync, org, match):
    [known] = sync.look().rows(
        "SELECT account_id FROM insights.matched_accounts WHERE match_status = 'matched' LIMIT 1"
    )
    outbound.values(
        f"SELECT unnest(['{known[0]}', 'A00000042', NULL, NULL]) AS account_id, 'nobody' AS account_name,"
        " 'x' AS account_status"
    )
    outbound.preview(match=match)
    assert outbound.last_run()["unmatched"] == (2 if match else 1)
    reasons = dict(outbound.rows("SELECT account_id, reason FROM outbound.unsent_accounts"))
    assert reasons["A00000042"] == "Insights has no account with this account_id"


def test_an_account_that_nobody_knows_is_counted_and_not_sent(outbound, sync, org):
    [known] = sorted(matched(sync))[:1]
    outbound.values(f"SELECT unnest(['{known}', '001000000000000AAA']) AS salesforce_account_id, 'x' AS account_status")
    outbound.first_send()
    assert set(org.writes()) == {known}
    assert outbound.last_run()["unmatched"] == 1


@pytest.mark.parametrize("leave", ["keep", "clear"])
def test_two_rows_for_a_record_leave_what_was_sent_to_it(outbound, sync, leave):
    first, second = sorted(matched(sync))[:2]
    outbound.values(
        f"SELECT unnest(['{first}', '{second}']) AS salesforce_account_id, unnest(['a', 'b']) AS account_status"
    )
    outbound.first_send(fields=[{"from": "account_status", "to": "Insights_Status__c", "on_leave": leave}])
    outbound.values(f"SELECT unnest(['{first}', '{first}']) AS salesforce_account_id, 'a' AS account_status")
    outbound.first_send()
    held = outbound.held("Insights_Status__c")
    assert (held[first], held[second]) == ("a", "b" if leave == "keep" else None)


@pytest.mark.parametrize("ending", [";", " ; -- the end", ";\n/* é; */\n", " -- the end;", ";;"])
def test_a_select_may_end_with_a_semicolon_and_a_comment(outbound, ending):
    outbound.values(f"SELECT account_id, account_status || 'é' AS account_status FROM insights.accounts{ending}")
    outbound.preview()
    assert outbound.last_run()["to_write"]


def test_records_are_found_by_ids_of_fifteen_characters(outbound, org, sync):
    [account, record] = next(
        iter(
            sync.look().rows(
                "SELECT account_id, salesforce_account_id FROM insights.matched_accounts"
                " WHERE match_status = 'matched' AND accounts_sharing = 1 ORDER BY 1"
            )
        )
    )
    outbound.values(f"SELECT '{account}' AS account_id, '{record[:15]}' AS pasted, 'by hand' AS account_status")
    outbound.first_send(values="outbound.sql", match={"from": "pasted", "to": "Id"})
    assert set(org.writes()) == {record}
    assert outbound.held("Insights_Status__c")[record] == "by hand"


def test_a_sum_of_whole_numbers_stays_a_whole_number(outbound, org, sync):
    outbound.values(
        "SELECT account_id, sum(n) AS account_status FROM insights.accounts, (VALUES (3), (4)) AS numbers(n)"
        " GROUP BY account_id"
    )
    outbound.first_send()
    written = {id_: value for id_, value in outbound.held("Insights_Status__c").items() if id_ in org.writes()}
    assert written
    assert set(written.values()) == {"7"}
