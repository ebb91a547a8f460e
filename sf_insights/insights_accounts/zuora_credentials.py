"""The OAuth client for Zuora, from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.domain.wording import are_missing
from sf_insights.settings.environment import filled_variables
from sf_insights.settings.home import where_variables_go
from sf_insights.transport.addresses import host_of, is_loopback


@dataclass(frozen=True)
class ZuoraCredentials:
    """An OAuth client of a Zuora tenant."""

    base_url: str
    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)


_ZUORA_VARIABLES = ("ZUORA_BASE_URL", "ZUORA_CLIENT_ID", "ZUORA_CLIENT_SECRET")


def zuora_credentials(environment: Mapping[str, str]) -> ZuoraCredentials:
    """Return the OAuth client that ZUORA_BASE_URL, ZUORA_CLIENT_ID and ZUORA_CLIENT_SECRET describe.

    Raises:
        ConfigurationProblem: one of them is missing, or the address is neither https nor http on this machine.
    """
    filled = filled_variables(environment)
    missing = [name for name in _ZUORA_VARIABLES if name not in filled]
    if missing:
        raise ConfigurationProblem(
            f"The Zuora accounts cannot be read: {are_missing(missing)}.",
            f"Set them {where_variables_go(environment)}, or set insights_accounts to the path of a .csv or .parquet "
            "file.",
        )
    base_url, client_id, client_secret = (filled[name] for name in _ZUORA_VARIABLES)
    host = host_of(base_url)
    if not host or not (base_url.startswith("https://") or (base_url.startswith("http://") and is_loopback(host))):
        raise ConfigurationProblem(
            "ZUORA_BASE_URL is not an https address.",
            "Write the address of your tenant's REST API, such as https://rest.zuora.com or https://rest.eu.zuora.com.",
        )
    return ZuoraCredentials(base_url.rstrip("/"), client_id, client_secret)
