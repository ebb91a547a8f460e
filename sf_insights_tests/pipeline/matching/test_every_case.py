"""An org with every kind of CRM Account ID, generated with a known match status."""

import pytest

from sf_insights.demo.process import DemoOrg
from sf_insights_tests.pipeline.truth import Truth
from sf_insights_tests.soak import IS_SOAK

ACCOUNTS = 20_000 if IS_SOAK else 5_000


@pytest.fixture(scope="module")
def running_org(tmp_path_factory):
    with DemoOrg.started(tmp_path_factory.mktemp("large"), accounts=ACCOUNTS, seed=7) as org:
        yield org


def test_every_account_is_matched_correctly(org, sync):
    run = sync(day="2026-03-01")
    truth = Truth(org)
    kinds = {row["Id"]: row["kind"] for row in truth.zuora}
    assert len(set(kinds.values())) >= 20
    statuses = dict(run.rows("SELECT account_id, match_status FROM insights.matched_accounts"))
    links = dict(
        run.rows(
            "SELECT account_id, salesforce_account_id FROM insights.matched_accounts "
            "WHERE salesforce_account_id IS NOT NULL"
        )
    )
    expected = truth.statuses()
    assert {key: (kinds[key], status) for key, status in statuses.items() if status != expected[key]} == {}
    assert links == truth.matches()
    unreferenced = {id_ for (id_,) in run.rows("SELECT salesforce_account_id FROM salesforce.unreferenced_accounts")}
    live = {id_ for id_ in truth.accounts if truth.is_live(id_)}
    assert unreferenced == live - set(links.values())
