"""HTTP as this project uses it: time-outs on every call, one policy of retrying, and where requests may go."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from requests.models import REDIRECT_STATI

from sf_insights.domain.problems import ConfigurationProblem, ConnectionProblem
from sf_insights.domain.refusals import told
from sf_insights.system.open_transactions import refuse_inside_transaction
from sf_insights.transport import waits
from sf_insights.transport.addresses import goes_without_proxy, is_loopback, loopback_endpoint
from sf_insights.transport.error_bodies import said_in
from sf_insights.transport.retry import PassingTrouble

T = TypeVar("T")

CONNECTIONS = 16


# Edges of Salesforce and Zuora answer these without having done anything.
_NOT_DONE = frozenset({406, 420, 429, 503})
_REQUEST_TIMEOUT = 408


class Moved(ConnectionProblem):
    """The server sends a request on to another address. None follows: it would carry secrets to another host."""


def new_session(
    environment: Mapping[str, str], *, setting: str = "the address", endpoint: str | None = None
) -> requests.Session:
    """Return a session with time-outs on every call, which follows no redirect.

    `setting` names the variable that holds the address, for the message about a redirect; with `endpoint`, every
    request goes to that base address. HTTPS_PROXY, NO_PROXY and REQUESTS_CA_BUNDLE are taken from `environment`;
    loopback never goes through a proxy.

    Raises:
        ConfigurationProblem: `endpoint` is not a loopback address, or REQUESTS_CA_BUNDLE names nothing.
    """
    bundle = environment.get("REQUESTS_CA_BUNDLE")
    if bundle and not Path(bundle).exists():
        raise ConfigurationProblem(
            f"REQUESTS_CA_BUNDLE names {bundle}, which does not exist.", "Correct the path, or remove the variable."
        )
    session = requests.Session()
    # A ~/.netrc would replace the Authorization header, so the environment is read here and not by requests.
    session.trust_env = False
    proxy = environment.get("HTTPS_PROXY") or environment.get("https_proxy")
    if proxy:
        session.proxies = {"https": proxy}
    session.verify = bundle or True
    no_proxy = environment.get("NO_PROXY") or environment.get("no_proxy") or ""
    gate = _Gate(setting=setting, endpoint=loopback_endpoint(endpoint) if endpoint else None, no_proxy=no_proxy)
    session.mount("https://", gate)
    session.mount("http://", gate)
    return session


class _Gate(HTTPAdapter):
    """Where every request passes: sets time-outs, leads to the endpoint, raises on redirects and passing statuses."""

    def __init__(self, *, setting: str, endpoint: tuple[str, str] | None, no_proxy: str) -> None:
        super().__init__(pool_connections=CONNECTIONS, pool_maxsize=CONNECTIONS)
        self._setting = setting
        self._endpoint = endpoint
        self._no_proxy = no_proxy

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        parts = urlsplit(str(request.url))
        asked = parts.hostname or ""
        if self._endpoint is not None:
            parts = parts._replace(scheme=self._endpoint[0], netloc=self._endpoint[1])
            request.url = urlunsplit(parts)
        host = parts.hostname or ""
        refuse_inside_transaction(host)
        if is_loopback(host) or goes_without_proxy(host, self._no_proxy):
            options["proxies"] = {}
        options["timeout"] = options.get("timeout") or (waits.CONNECT_SECONDS, waits.READ_SECONDS)
        response = super().send(request, *args, **options)
        if response.status_code in REDIRECT_STATI:
            response.close()
            raise _moved(asked, response.headers.get("Location", ""), self._setting)
        if _is_passing(response):
            said = said_in(response)
            response.close()
            what = told(said.code, said.message)
            raise PassingTrouble(
                f"{host} answered {response.status_code}" + (f" ({what})" if what else ""),
                wait=waits.asked_wait(response),
                may_be_done=response.status_code not in _NOT_DONE,
            )
        return response


def _moved(host: str, location: str, setting: str) -> Moved:
    """What a redirect means. Of the new address only the host is told: the rest may hold a secret."""
    try:
        elsewhere = urlsplit(location).hostname
    except ValueError:
        elsewhere = None
    if elsewhere is None or elsewhere == host:
        return Moved(
            f"{host} answers with a redirect to another page of its own, and redirects are not followed.",
            f"Look at {setting}, and at what stands between here and there, such as a proxy.",
        )
    return Moved(
        f"{host} sends requests on to {elsewhere}, and redirects are not followed: they would carry secrets there.",
        f"If that is where it lives now, write {elsewhere} into {setting}; if not, look at the proxy.",
    )


def _is_passing(response: requests.Response) -> bool:
    if response.status_code == requests.codes.server_error and "xml" in response.headers.get("Content-Type", ""):
        return False  # a SOAP fault says something definite
    return response.status_code in (*_NOT_DONE, _REQUEST_TIMEOUT) or response.status_code >= 500
