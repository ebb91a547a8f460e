"""Publications that are killed, and many orgs that publish at the same moment."""

import json
import random
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from sf_insights_tests.forked import finished, forked
from sf_insights_tests.lake.made_snapshot import MadeSnapshot
from sf_insights_tests.soak import IS_SOAK

KILLS, ROUNDS = (40, 10) if IS_SOAK else (2, 1)
ACCOUNTS = 10_500

PUBLISH = """
import json, pathlib, sys
from sf_insights.domain.publish_to import PublishTo
from sf_insights.lake.bringing import bring_up_to_date
from sf_insights.settings.environment import Places
data = pathlib.Path(sys.argv[1])
settings, variables = json.loads(sys.argv[2]), json.loads(sys.argv[3])
"""
ONCE = (
    PUBLISH
    + """
print("begins", flush=True)
bring_up_to_date(PublishTo.model_validate(settings), Places(data, data / "account_field_sync.yaml"), variables)
"""
)
ROUND_AFTER_ROUND = (
    PUBLISH
    + """
from sf_insights_tests.lake.made_snapshot import MadeSnapshot
made = MadeSnapshot(data / "account_insights.duckdb", int(sys.argv[4]), org_id=sys.argv[6])
for _ in range(int(sys.argv[5])):
    bring_up_to_date(PublishTo.model_validate(settings), Places(data, data / "account_field_sync.yaml"), variables)
    made.next_day(share=0.01)
bring_up_to_date(PublishTo.model_validate(settings), Places(data, data / "account_field_sync.yaml"), variables)
"""
)


def arguments(home):
    return str(home.data), json.dumps(home.settings), json.dumps(home.variables)


@pytest.mark.slow
def test_a_killed_publication_leaves_the_state_before_or_the_state_after(home, tmp_path):
    chosen = random.Random(1)  # noqa: S311
    made = MadeSnapshot(home.snapshot, ACCOUNTS)
    home.publish()
    held, seen = shutil.copy(home.snapshot, tmp_path / "held_file.duckdb"), set()
    for _ in range(KILLS):
        made.next_day(share=0.02)
        with forked(ONCE, *arguments(home)) as process:
            assert process.output.readline() == "begins\n"
            process.ended(seconds=chosen.uniform(0.2, 1.5))  # somewhere in its work, or after it
        is_new = home.differences() == {}
        seen.add(is_new)
        if is_new:
            shutil.copy(home.snapshot, held)
        else:
            assert home.differences(held) == {}
    home.publish()
    assert home.differences() == {}
    assert False in seen


@pytest.mark.slow
def test_four_orgs_publish_at_the_same_moment(home, tmp_path):
    errors = home.server.errors()
    homes = []
    for number in range(4):
        data = tmp_path / f"home_{number}"
        data.mkdir()
        homes.append(home.but(schema=f"{home.schema}_{number}").of_home(data))
    with ThreadPoolExecutor(4) as pool:
        runs = [
            pool.submit(
                finished, ROUND_AFTER_ROUND, *arguments(one), str(ACCOUNTS), str(ROUNDS), f"00D00000000000{number}AAA"
            )
            for number, one in enumerate(homes)
        ]
        for run in runs:
            code, said = run.result()
            assert code == 0, said
    for one in homes:
        assert one.states() == ROUNDS + 2  # the empty lake, and each publication
        assert one.differences() == {}
    assert home.server.errors() == errors
