"""The directory of Dagster's state, DAGSTER_HOME, and the dagster.yaml in it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from sf_insights.dagster_instance.recorded_runs import ORG_NAME_TAG
from sf_insights.dagster_instance.storage_reuse import reuse_storage_parts
from sf_insights.settings.environment import Places, environment, installation_of
from sf_insights.settings.home import Home, demo_dagster, demo_data, found_home, shipped
from sf_insights.system.durable import PRIVATE_DIRECTORY, locked_directory

if TYPE_CHECKING:  # importing dagster takes a second; commands that only read do without it
    import dagster as dg

    from sf_insights.settings.installation import InstallationSettings

_MARK = "# A copy by sf_insights, which renews it until somebody edits it; digest of what follows: "
# The digest of the text that was copied before copies had a mark.
_UNMARKED = "5511918ec0bcd02f935b656dad5fbf2f9d240a4e82a13943d0948ae4f538056b"
_OPENING_SECONDS = 60.0
_AT_ONCE = re.compile(r"^    max_concurrent_runs: .*\n", re.MULTILINE)


def dagster_home() -> Path:
    """Return DAGSTER_HOME, or else .dagster/ of the home; for the demo's data, the demo's own directory.

    Dagster plots values over time. Each home has its own directory, so that a plot shows one org. The orgs of an
    installation share one, and have names of their own in it.

    Raises:
        ConfigurationProblem: no home was found, and no variable names the data directory.
    """
    if named := os.environ.get("DAGSTER_HOME"):
        return Path(named).expanduser().absolute()
    variables = environment()
    if installation := installation_of(variables):
        return Home(installation).dagster
    data = Places.from_environment(variables).data
    if data == demo_data():
        return demo_dagster()
    home = found_home(variables)
    return home.dagster if home else data / ".dagster"


def use_dagster_home() -> Path:
    """Set DAGSTER_HOME unless it is set, write this version's dagster.yaml into the directory, and return it."""
    home = dagster_home()
    os.environ["DAGSTER_HOME"] = str(home)
    home.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)  # its records hold samples of the data
    installation = installation_of(environment())
    _renew(home / "dagster.yaml", _of_many(installation) if installation else _shipped())
    return home


def opened_instance(home: Path) -> dg.DagsterInstance:
    """Open Dagster's state under a lock, because Dagster creates its databases without one.

    Raises:
        OSError: the directory cannot be opened.
    """
    import dagster as dg

    reuse_storage_parts()
    with locked_directory(home, _OPENING_SECONDS):
        return dg.DagsterInstance.from_config(str(home))


def is_edited(file: Path) -> bool:
    """Tell whether a person edited this copy of dagster.yaml. An edited copy is not renewed."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError:  # it does not exist, or this user may not read it
        return False
    if not text.startswith(_MARK):
        return _digest(text) not in (_UNMARKED, _digest(_shipped()))
    first, _, rest = text.partition("\n")
    return rest != _shipped() and first != _MARK + _digest(rest)


def _renew(file: Path, wanted: str) -> None:
    if is_edited(file):
        return
    text = f"{_MARK}{_digest(wanted)}\n{wanted}"
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        new = file.with_name(f"{file.name}.{os.getpid()}.new")  # a daemon may read it at this moment
        new.write_text(text, encoding="utf-8")
        new.replace(file)


def _shipped() -> str:
    return shipped("dagster.yaml").read_text(encoding="utf-8")


def _of_many(installation: Path) -> str:
    from sf_insights.settings.installation import settings_of

    return _for_many(settings_of(installation))


def _for_many(settings: InstallationSettings) -> str:
    """Return dagster.yaml for an installation of many orgs: several runs at once, and never two of one org."""
    limits = f"""\
    max_concurrent_runs: {settings.max_concurrent_runs} # from installation.yaml
    tag_concurrency_limits: # never two runs of one org
      - key: {ORG_NAME_TAG}
        value: {{applyLimitPerUniqueValue: true}}
        limit: 1
"""
    return _AT_ONCE.sub(lambda _: limits, _shipped())


def _digest(text: str) -> str:
    import hashlib  # loads OpenSSL, which `status` does without

    return hashlib.sha256(text.encode()).hexdigest()
