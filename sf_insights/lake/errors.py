"""Turn errors of DuckDB, PostgreSQL and object storage into sentences that say what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from sf_insights.domain.problems import LakeProblem
from sf_insights.domain.publish_to import PASSWORD_VARIABLE
from sf_insights.lake.target import LakeTarget
from sf_insights.system.disk import disk_problem

_GRANTS = "Give it the rights that docs/lake.md lists."
_ADDRESSES = re.compile(r"""[a-z0-9]+://[^\s'"]+|(?<=['"])/[^'"\n]*(?=['"])""", re.IGNORECASE)
# Phrases of an error in lower case, without its addresses and paths, what happened, and what to do. The first counts.
_KNOWN = (
    (
        r"password authentication failed|no password supplied",
        "PostgreSQL refuses the password for {address}.",
        f"Correct {PASSWORD_VARIABLE} in .env; the environment counts only for a single home.",
    ),
    (r'database "[^"]*" does not exist', "There is no database {address}.", "Create it; docs/lake.md shows how."),
    (
        r'role "[^"]*" does not exist|no pg_hba.conf entry',
        "PostgreSQL does not let this user connect to {address}.",
        "Create the user; docs/lake.md shows how.",
    ),
    (
        r"error: +permission denied|must be owner of|permission denied for",
        "PostgreSQL does not let this user write {target}.",
        _GRANTS,
    ),
    (
        r"version mismatch",
        "The lake in {target} has another format than this version of DuckLake writes.",
        "Install the version of sf_insights that wrote it, or write another `schema:`. The lake is never migrated.",
    ),
    (
        r"does not match existing data path",
        "The lake in {target} keeps its files in another place than {files}.",
        "Set `data:` under `publish_to:` as it was, or write another `schema:`.",
    ),
    (
        r"unable to connect to postgres|connection to server|server closed the connection|terminating connection"
        r"|no connection to the server|ssl syscall",
        "PostgreSQL at {address} cannot be reached{detail}.",
        "Start it, or correct `catalog:` under `publish_to:`.",
    ),
    (
        r"access ?denied|http 40[13]|forbidden|signaturedoesnotmatch|invalidaccesskeyid",
        "The object storage refuses access to {files}.",
        "Correct the AWS_* variables, or allow listing, reading, writing and deleting there; see docs/lake.md.",
    ),
    (
        r"nosuchbucket|http 404",
        "There is no bucket for {files}.",
        "Create it, or correct `data:` under `publish_to:`.",
    ),
    (
        r"error for http [a-z]+|http [a-z]+ error|http error|could not resolve host|failed to read connection"
        r"|curl error",
        "The object storage for {files} cannot be reached.",
        "Check the network, AWS_ENDPOINT_URL and AWS_REGION.",
    ),
    (
        r"transaction conflict|for conflict resolution|maximum retry count",
        "Another program wrote to the lake in {target} at the same time.",
        "Let only one home publish there.",
    ),
)


@contextmanager
def explained(target: LakeTarget) -> Iterator[None]:
    """Raise errors of DuckDB and of the disk as a LakeProblem."""
    try:
        yield
    except (duckdb.Error, OSError) as error:
        raise problem_of(error, target) from error


def problem_of(error: Exception, target: LakeTarget) -> LakeProblem:
    """Return what to tell about an error; never a password, an address with a query or a whole statement."""
    text = str(error)
    phrases = _ADDRESSES.sub("", text).lower()
    for words, what, remedy in _KNOWN:
        if re.search(words, phrases):
            said = {"address": target.address, "target": target, "files": target.files, "detail": _detail(text)}
            return LakeProblem(what.format_map(said), remedy)
    if (found := disk_problem(error)) is not None:
        return LakeProblem(
            found.what, f"Make room or give write access there, or move `data:` ({target.files}) to another disk."
        )
    if isinstance(error, duckdb.OutOfMemoryException):
        return LakeProblem(
            "DuckDB may use too little memory to publish into the lake.",
            "Set SF_INSIGHTS_MEMORY_LIMIT to a larger value, such as 2GB.",
        )
    first = re.sub(r"\?\S+", "", (text.splitlines() or [type(error).__name__])[0]).rstrip(".! ")
    return LakeProblem(f"Publishing into the lake in {target} failed: {first[:300]}.", "See docs/lake.md.")


def _detail(text: str) -> str:
    """Return the reason that libpq gives, such as `: Connection refused`."""
    found = re.search(r"failed: (?:fatal: +)?([^\n]+)|could not translate [^\n]+: ([^\n]+)", text, re.IGNORECASE)
    reason = found and (found[1] or found[2])
    return f": {reason.strip().rstrip('.')}" if reason else ""
