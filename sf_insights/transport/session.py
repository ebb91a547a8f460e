"""HTTP sessions with timeouts, proxy settings and no redirects."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from requests.models import REDIRECT_STATI

from sf_insights.domain.problems import ConfigurationProblem, ConnectionProblem
from sf_insights.domain.refusals import UNKNOWN, Reaction, Rule, refusal_text, rule_for
from sf_insights.system.open_transactions import refuse_inside_transaction
from sf_insights.transport import waits
from sf_insights.transport.addresses import goes_without_proxy, is_loopback, loopback_endpoint
from sf_insights.transport.error_bodies import error_in
from sf_insights.transport.retry import DoubtfulAnswer, TemporaryFailure

CONNECTIONS = 16

# The gateways of Salesforce and Zuora send these before a request is carried out.
_NOT_DONE = frozenset({406, 420, 429, 503})
_REQUEST_TIMEOUT = 408


class Moved(ConnectionProblem):
    """The server answers with a redirect. It is not followed, since it could send secrets to another host."""


def new_session(
    environment: Mapping[str, str],
    *,
    setting: str = "the address",
    endpoint: str | None = None,
    rules: Sequence[Rule] = (),
) -> requests.Session:
    """Return a session with timeouts on every call that follows no redirects.

    `setting` names the variable that contains the address, for the message about a redirect. With `endpoint`, every
    request goes to that base address. `rules` tell which server errors waiting does not cure. HTTPS_PROXY, NO_PROXY and
    REQUESTS_CA_BUNDLE come from `environment`; requests to this machine never go through a proxy.

    Raises:
        ConfigurationProblem: `endpoint` is not a loopback address, or REQUESTS_CA_BUNDLE does not exist.
    """
    bundle = environment.get("REQUESTS_CA_BUNDLE")
    if bundle and not Path(bundle).exists():
        raise ConfigurationProblem(
            f"REQUESTS_CA_BUNDLE is {bundle}, which does not exist.", "Correct the path, or remove the variable."
        )
    session = requests.Session()
    # A ~/.netrc would replace the Authorization header, so the environment is read here and not by requests.
    session.trust_env = False
    proxy = environment.get("HTTPS_PROXY") or environment.get("https_proxy")
    if proxy:
        session.proxies = {"https": proxy}
    session.verify = bundle or True
    no_proxy = environment.get("NO_PROXY") or environment.get("no_proxy") or ""
    base = loopback_endpoint(endpoint) if endpoint else None
    adapter = _Adapter(setting=setting, endpoint=base, no_proxy=no_proxy, rules=rules)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


class _Adapter(HTTPAdapter):
    """The adapter for all requests: sets timeouts and the endpoint, and raises on redirects and temporary errors."""

    def __init__(self, *, setting: str, endpoint: tuple[str, str] | None, no_proxy: str, rules: Sequence[Rule]) -> None:
        super().__init__(pool_connections=CONNECTIONS, pool_maxsize=CONNECTIONS)
        self._setting = setting
        self._endpoint = endpoint
        self._no_proxy = no_proxy
        self._rules = rules

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
            reported = error_in(response)
            response.close()
            what = refusal_text(reported.code, reported.message)
            rule = rule_for(self._rules, reported.code, reported.message)
            # A code that waiting does not cure is not an outage, for any status: a few tries, not hours.
            is_outage = not reported.code or rule is UNKNOWN or rule.reaction is Reaction.RETRY
            failure = TemporaryFailure if is_outage else DoubtfulAnswer
            raise failure(
                f"{host} answered {response.status_code}" + (f" ({what})" if what else ""),
                wait=waits.asked_wait(response),
                may_be_done=response.status_code not in _NOT_DONE,
                remedy=rule.remedy or "Try again later.",
            )
        return response


def _moved(host: str, location: str, setting: str) -> Moved:
    """Return the error for a redirect. It names only the host of the new address; the rest may contain a secret."""
    try:
        elsewhere = urlsplit(location).hostname
    except ValueError:
        elsewhere = None
    if elsewhere is None or elsewhere == host:
        return Moved(
            f"{host} answers with a redirect to another of its pages, and redirects are not followed.",
            f"Check {setting}, and what is between this machine and the server, such as a proxy.",
        )
    return Moved(
        f"{host} redirects requests to {elsewhere}; redirects are not followed, since they could send secrets there.",
        f"If this is the server's new address, set {setting} to {elsewhere}; if not, check the proxy.",
    )


def _is_passing(response: requests.Response) -> bool:
    if response.status_code == requests.codes.server_error and "xml" in response.headers.get("Content-Type", ""):
        return False  # a SOAP fault is a definite answer
    return response.status_code in (*_NOT_DONE, _REQUEST_TIMEOUT) or response.status_code >= 500
