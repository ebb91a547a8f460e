"""A value looks alike in the list of fields, in the review of a selection and on the page of an account."""

import re

import pytest

from sf_insights_tests.pages.conftest import serve

VALUES = {
    "Is_Key__c": (False, "No", "false"),
    "Support_Open__c": ("08:30:00.000Z", "08:30:00", "000Z"),
    "NumberOfEmployees": (3873, "3,873", "3873"),
    "Score__c": (95.0, "95 %", "95.0"),
}


@pytest.fixture
def account(org):
    salesforce = org.add_account(Name="Acme", **{name: value for name, (value, *_) in VALUES.items()})
    return org.add_zuora_account(Name="Acme", CrmId=salesforce)


def test_a_value_looks_alike_before_and_after_its_first_sync(org, sf_insights, session, account):
    for row in org.accounts():  # each field has one value
        if not row["IsDeleted"]:
            org.update_account(row["Id"], **{name: value for name, (value, *_) in VALUES.items()})
    sf_insights.configure(fields=["Industry"])
    for site in serve(session):
        check(site.get("/fields").row)
    sf_insights.configure(fields=[*VALUES])
    assert sf_insights("sync").code == 0
    for site in serve(session):
        check(site.get("/fields").row)
        check(site.get(f"/accounts/{account}").row)


def test_the_review_shows_values_like_the_page_of_an_account(org, sf_insights, session, account):
    sf_insights.configure(fields=["Industry"])
    for site in serve(session):
        review = site.post("/fields/review", site.chosen(select=tuple(VALUES)))
        text = " ".join(review.rows)
        assert re.search(r"\b(Yes|No)\b", text)
        assert re.search(r"\d\d:\d\d:\d\d", text)
        assert re.search(r"\d %", text)
        assert not re.search(r"\b(true|false|\d+\.000Z)\b", text)


def check(row):
    for name, (_, shown, raw) in VALUES.items():
        assert shown in row(name), name
        assert raw not in row(name).replace(shown, ""), name
