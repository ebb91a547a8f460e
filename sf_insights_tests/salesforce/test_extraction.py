"""The memory for reading all Accounts, which does not depend on the size of the org."""

import os
import subprocess
import sys

from sf_insights.demo.process import DemoOrg

READ = """
import resource, sys
from pathlib import Path
from sf_insights.domain.fields.field_types import AccountField
from sf_insights.domain.soql import columns_to_read
from sf_insights.salesforce.extraction import extract_accounts
from sf_insights.salesforce.org import SalesforceOrg
import os
with SalesforceOrg.from_environment(os.environ) as org:
    fields = list(org.account_fields().values())
    read = [field for field in fields if field.refusal is None]
    columns = columns_to_read({field.name: field for field in fields}, read)
    Path(sys.argv[1]).mkdir()
    extraction = extract_accounts(
        org, columns, Path(sys.argv[1]), day="2026-03-01", describe_fingerprint="-", on_progress=lambda _: None
    )
print(len(extraction.landed.pages), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def pages_and_peak_memory(org, directory):
    """Return the number of pages read and the process's peak memory in KiB."""
    done = subprocess.run(
        [sys.executable, "-c", READ, str(directory)],
        env={**os.environ, **org.environment},
        capture_output=True,
        text=True,
        check=True,
    )
    pages, peak = done.stdout.split()
    return int(pages), int(peak)


def test_memory_does_not_grow_with_the_number_of_pages(tmp_path):
    measured = {}
    for accounts in (3_000, 20_000):
        with DemoOrg.started(tmp_path / f"org of {accounts}", accounts=accounts) as org:
            org.configure(page_records=1_000)
            measured[accounts] = pages_and_peak_memory(org, tmp_path / f"landing of {accounts}")
    (few, peak_of_few), (many, peak_of_many) = measured.values()
    assert (few, many) == (4, 21)
    assert peak_of_many < 1.25 * peak_of_few
