"""The page of an account in an org with several currencies."""

import pytest

from sf_insights.demo.process import DemoOrg
from sf_insights_tests.pages.conftest import serve


@pytest.fixture(scope="module")
def running_org(tmp_path_factory):
    with DemoOrg.started(tmp_path_factory.mktemp("currencies"), accounts=60, multi_currency=True) as org:
        yield org


def test_each_amount_is_shown_in_the_currency_of_its_day(org, sf_insights, session, monkeypatch):
    salesforce = org.add_account(Name="Acme", AnnualRevenue="1000.0", CurrencyIsoCode="USD")
    account = org.add_zuora_account(Name="Acme", CrmId=salesforce)
    assert sf_insights("sync").code == 0
    org.update_account(salesforce, AnnualRevenue="900.0", CurrencyIsoCode="EUR")
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-03")
    assert sf_insights("sync").code == 0
    for site in serve(session):
        text = site.get(f"/accounts/{account}").text
        assert "1,000 USD → became 900 EUR" in text
        assert "1,000 EUR" not in text
        assert "Lowest" not in text  # the only day in EUR
