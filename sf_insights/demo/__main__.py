"""Serve a demo org until stopped: python -m sf_insights.demo DIRECTORY [--accounts N] [--seed N] [--port N]."""

import argparse
from pathlib import Path

from sf_insights.demo.data import credentials
from sf_insights.demo.process import serve


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="python -m sf_insights.demo", description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--accounts", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--multi-currency", action="store_true")
    parser.add_argument("--organization", default=credentials.ORGANIZATION_ID)
    parser.add_argument("--end-with-stdin", action="store_true")
    options = parser.parse_args()
    credentials.ORGANIZATION_ID = options.organization
    serve(
        options.directory,
        options.accounts,
        options.seed,
        options.port,
        options.multi_currency,
        options.end_with_stdin,
    )


if __name__ == "__main__":
    main()
