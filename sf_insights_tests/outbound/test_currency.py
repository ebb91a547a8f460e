"""An org with several currencies: an amount goes only to a record in its currency."""

from decimal import Decimal

from sf_insights.demo.process import DemoOrg
from sf_insights_tests.outbound.conftest import pipeline
from sf_insights_tests.outbound.sender import Sender
from sf_insights_tests.outbound.test_sending import matched

BALANCE = "Insights_Balance__c"


def test_an_amount_in_another_currency_than_the_record_is_held_back(tmp_path, first_days, dagster_home, monkeypatch):
    with DemoOrg.started(tmp_path / "org", accounts=60, seed=5, multi_currency=True) as org:
        sync = pipeline(org, first_days, dagster_home, tmp_path, monkeypatch)
        sync.first_day(fields=["Industry"])
        sender = Sender(org, sync)
        currencies = {id_: code for id_, code in sender.held("CurrencyIsoCode").items() if id_ in matched(sync)}
        assert len(set(currencies.values())) > 1
        sender.values(
            f"SELECT unnest({sorted(currencies)}) AS salesforce_account_id, 12.5::DECIMAL(9, 2) AS balance,"
            " 'USD' AS code"
        )
        sender.configure(values="outbound.sql", fields=[{"from": "balance", "to": BALANCE}])
        assert f"nothing says in which one the amount for {BALANCE} is" in sender.fails("preview")
        sender.first_send(fields=[{"from": "balance", "to": BALANCE, "currency": "code"}])
        held = sender.held(BALANCE)
        for id_, code in currencies.items():
            assert held[id_] is None if code != "USD" else Decimal(str(held[id_])) == Decimal("12.5")
        others = sorted(id_ for id_, code in currencies.items() if code != "USD")
        assert sender.rows("SELECT record_id, class FROM outbound.rejects ORDER BY 1") == [
            (id_, "currency") for id_ in others
        ]
        org.clear_requests()
        sender.send()
        assert org.requests() == []
