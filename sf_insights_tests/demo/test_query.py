from typing import Any

import pytest
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceMalformedRequest

from sf_insights.demo.process import DemoOrg
from sf_insights_tests.demo.sobjects import describe_account


def ids(salesforce: Salesforce, where: str, **options) -> set[str]:
    records = salesforce.query_all(f"SELECT Id FROM Account WHERE {where}", **options)["records"]
    return {record["Id"] for record in records}


def live(org: DemoOrg) -> list[dict[str, Any]]:
    return [account for account in org.accounts() if not account["IsDeleted"]]


def test_only_query_all_includes_the_recycle_bin(org: DemoOrg, salesforce: Salesforce) -> None:
    truth = org.accounts()
    shown = salesforce.query_all("SELECT Id FROM Account")["records"]
    every = salesforce.query_all("SELECT Id FROM Account", include_deleted=True)["records"]
    assert [record["Id"] for record in shown] == [account["Id"] for account in truth if not account["IsDeleted"]]
    assert [record["Id"] for record in every] == [account["Id"] for account in truth]


def test_records_equal_the_org(org: DemoOrg, salesforce: Salesforce) -> None:
    truth = {account["Id"]: account for account in org.accounts()}
    fields = ["Id", "Name", "AnnualRevenue", "NumberOfEmployees", "Is_Key__c", "Description", "SLAExpirationDate__c"]
    records = salesforce.query_all(f"SELECT {', '.join(fields)} FROM Account", include_deleted=True)["records"]
    assert len(records) == len(truth)
    for record in records:
        assert {name: record[name] for name in fields} == {name: truth[record["Id"]][name] for name in fields}


def test_a_locator_returns_the_next_page(salesforce: Salesforce, rest) -> None:
    first = rest("GET", "query?q=SELECT Id FROM Account", headers={"Sforce-Query-Options": "batchSize=200"}).json()
    assert (first["totalSize"], first["done"], len(first["records"])) == (700, False, 200)
    seen = [record["Id"] for record in first["records"]]
    page = first
    while not page["done"]:
        page = rest("GET", "https://demo.my.salesforce.com" + page["nextRecordsUrl"]).json()
        seen += [record["Id"] for record in page["records"]]
    assert len(seen) == len(set(seen)) == 700


def test_a_locator_of_another_session_is_invalid(org: DemoOrg, session, rest) -> None:
    first = rest("GET", "query?q=SELECT Id FROM Account", headers={"Sforce-Query-Options": "batchSize=200"}).json()
    other = Salesforce(
        consumer_key=org.environment["SALESFORCE_CONSUMER_KEY"],
        consumer_secret=org.environment["SALESFORCE_CONSUMER_SECRET"],
        domain="demo.my",
        session=session,
    )
    with pytest.raises(SalesforceMalformedRequest, match="INVALID_QUERY_LOCATOR"):
        other.query_more(first["nextRecordsUrl"], identifier_is_url=True)


def test_an_expired_locator_is_invalid(org: DemoOrg, rest) -> None:
    first = rest("GET", "query?q=SELECT Id FROM Account", headers={"Sforce-Query-Options": "batchSize=200"}).json()
    org.expire_locators()
    response = rest("GET", "https://demo.my.salesforce.com" + first["nextRecordsUrl"])
    assert response.json() == [{"message": "invalid query locator", "errorCode": "INVALID_QUERY_LOCATOR"}]


def test_numbers_and_times_have_salesforces_format(org: DemoOrg, salesforce: Salesforce, rest) -> None:
    id_ = live(org)[0]["Id"]
    org.update_account(id_, AnnualRevenue=90_000_000, Score__c=125.5, Support_Open__c="09:30:00.000Z")
    soql = f"SELECT AnnualRevenue, Score__c, Support_Open__c, SystemModstamp FROM Account WHERE Id = '{id_}'"
    text = rest("GET", "query", params={"q": soql}).text
    assert '"AnnualRevenue":9.0E7' in text
    assert '"Score__c":125.5' in text
    assert '"Support_Open__c":"09:30:00.000Z"' in text
    assert '.000+0000"' in text


def test_parents_are_nested_objects(org: DemoOrg, salesforce: Salesforce) -> None:
    child = next(account for account in live(org) if account["ParentId"])
    soql = f"SELECT Id, Owner.Name, Parent.Name, Parent.Owner.Email FROM Account WHERE Id = '{child['Id']}'"
    record = salesforce.query(soql)["records"][0]
    names = {account["Id"]: account["Name"] for account in org.accounts()}
    assert record["Parent"]["Name"] == names[child["ParentId"]]
    assert record["Parent"]["attributes"]["type"] == "Account"
    assert "@" in record["Parent"]["Owner"]["Email"]
    orphan = salesforce.query("SELECT Parent.Name FROM Account WHERE ParentId = null LIMIT 1")["records"][0]
    assert orphan["Parent"] is None


def test_text_comparison_ignores_letter_case_but_ids_do_not(org: DemoOrg, salesforce: Salesforce) -> None:
    expected = {account["Id"] for account in live(org) if account["Industry"] in ("Technology", "technology")}
    assert ids(salesforce, "Industry = 'TECHNOLOGY'") == expected
    by_folded: dict[str, list[str]] = {}
    for account in live(org):
        by_folded.setdefault(account["Id"][:15].casefold(), []).append(account["Id"])
    twins = next(pair for pair in by_folded.values() if len(pair) == 2)
    assert ids(salesforce, f"Id = '{twins[0][:15]}'") == {twins[0]}
    assert ids(salesforce, f"Id IN ('{twins[0]}', '{twins[1][:15]}')") == set(twins)


@pytest.mark.parametrize(
    ("where", "rule"),
    [
        ("AnnualRevenue > 1e7", lambda a: a["AnnualRevenue"] is not None and a["AnnualRevenue"] > 1e7),
        ("AnnualRevenue <= 1000000.50", lambda a: a["AnnualRevenue"] is not None and a["AnnualRevenue"] <= 1000000.5),
        ("Industry = null", lambda a: a["Industry"] is None),
        ("Industry != 'Energy'", lambda a: a["Industry"] != "Energy"),
        ("NOT Industry = 'Energy'", lambda a: a["Industry"] != "Energy"),
        ("Is_Key__c = TRUE", lambda a: a["Is_Key__c"]),
        ("Rating IN ('Hot', 'cold')", lambda a: a["Rating"] in ("Hot", "Cold")),
        ("Rating NOT IN ('Hot', 'Cold')", lambda a: a["Rating"] not in ("Hot", "Cold")),
        ("Regions__c INCLUDES ('AMER;EMEA', 'LATAM')", lambda a: _has(a, "AMER", "EMEA") or _has(a, "LATAM")),
        ("Regions__c EXCLUDES ('AMER')", lambda a: not _has(a, "AMER")),
        ("Name LIKE 'silver%'", lambda a: a["Name"].casefold().startswith("silver")),
        ("Name LIKE '%\\\\%'", lambda a: "\\" in a["Name"]),
        ("Name LIKE 'МÜЛ%' OR Name LIKE 'müller%'", lambda a: a["Name"].casefold().startswith("müller")),
        ("CreatedDate < 2020-01-01T00:00:00+02:00", lambda a: a["CreatedDate"] < "2019-12-31T22:00:00.000Z"),
        ("SLAExpirationDate__c >= 2026-06-01", lambda a: (a["SLAExpirationDate__c"] or "") >= "2026-06-01"),
        ("LastModifiedDate = LAST_N_DAYS:30", lambda a: a["LastModifiedDate"] >= "2026-01-30"),
        ("(Rating = 'Hot' OR Type = 'Other') AND IsPartner = false", lambda a: _both(a)),
        ("NumberOfEmployees != null AND NumberOfEmployees < 50", lambda a: (a["NumberOfEmployees"] or 50) < 50),
    ],
)
def test_each_condition_finds_the_right_accounts(org: DemoOrg, salesforce: Salesforce, where: str, rule) -> None:
    expected = {account["Id"] for account in live(org) if rule(account)}
    assert ids(salesforce, where) == expected


def _has(account: dict[str, Any], *regions: str) -> bool:
    return set(regions) <= set((account["Regions__c"] or "").split(";"))


def _both(account: dict[str, Any]) -> bool:
    return (account["Rating"] == "Hot" or account["Type"] == "Other") and not account["IsPartner"]


def test_order_limit_and_offset_work(org: DemoOrg, salesforce: Salesforce) -> None:
    soql = "SELECT AnnualRevenue FROM Account ORDER BY AnnualRevenue DESC NULLS LAST, Name LIMIT 5 OFFSET 2"
    values = [record["AnnualRevenue"] for record in salesforce.query(soql)["records"]]
    known = sorted((a["AnnualRevenue"] for a in live(org) if a["AnnualRevenue"] is not None), reverse=True)
    assert values == known[2:7]


def test_aggregates_are_computed(org: DemoOrg, salesforce: Salesforce) -> None:
    truth = live(org)
    record = salesforce.query("SELECT COUNT(Industry) c, MAX(SystemModstamp), SUM(ARR__c) s FROM Account")["records"][0]
    assert record["attributes"] == {"type": "AggregateResult"}
    assert record["c"] == sum(account["Industry"] is not None for account in truth)
    assert record["expr0"] == max(account["SystemModstamp"] for account in truth).replace("Z", "+0000")
    assert record["s"] == pytest.approx(sum(account["ARR__c"] or 0 for account in truth))


def test_the_organizations_id_can_be_queried(salesforce: Salesforce) -> None:
    record = salesforce.query("SELECT Id, IsSandbox FROM Organization")["records"][0]
    assert record["Id"].startswith("00D")
    assert record["IsSandbox"] is False


def test_the_fields_function_selects_all_fields(salesforce: Salesforce) -> None:
    record = salesforce.query("SELECT FIELDS(ALL) FROM Account LIMIT 1")["records"][0]
    fields = describe_account(salesforce)["fields"]
    assert set(record) - {"attributes"} == {field["name"] for field in fields}


@pytest.mark.parametrize(
    ("soql", "code", "words"),
    [
        ("SELECT Id, BadField FROM Account", "INVALID_FIELD", "ERROR at Row:1:Column:12\nNo such column 'BadField'"),
        ("SELECT Id FROM Nothing__c", "INVALID_TYPE", "sObject type 'Nothing__c' is not supported"),
        ("SELECT Id FROM Account WHERE Description = 'x'", "INVALID_FIELD", "can not be filtered in a query call"),
        ("SELECT Id FROM Account WHERE SystemModstamp > '2026-01-01'", "INVALID_FIELD", "must be of type dateTime"),
        ("SELECT Id FROM Account WHERE Id = 'short'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: short"),
        ("SELECT Id, id FROM Account", "INVALID_FIELD", "duplicate field selected: Id"),
        ("SELECT FIELDS(ALL) FROM Account", "MALFORMED_QUERY", "LIMIT of at most 200"),
        ("SELECT Id FROM Account WHERE Name = 'a' OR Name = 'b' AND Name = 'c'", "MALFORMED_QUERY", "'AND'"),
        ("SELECT Id FROM Account WHERE", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
        ("SELECT Id FROM Account WHERE CreatedDate > 2026-01-01T00:00:00 00:00", "MALFORMED_QUERY", "no viable"),
        ("SELECT Type FROM Account GROUP BY Type HAVING COUNT(Id) > 1", "MALFORMED_QUERY", "token: 'HAVING'"),
        ("SELECT Id FROM Account LIMIT 1 OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "2000"),
        ("SELECT Nobody.Name FROM Account", "INVALID_FIELD", "Didn't understand relationship 'Nobody'"),
    ],
)
def test_refused_queries_have_salesforces_error(salesforce: Salesforce, soql: str, code: str, words: str) -> None:
    with pytest.raises(SalesforceMalformedRequest) as refused:
        salesforce.query(soql)
    errors: Any = refused.value.content  # not bytes: what the JSON holds
    (error,) = errors
    assert error["errorCode"] == code
    assert words in error["message"]


def test_a_hidden_field_cannot_be_queried(org: DemoOrg, salesforce: Salesforce) -> None:
    org.hide_field("Industry")
    with pytest.raises(SalesforceMalformedRequest, match="No such column 'Industry' on entity 'Account'"):
        salesforce.query("SELECT Id, Industry FROM Account")


def test_a_query_too_long_for_a_url_is_refused(rest) -> None:
    response = rest("GET", "query", params={"q": "SELECT Id FROM Account WHERE Name = '" + "x" * 17_000 + "'"})
    assert response.status_code == 414
    assert "URI Too Long" in response.text


def test_deleted_and_updated_ids_are_listed_for_a_time_window(org: DemoOrg, rest) -> None:
    account = live(org)[0]
    org.delete_account(account["Id"])
    changed = live(org)[0]
    org.update_account(changed["Id"], Industry="Energy")
    window = "start=2026-03-01T00:00:00%2B00:00&end=2026-03-01T01:00:00Z"
    deleted = rest("GET", f"sobjects/Account/deleted/?{window}").json()
    assert [record["id"] for record in deleted["deletedRecords"]] == [account["Id"]]
    assert changed["Id"] in rest("GET", f"sobjects/Account/updated/?{window}").json()["ids"]
    naive = rest("GET", "sobjects/Account/updated/?start=2026-03-01T00:00:00&end=2026-03-01T01:00:00")
    assert naive.json()[0]["errorCode"] == "INVALID_REPLICATION_DATE"


def test_a_field_is_found_in_any_spelling_and_shown_in_its_current_one(
    org: DemoOrg, salesforce: Salesforce, bulk
) -> None:
    before = salesforce.query("SELECT Id, ARR__c FROM Account WHERE ARR__c != null")["records"]
    org.respell_field("ARR__c", "arr__C")
    after = salesforce.query("SELECT Id, ARR__c FROM Account WHERE Arr__c != null")["records"]
    assert [record["arr__C"] for record in after] == [record["ARR__c"] for record in before]
    job = bulk.finished("SELECT Id, ARR__C FROM Account")
    assert bulk.results(job).text.splitlines()[0] == '"Id","arr__C"'
    org.fault("respell_field", field="ARR__c", spelling="Arr__c")
    job = bulk.finished("SELECT Id, ARR__C FROM Account")
    assert bulk.results(job).text.splitlines()[0] == '"Id","Arr__c"'


def test_a_respelled_compound_field_is_named_by_its_parts(org: DemoOrg, salesforce: Salesforce) -> None:
    org.respell_field("HQ__c", "hq__c")
    fields = describe_account(salesforce)["fields"]
    assert [field["name"] for field in fields if field["compoundFieldName"] == "hq__c"] == [
        "HQ__Latitude__s",
        "HQ__Longitude__s",
    ]


def test_the_rights_of_the_user_can_be_queried(org, salesforce: Salesforce) -> None:
    assigned = salesforce.query("SELECT AssigneeId, PermissionSetId FROM PermissionSetAssignment")["records"]
    [set_] = {record["PermissionSetId"] for record in assigned}
    granted = f"SELECT PermissionsViewAllRecords FROM ObjectPermissions WHERE ParentId = '{set_}'"
    assert salesforce.query(granted)["records"][0]["PermissionsViewAllRecords"] is True
    org.configure(view_all_accounts=False)
    assert salesforce.query(granted)["records"][0]["PermissionsViewAllRecords"] is False
    org.configure(view_setup=False)
    with pytest.raises(SalesforceMalformedRequest, match="INVALID_TYPE"):
        salesforce.query(granted)
