"""sf-insights org: serve the demo org until stopped."""

import signal
from collections.abc import Callable
from pathlib import Path

import click

from sf_insights.cli import demo_home
from sf_insights.cli.console import next_steps, program, terminal
from sf_insights.demo.api.server import HOST, listen, web_server
from sf_insights.demo.data import credentials
from sf_insights.demo.data.store import OrgShape
from sf_insights.demo.process import DemoOrg
from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.domain.wording import counted

_SECOND_ID = "00DDm0000000002MAA"


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="0 picks a free one.")
@click.option("--accounts", type=click.IntRange(1), default=5000, show_default=True, help="How many live accounts.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed generates the same accounts.")
@click.option(
    "--second",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Serve another org from this directory, with an id of its own, to try two orgs. Give it another --port.",
)
def org(port: int, accounts: int, seed: int, second: Path | None) -> None:
    """Serve the demo org on this machine until stopped with Ctrl-C.

    Prints the variables that connect the other commands to it, with the demo's own data. The org keeps
    its changes; `sf-insights demo` resets it.
    """
    shape = OrgShape(accounts, seed, multi_currency=False)
    if second is not None:
        credentials.ORGANIZATION_ID = _SECOND_ID
        _serve(port, second, shape, _announce_second)
    else:
        with demo_home.held("org", to_share=True) as serve_others:

            def announce(served: DemoOrg) -> None:
                serve_others(served.url)
                _announce(served)

            demo_home.ensure_configuration()
            _serve(port, demo_home.ORG, shape, announce)
    terminal().print("The demo org has stopped.")


def _serve(port: int, directory: Path, shape: OrgShape, announce: Callable[[DemoOrg], None]) -> None:
    try:
        listener = listen(port)
    except OSError as error:
        raise ConfigurationProblem(
            f"Cannot listen on port {port}: {(error.strerror or str(error)).lower()}.",
            "Choose another with --port.",
        ) from None
    with listener:
        server = web_server(directory, shape)
        listener.listen(128)  # connections queue from here on
        served = DemoOrg(f"http://{HOST}:{listener.getsockname()[1]}", directory)
        console = terminal()
        console.print(f"The demo org serves {counted(shape.accounts, 'account')} at {served.url}.", soft_wrap=True)
        announce(served)
        console.print()
        console.print("Ctrl-C stops it.")
        # The server stops on these signals and then raises them again, which would change our exit code.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)
        server.run(sockets=[listener])


def _announce(served: DemoOrg) -> None:
    console = terminal()
    console.print("In another terminal, set these variables:")
    console.print()
    variables = {**served.environment, "SF_INSIGHTS_DATA_DIR": str(demo_home.DATA)}
    for name, value in variables.items():
        console.print(f"export {name}={value}", style="cyan", soft_wrap=True)
    next_steps(
        console,
        [
            ("Then check the connection, list the fields and sync:", f"{program()} check"),
            ("", f"{program()} fields"),
            ("", f"{program()} sync"),
        ],
    )


def _announce_second(served: DemoOrg) -> None:
    console = terminal()
    console.print("Put these variables into the .env of its home:")
    console.print()
    for name, value in served.environment.items():
        console.print(f"{name}={value}", style="cyan", soft_wrap=True)
