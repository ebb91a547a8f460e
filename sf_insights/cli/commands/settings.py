"""sf-insights settings: serve the pages where an administrator selects fields, edits labels and watches syncs."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from sf_insights.cli.chosen_org import chosen_org
from sf_insights.cli.console import terminal
from sf_insights.cli.signals import until_stopped
from sf_insights.dagster_instance.home import use_dagster_home
from sf_insights.dagster_instance.names import Names
from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.settings.environment import Places, environment, installation_of

if TYPE_CHECKING:  # importing the web server would slow down `sf-insights --help`
    from sf_insights.pages.app import Pages
    from sf_insights.pages.installation import InstallationPages

LOOPBACK = "127.0.0.1"


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=3001, show_default=True, help="Port of the pages.")
@click.option("--host", default=LOOPBACK, show_default=True, help="Address to listen on; any other needs a token.")
@click.option(
    "--token",
    envvar="SF_INSIGHTS_SETTINGS_TOKEN",
    help="Token to sign in with, at least 16 characters. Set SF_INSIGHTS_SETTINGS_TOKEN instead where other "
    "users could see it in the process list, or SF_INSIGHTS_SETTINGS_TOKENS for a token per person.",
)
@click.option(
    "--public-url",
    envvar="SF_INSIGHTS_PUBLIC_URL",
    help="Address that people open through a TLS proxy, such as https://insights.example.com; needs a token. "
    "Or set SF_INSIGHTS_PUBLIC_URL.",
)
def settings(port: int, host: str, token: str | None, public_url: str | None) -> None:
    """Serve the settings pages: select fields, edit labels, watch syncs.

    Uses the org of the SALESFORCE_* variables, or the demo org and its own data if none is set. Only this machine can
    reach the pages, unless you give --host or --public-url. Stop them with Ctrl-C.
    """
    from sf_insights.pages.access.people import VARIABLES as ACCESS_VARIABLES
    from sf_insights.pages.access.people import People
    from sf_insights.pages.access.public_address import PublicAddress
    from sf_insights.pages.app import Pages
    from sf_insights.pages.installation import InstallationPages
    from sf_insights.transport.addresses import is_loopback

    public = PublicAddress.parse(public_url) if public_url else None
    # Those of this process count also for the pages of one org alone, which ignore its other variables.
    access = {name: value for name in ACCESS_VARIABLES if (value := os.environ.get(name))}
    people = People.parse(token, {**environment(), **access})
    if not people.must_sign_in and (public or not is_loopback(host)):
        raise ConfigurationProblem(
            f"Others could reach the pages {f'at {public.url}' if public else f'on {host}'} and change what is synced.",
            "Give a --token as well, and let only a TLS proxy connect to them.",
        )
    console = terminal()
    with _listening(host, port) as listener, until_stopped(), chosen_org(console, "settings") as about:
        use_dagster_home()
        variables = environment()
        served: dict[str, Any] = {"host": host, "port": port, "people": people, "about": about, "public": public}
        installation = installation_of(variables)
        pages: Pages | InstallationPages
        if installation and Names.of_home(variables) == Names():
            pages = InstallationPages(installation, **served)
        else:
            pages = Pages(Places.from_environment(variables), **served)
        shown = f"[{host}]" if ":" in host else host
        _serve(console, listener, pages, public.url if public else f"http://{shown}:{port}")
    console.print("Stopped.")


def _serve(console: Console, listener: socket.socket, pages: Pages | InstallationPages, address: str) -> None:
    import uvicorn

    config = uvicorn.Config(
        pages.application,
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=2,
    )
    console.print(f"The settings pages are ready: {address} (Ctrl-C stops them)", style="bold", soft_wrap=True)
    try:
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        pages.stop()


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """Open a listening socket.

    Raises:
        ConfigurationProblem: this machine does not have the address, or the port is in use.
    """
    try:
        listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise ConfigurationProblem(
            f"Cannot listen on port {port} of {host}: {os.strerror(error.errno) if error.errno else error}.",
            "Stop the program that uses it, or give another --port.",
        ) from None
    with listener:
        yield listener
