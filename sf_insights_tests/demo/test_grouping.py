"""GROUP BY, and requests for a query's columns or plan instead of its records."""

from collections import Counter, defaultdict
from typing import Any

import pytest
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceMalformedRequest

from sf_insights.demo.process import DemoOrg


def live(org: DemoOrg) -> list[dict[str, Any]]:
    return [account for account in org.accounts() if not account["IsDeleted"]]


def test_each_group_is_counted_and_summed(org: DemoOrg, salesforce: Salesforce) -> None:
    soql = "SELECT Rating, COUNT(Id) accounts, SUM(AnnualRevenue) FROM Account GROUP BY Rating ORDER BY COUNT(Id) DESC"
    found = salesforce.query(soql)
    counts: Counter[str | None] = Counter()
    sums: dict[str | None, float] = defaultdict(float)
    for account in live(org):
        counts[account["Rating"]] += 1
        sums[account["Rating"]] += account["AnnualRevenue"] or 0
    assert found["totalSize"] == len(counts)
    assert {row["Rating"]: row["accounts"] for row in found["records"]} == counts
    assert {row["Rating"]: row["expr0"] for row in found["records"]} == pytest.approx(sums)
    assert [row["accounts"] for row in found["records"]] == sorted(counts.values(), reverse=True)
    assert found["records"][0]["attributes"] == {"type": "AggregateResult"}


def test_groups_can_use_a_parent_field_and_several_fields(org: DemoOrg, salesforce: Salesforce) -> None:
    soql = (
        "SELECT Owner.Name, Rating, COUNT(Id) FROM Account WHERE Rating != null GROUP BY Owner.Name, Rating "
        "ORDER BY Rating LIMIT 3"
    )
    rows = salesforce.query(soql)["records"]
    assert len(rows) == 3
    assert all(set(row) == {"attributes", "Name", "Rating", "expr0"} for row in rows)
    assert [row["Rating"] for row in rows] == sorted(row["Rating"] for row in rows)


def test_a_group_without_a_function_lists_each_value_once(org: DemoOrg, salesforce: Salesforce) -> None:
    rows = salesforce.query("SELECT Rating FROM Account GROUP BY Rating")["records"]
    assert Counter(row["Rating"] for row in rows) == Counter({account["Rating"] for account in live(org)})


@pytest.mark.parametrize(
    ("soql", "message"),
    [
        ("SELECT Name, COUNT(Id) FROM Account GROUP BY Rating", "Field must be grouped or aggregated: Name"),
        ("SELECT COUNT(Id) FROM Account GROUP BY AnnualRevenue", "can not be grouped in a query call"),
        ("SELECT Rating FROM Account GROUP BY Rating ORDER BY Name", "Ordered field must be grouped: Name"),
        ("SELECT FIELDS(STANDARD) FROM Account GROUP BY Rating", "FIELDS function is not supported"),
        ("SELECT Rating FROM Account GROUP Rating", "unexpected token"),
    ],
)
def test_grouping_by_an_ungroupable_field_is_refused(salesforce: Salesforce, soql: str, message: str) -> None:
    with pytest.raises(SalesforceMalformedRequest, match=message):
        salesforce.query(soql)


def test_grouping_is_refused_in_bulk(bulk) -> None:
    soql = "SELECT Rating FROM Account GROUP BY Rating"
    response = bulk.rest("POST", "jobs/query", json={"operation": "query", "query": soql})
    assert response.json()[0]["message"] == "Aggregate functions and GROUP BY are not supported in Bulk Query"


def test_columns_of_a_query_are_described_without_records(rest) -> None:
    soql = "SELECT Id, Name, AnnualRevenue, Is_Key__c, Owner.Name, Owner.Email FROM Account"
    found = rest("GET", "query", params={"q": soql, "columns": "true"}).json()
    assert "records" not in found
    assert (found["entityName"], found["keyPrefix"], found["idSelected"], found["groupBy"]) == (
        "Account",
        "001",
        True,
        False,
    )
    columns = {column["columnName"]: column for column in found["columnMetadata"]}
    assert list(columns) == ["Id", "Name", "AnnualRevenue", "Is_Key__c", "Owner"]
    kinds = {name: column["apexType"] for name, column in columns.items()}
    assert kinds == {"Id": "Id", "Name": "String", "AnnualRevenue": "Double", "Is_Key__c": "Boolean", "Owner": "Owner"}
    assert columns["AnnualRevenue"]["numberType"]
    assert columns["Is_Key__c"]["custom"]
    assert [column["columnName"] for column in columns["Owner"]["joinColumns"]] == ["Name", "Email"]


def test_columns_of_a_grouped_query_name_their_functions(rest) -> None:
    soql = "SELECT Rating, COUNT(Id) accounts, MAX(AnnualRevenue) FROM Account GROUP BY Rating"
    found = rest("GET", "query", params={"q": soql, "columns": "true"}).json()
    assert found["groupBy"]
    columns = [(column["columnName"], column["displayName"], column["aggregate"]) for column in found["columnMetadata"]]
    assert columns == [
        ("Rating", "Rating", False),
        ("accounts", "count(Id)", True),
        ("expr0", "max(AnnualRevenue)", True),
    ]


def test_explain_returns_a_query_plan(org: DemoOrg, rest) -> None:
    soql = "SELECT Id FROM Account WHERE Rating = 'Hot'"
    found = rest("GET", "query", params={"explain": soql}).json()
    [plan] = found["plans"]
    assert plan["cardinality"] == sum(account["Rating"] == "Hot" for account in live(org))
    assert (plan["sobjectType"], plan["leadingOperationType"]) == ("Account", "TableScan")
    assert found["sourceQuery"] == soql
    assert rest("GET", "query", params={"explain": "SELECT Nothing FROM Account"}).status_code == 400
