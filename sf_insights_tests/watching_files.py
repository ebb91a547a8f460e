"""Runs a command and records, at each step, every file below a directory that another user could read.

    python -m sf_insights_tests.watching_files DIRECTORY NOTES ARGUMENT...

ARGUMENTs are those of sf-insights, or `compact FILE`. NOTES is the file for the recorded names.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_OTHERS = 0o077
_STEPS = {"open", "os.chmod", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "shutil.copyfile", "shutil.rmtree"}


def readable_by_others(directory: str) -> Iterator[str]:
    """Yield the names of readable files with content; files in a private directory are private."""
    for entry in os.scandir(directory):
        try:
            stat = entry.stat(follow_symlinks=False)
        except FileNotFoundError:  # removed in the meantime
            continue
        if stat.st_mode & _OTHERS:
            if entry.is_dir():
                yield from readable_by_others(entry.path)
            elif stat.st_size:
                yield entry.name


def watch(directory: str, found: set[str]) -> None:
    """Check after each of Python's file operations from now on."""
    is_looking = False

    def look(event: str, _: tuple[Any, ...]) -> None:
        nonlocal is_looking
        if event in _STEPS and not is_looking:
            is_looking = True
            try:
                found.update(readable_by_others(directory))
            finally:
                is_looking = False

    sys.addaudithook(look)


def main() -> None:
    directory, notes, *arguments = sys.argv[1:]
    from sf_insights.cli import main as sf_insights
    from sf_insights.settings.database_limits import USUAL_LIMITS
    from sf_insights.warehouse.compaction import compact

    found: set[str] = set()
    watch(directory, found)
    try:
        if arguments[0] == "compact":
            compact(Path(arguments[1]), USUAL_LIMITS)
        else:
            sf_insights(arguments, prog_name="sf-insights")
    finally:
        Path(notes).write_text("\n".join(sorted(found)))


if __name__ == "__main__":
    main()
