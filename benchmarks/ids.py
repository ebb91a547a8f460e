"""Time the normalisation of a million CRM Account IDs, as matching does it.

The shares follow the demo org, where a fifth of the ids are not in Salesforce's form.
"""

import time

import duckdb

from benchmarks.child import report
from sf_insights.sql import render

_ROWS = 1_000_000
# 18-character ids, 15-character ids, lower-case ids, padded ids, record URLs, and texts that are not ids.
_LIST = f"""
CREATE TABLE zuora.accounts AS
WITH numbered AS (
    SELECT range, md5(range::VARCHAR) AS digits FROM range({_ROWS})
), named AS (
    SELECT range, '001' || digits[:6] || upper(digits[7:12]) AS body FROM numbered
)
SELECT md5(range::VARCHAR) AS "Id",
       CASE range % 20 WHEN 0 THEN body
                       WHEN 1 THEN lower(body || id_suffix(body))
                       WHEN 2 THEN '\u00a0' || body || id_suffix(body) || ' '
                       WHEN 3 THEN 'https://demo.lightning.force.com/lightning/r/Account/' || body || '/view'
                       WHEN 4 THEN 'see contract'
                       ELSE body || id_suffix(body) END AS "CrmId"
FROM named
"""


def main() -> None:
    """Normalise the list and report what it took."""
    with duckdb.connect() as connection:
        connection.execute(render("ids/macros"))
        connection.execute("CREATE SCHEMA zuora")
        connection.execute(_LIST)
        ids = render("ids/crm_account_ids", accounts="zuora.accounts")
        began = time.monotonic()
        connection.execute(f"CREATE TABLE ids AS SELECT account_id, id18 FROM ({ids})")
        seconds = time.monotonic() - began
        found = connection.execute("SELECT count(id18) FROM ids").fetchone()
    report(seconds=seconds, found=found[0] if found else 0)


if __name__ == "__main__":
    main()
