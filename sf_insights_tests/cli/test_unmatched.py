"""sf-insights unmatched: every unmatched account, the reason, and candidates."""

import csv

import duckdb


def test_it_lists_each_unmatched_account_with_the_reason(synced):
    said = synced("unmatched", "--json").json
    expected = synced.rows(
        "SELECT account_id, match_reason FROM insights.matched_accounts WHERE salesforce_account_id IS NULL"
    )
    assert {row["account_id"]: row["match_reason"] for row in said["accounts"]} == dict(expected)
    assert sum(said["counts"].values()) == len(expected) > 0


def test_an_account_without_an_id_gets_candidates_of_the_same_name_but_no_link(org, sf_insights):
    salesforce_id = org.add_account(Name="Quixotic Windmills, Inc.", Website=None)
    by_name = org.add_zuora_account(Name="Quixotic Windmills GmbH", CrmId=None)
    site = org.add_account(Name="QW Holding", Website="https://www.zanzibarspices.example/shop")
    by_website = org.add_zuora_account(Name="Zanzibar Spices Ltd.", CrmId="")
    nobody = org.add_zuora_account(Name="Xylophone Xenon 77", CrmId="n/a")
    assert sf_insights("sync").code == 0
    accounts = {row["account_id"]: row for row in sf_insights("unmatched", "--json").json["accounts"]}
    assert [entry["id"] for entry in accounts[by_name]["candidates"]] == [salesforce_id]
    assert [entry["id"] for entry in accounts[by_website]["candidates"]] == [site]
    assert accounts[nobody]["candidates"] == []
    assert sf_insights.rows(
        f"SELECT salesforce_account_id FROM insights.matched_accounts WHERE account_id = '{by_name}'"
    ) == [(None,)]


def test_it_shows_at_most_three_candidates(synced):
    counts = {len(row["candidates"]) for row in synced("unmatched", "--json").json["accounts"]}
    assert max(counts) == 3


def test_a_status_narrows_the_list(synced):
    said = synced("unmatched", "--status", "no_crm_account_id", "--limit", "2")
    assert said.code == 0
    assert "The CRM Account ID is empty in Zuora" in said.out
    assert "not_found" not in said.out
    assert "2 of " in said.out
    assert "unmatched --status no_crm_account_id --csv unmatched.csv" in said.out
    counts = synced("unmatched", "--status", "no_crm_account_id", "--json").json["counts"]
    assert list(counts) == ["no_crm_account_id"]


def test_a_status_that_no_account_has_does_not_mean_that_all_are_matched(synced):
    with duckdb.connect(str(synced.snapshot)) as connection:
        connection.execute("DELETE FROM ops.account_matches WHERE match_status = 'deleted'")
    said = synced("unmatched", "--status", "deleted").out
    assert "No account has the status deleted." in said
    assert "no_crm_account_id" in said
    assert "All accounts are matched." not in said


def test_the_csv_opens_in_a_spreadsheet_without_formulas(org, sf_insights, tmp_path):
    account = org.add_zuora_account(Name='=HYPERLINK("http://example.com")', CrmId="+1")
    assert sf_insights("sync").code == 0
    file = tmp_path / "unmatched.csv"
    assert sf_insights("unmatched", "--csv", str(file)).code == 0
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    [row] = [row for row in rows if row["account_id"] == account]
    assert row["account_name"] == '\'=HYPERLINK("http://example.com")'
    assert row["crm_account_id"] == "'+1"
    assert (
        len(rows)
        == sf_insights.rows("SELECT count(*) FROM insights.matched_accounts WHERE salesforce_account_id IS NULL")[0][0]
    )


def test_before_the_first_sync_it_says_so(sf_insights):
    said = sf_insights("unmatched")
    assert said.code == 1
    assert "Nothing has been published yet" in said.err


def test_a_file_that_cannot_be_written_is_reported(synced, tmp_path):
    said = synced("unmatched", "--csv", str(tmp_path / "nowhere" / "file.csv"))
    assert said.code == 1
    assert "nowhere" in said.err
