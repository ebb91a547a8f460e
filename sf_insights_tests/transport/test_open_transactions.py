"""The guard against requests inside warehouse transactions; every pipeline test runs with it."""

import pytest

from sf_insights.transport.session import new_session
from sf_insights.warehouse.warehouse import Warehouse
from sf_insights_tests.scripted_server import Answer, serving


@pytest.fixture
def warehouse(tmp_path):
    warehouse = Warehouse(tmp_path / "warehouse.duckdb")
    warehouse.open("a test")
    yield warehouse
    warehouse.close()


def test_a_request_inside_a_transaction_is_refused_before_sending(warehouse):
    with serving(lambda request: Answer(200, {})) as server, new_session({}) as session:
        with pytest.raises(RuntimeError, match="inside a transaction"), warehouse.transaction():
            session.get(server.url)
        assert server.requests == []


def test_requests_are_allowed_again_after_any_end_of_a_transaction(warehouse):
    with serving(lambda request: Answer(200, {})) as server, new_session({}) as session:
        with warehouse.transaction() as tx:
            tx.execute("SELECT 1")
        with pytest.raises(KeyError), warehouse.transaction():
            raise KeyError
        assert session.get(server.url).ok
