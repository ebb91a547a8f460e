"""Homes. A home is the directory with everything of one connected org.

It holds account_field_sync.yaml, .env, data/ and .dagster/. The checkout is a home too, with the YAML in its data/.
An installation of many orgs has installation.yaml, and a home per org in orgs/NAME.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from sf_insights.domain.problems import ConfigurationProblem

CONFIGURATION_NAME = "account_field_sync.yaml"
WAREHOUSE_NAME = "warehouse.duckdb"
HOME_VARIABLE = "SF_INSIGHTS_HOME"
DATA_VARIABLE = "SF_INSIGHTS_DATA_DIR"
CONFIGURATION_VARIABLE = "SF_INSIGHTS_CONFIG"
ORG_VARIABLE = "SF_INSIGHTS_ORG"
ORGS = "orgs"
INSTALLATION_NAME = "installation.yaml"
# The name of an org becomes part of the names of jobs, and of a schema in PostgreSQL.
ORG_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")

PACKAGE = Path(__file__).resolve().parents[1]
CHECKOUT = PACKAGE.parent  # site-packages, in an installed wheel
_INSTALLED = {"site-packages", "dist-packages"}


def runs_from_checkout() -> bool:
    """Tell whether this package runs from a checkout, and not from an installed wheel."""
    return (CHECKOUT / "workspace.yaml").is_file()


def shipped(name: str) -> Path:
    """Return the path of a file that the checkout has at its top or in data/, and a wheel in the package."""
    places = (PACKAGE / "shipped" / name, CHECKOUT / name, CHECKOUT / "data" / name)
    return next(path for path in places if path.is_file())


def ui_command() -> str:
    """Return the command that starts Dagster's UI for the home of this process, or for its whole installation."""
    try:
        home, nearest = found_home(os.environ), _found({})
    except ConfigurationProblem:
        home = nearest = None
    if home is None or home.is_checkout or home.directory == demo_data():
        return "make ui" if runs_from_checkout() else "sf-insights ui"
    here = home.installation or home.directory
    is_found = nearest is not None and here == (nearest.installation or nearest.directory)
    return "sf-insights ui" if is_found else f"sf-insights ui --home {shlex.quote(shown_path(here))}"


def where_variables_go(variables: Mapping[str, str]) -> str:
    """Return where to set variables of this home: the home of an org in an installation reads only its own file."""
    home = found_home(variables)
    return f"in the .env of the org {home.org}" if home and home.org else "in the environment or in .env"


def running_as(variables: Mapping[str, str], marker: Path = Path("/.dockerenv")) -> str:
    """Return what a person starts here: the service of systemd, a container, or the program itself.

    systemd sets INVOCATION_ID for what it starts. Docker leaves a marker file; Podman sets `container`.
    """
    if marker.exists() or variables.get("container"):
        return "the container of sf-insights"
    return "the service sf-insights" if variables.get("INVOCATION_ID") else "sf-insights"


def shown_path(path: Path) -> str:
    """Return a path relative to the current directory if it is inside it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


@dataclass(frozen=True)
class Home:
    """One home, by its directory."""

    directory: Path

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @property
    def configuration(self) -> Path:
        return (self.data if self.is_checkout else self.directory) / CONFIGURATION_NAME

    @property
    def has_configuration(self) -> bool:
        return os.path.isfile(self.configuration)  # noqa: PTH113 - returns False without permission

    @property
    def env_file(self) -> Path:
        return self.directory / ".env"

    @property
    def dagster(self) -> Path:
        return (self.installation or self.directory) / ".dagster"

    @property
    def org(self) -> str | None:
        """The name of the home's org in its installation; None for a home that stands alone."""
        name, above = self.directory.name, self.directory.parent
        return name if above.name == ORGS and ORG_NAME.fullmatch(name) and Home(above.parent).has_orgs else None

    @property
    def installation(self) -> Path | None:
        """The directory of the installation of many orgs that this is, or that its org belongs to; None without one."""
        if self.has_orgs:
            return self.directory
        return self.directory.parents[1] if self.org else None

    @property
    def stands_alone(self) -> bool:
        """Whether this directory has the settings of one org. Its orgs/ means nothing then."""
        return self.has_configuration and not self.is_checkout

    @property
    def has_orgs(self) -> bool:
        """Whether this is an installation of many orgs: installation.yaml says so, and its orgs are in orgs/."""
        is_marked = os.path.isfile(self.directory / INSTALLATION_NAME)  # noqa: PTH113 - returns False without permission
        return is_marked and not self.stands_alone

    @property
    def is_checkout(self) -> bool:
        return runs_from_checkout() and self.directory.resolve() == CHECKOUT


def org_directories(installation: Path) -> list[Path]:
    """Return the directories in orgs/ by name, also those that are not homes; none if there is no orgs/."""
    try:
        found = list((installation / ORGS).iterdir())
    except OSError:
        return []
    return sorted(path for path in found if path.is_dir() and not path.name.startswith("."))


def named_home(directory: str | Path) -> Home:
    """Return the home in a directory, which need not exist yet.

    Raises:
        ConfigurationProblem: the directory is among installed packages.
    """
    home = Home(Path(os.path.abspath(Path(directory).expanduser())))  # noqa: PTH100 - removes `..`, since the path is shown
    refuse_installed(home.directory)
    return home


def not_a_home(directory: Path) -> ConfigurationProblem:
    """Return the error for a directory without settings."""
    return ConfigurationProblem(
        f"{directory} is not a home: it has no {CONFIGURATION_NAME}.",
        f"Name another directory, or make a home with `sf-insights init {directory}`.",
    )


def found_home(variables: Mapping[str, str]) -> Home | None:
    """Return the home in SF_INSIGHTS_HOME, else the nearest one upwards, else the checkout; None if there is none.

    SF_INSIGHTS_ORG names an org of the installation that was found.

    Raises:
        ConfigurationProblem: SF_INSIGHTS_HOME names a directory among installed packages, or there is no such org.
    """
    home = _found(variables)
    return org_of(home, name) if (name := variables.get(ORG_VARIABLE)) else home


def org_of(home: Home | None, name: str) -> Home:
    """Return the home of an org, given its installation or another org of it.

    Raises:
        ConfigurationProblem: there is no installation, or it has no such org.
    """
    installation = home.installation if home else None
    if installation is None:
        where = f"{home.directory} is" if home else "This directory is"
        raise ConfigurationProblem(
            f"{where} not an installation of many orgs, so it has no org {name}.",
            f"Leave out --org and {ORG_VARIABLE}, or name the installation with --home.",
        )
    found = {path.name: path for path in org_directories(installation)}
    if name not in found:
        raise ConfigurationProblem(
            f"This installation has no org {name!r}.", f"{_which(found)} Add one with `sf-insights orgs add NAME`."
        )
    return Home(found[name])


def which_org(installation: Path) -> ConfigurationProblem:
    """Return the error for a command that works on one org and does not know which."""
    names = [path.name for path in org_directories(installation)]
    remedy = f"Name one: --org {names[0]}." if names else "Add one with `sf-insights orgs add NAME`."
    return ConfigurationProblem(f"{installation} is an installation of many orgs. {_which(names)}", remedy)


def _which(names: Collection[str]) -> str:
    return f"Its orgs: {', '.join(names)}." if names else "It has no orgs yet."


def _found(variables: Mapping[str, str]) -> Home | None:
    if named := variables.get(HOME_VARIABLE):
        return named_home(named)
    for directory in _upwards():
        if _is_home(directory) or Home(directory).has_orgs:
            return Home(directory)
    return Home(CHECKOUT) if runs_from_checkout() else None


def _upwards() -> list[Path]:
    """Return the working directory and its parents; nothing if it was deleted."""
    try:
        here = Path.cwd()
    except OSError:
        return []
    return [here, *here.parents]


def no_home() -> ConfigurationProblem:
    """Return the error for a command outside a home."""
    return ConfigurationProblem(
        f"There is no home here: neither this directory nor one above it has a {CONFIGURATION_NAME}.",
        "Make one with `sf-insights init DIR`, or name one with --home or SF_INSIGHTS_HOME.",
    )


def refuse_installed(directory: Path) -> None:
    """Refuse to keep data where an upgrade of the package would delete it.

    Raises:
        ConfigurationProblem: the directory is among installed packages.
    """
    if _INSTALLED & set(directory.resolve().parts):
        raise ConfigurationProblem(
            f"{directory} is among installed packages, where an upgrade deletes what it does not know.",
            "Choose a directory of your own, such as ~/insights.",
        )


def demo_data() -> Path:
    """Return the demo's directory: data/demo/ of the checkout or, with a wheel, one in the user's data directory."""
    if runs_from_checkout():
        return CHECKOUT / "data" / "demo"
    import platformdirs

    return platformdirs.user_data_path("sf-insights", appauthor=False) / "demo"


def demo_dagster() -> Path:
    """Return the directory of Dagster's state for the demo."""
    return CHECKOUT / ".dagster" / "demo" if runs_from_checkout() else demo_data() / ".dagster"


def _is_home(directory: Path) -> bool:
    """Tell whether a directory is a home, and not a data directory, where an older version kept the YAML."""
    return (
        os.path.isfile(directory / CONFIGURATION_NAME)  # noqa: PTH113 - returns False without permission
        and not os.path.exists(directory / WAREHOUSE_NAME)  # noqa: PTH110 - the same
        and directory not in (CHECKOUT / "data", demo_data())
    )
