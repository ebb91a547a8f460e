import pytest

from sf_insights.domain.outbound.limits import calls_to_write


@pytest.mark.parametrize(
    ("records", "calls"), [(0, 0), (1, 1), (200, 1), (201, 2), (2000, 10), (2001, 14), (50_001, 28)]
)
def test_few_records_cost_a_call_for_200_and_many_a_job_for_50000(records, calls):
    assert calls_to_write(records) == calls
