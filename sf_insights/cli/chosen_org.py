"""Which org a served command is about: the one that the variables name, or the demo org when none is set."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from sf_insights.cli import demo_home
from sf_insights.domain.wording import counted
from sf_insights.settings.environment import Places, environment, installation_of, names_an_org
from sf_insights.settings.home import found_home, org_directories, shown_path


@contextmanager
def chosen_org(console: Console, by: str) -> Iterator[str]:
    """Set the environment for that org, print which it is, and yield that sentence."""
    variables = environment()
    if installation := installation_of(variables):
        home = found_home(variables)
        about = f"An installation of {counted(len(org_directories(installation)), 'org')}, in {installation}."
        if home and home.org and by == "settings":  # Dagster's UI always shows the whole installation
            about = f"The org {home.org}, in {home.directory}."
        console.print(about, soft_wrap=True)
        yield about
        return
    if names_an_org(variables):
        data = shown_path(Places.from_environment(variables).data)
        about = f"The org of your SALESFORCE_* variables, with data in {data}."
        console.print(about, soft_wrap=True)
        yield about
        return
    with demo_home.shared_org(by) as (org, owner):
        demo_home.ensure_configuration()
        demo_home.use_only(org)
        about = f"No SALESFORCE_* variable is set: this is the demo org, with data in {shown_path(demo_home.DATA)}/."
        console.print(about, soft_wrap=True)
        if owner:
            console.print(f"It was started by {owner} and stops with it.")
        yield about
