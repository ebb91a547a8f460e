"""sf-insights org: serve the demo org until stopped."""

import signal

import click

from sf_insights.cli import demo_home
from sf_insights.cli.console import next_steps, program, terminal
from sf_insights.demo.api.server import HOST, listen, web_server
from sf_insights.demo.data.store import OrgShape
from sf_insights.demo.process import DemoOrg
from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.domain.wording import counted


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="0 picks a free one.")
@click.option("--accounts", type=click.IntRange(1), default=5000, show_default=True, help="How many live accounts.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed generates the same accounts.")
def org(port: int, accounts: int, seed: int) -> None:
    """Serve the demo org on this machine until stopped with Ctrl-C.

    Prints the variables that connect the other commands to it, with the demo's own data. The org keeps
    its changes; `sf-insights demo` resets it.
    """
    with demo_home.held("org", to_share=True) as serve_others:
        demo_home.ensure_configuration()
        try:
            listener = listen(port)
        except OSError as error:
            raise ConfigurationProblem(
                f"Cannot listen on port {port}: {(error.strerror or str(error)).lower()}.",
                "Choose another with --port.",
            ) from None
        with listener:
            server = web_server(demo_home.ORG, OrgShape(accounts, seed, multi_currency=False))
            listener.listen(128)  # connections queue from here on
            address = f"http://{HOST}:{listener.getsockname()[1]}"
            serve_others(address)
            _announce(DemoOrg(address, demo_home.ORG), accounts)
            # The server stops on these signals and then raises them again, which would change our exit code.
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: None)
            server.run(sockets=[listener])
    terminal().print("The demo org has stopped.")


def _announce(org: DemoOrg, accounts: int) -> None:
    console = terminal()
    console.print(f"The demo org serves {counted(accounts, 'account')} at {org.url}.", soft_wrap=True)
    console.print("In another terminal, set these variables:")
    console.print()
    variables = {**org.environment, "SF_INSIGHTS_DATA_DIR": str(demo_home.DATA)}
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
    console.print()
    console.print("Ctrl-C stops it.")
