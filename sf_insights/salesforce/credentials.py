"""The login methods for Salesforce, one small class each. The variables that are set select the method."""

import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, NamedTuple, Protocol
from urllib.parse import urlsplit

import jwt
import requests
from simple_salesforce.exceptions import SalesforceAuthenticationFailed
from simple_salesforce.login import SalesforceLogin, token_login

from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.domain.salesforce_hosts import SHARED_HOSTS, api_host, login_host
from sf_insights.domain.wording import are_missing
from sf_insights.settings.environment import filled_variables
from sf_insights.settings.home import where_variables_go
from sf_insights.transport.addresses import host_of

# Error codes, or HTTP statuses of answers without a code, when a token endpoint does not find the client.
_CLIENT_NOT_READ = ("invalid_client", "invalid_client_id", "invalid_request", 400, 401)
_JWT_SECONDS = 180


class Login(NamedTuple):
    """The result of a login: an access token, and the host (with a port, if any) that serves the org's API."""

    token: str
    instance: str


class Credentials(Protocol):
    """A login method for Salesforce."""

    name: ClassVar[str]
    variables: ClassVar[tuple[str, ...]]
    address_variable: ClassVar[str]
    warning: ClassVar[str | None]
    renewable: ClassVar[bool]

    @property
    def identity(self) -> str:
        """A text that identifies the user. It may contain a key, so show it only as a hash."""
        ...

    def login(self, session: requests.Session, api_version: str) -> Login:
        """Log in through `session`.

        Raises:
            simple_salesforce.exceptions.SalesforceAuthenticationFailed: Salesforce refused.
        """
        ...


@dataclass(frozen=True)
class ClientCredentials:
    """The OAuth client credentials flow of a connected app with a run-as user. The recommended method."""

    name: ClassVar[str] = "client credentials"
    variables: ClassVar[tuple[str, ...]] = (
        "SALESFORCE_DOMAIN",
        "SALESFORCE_CONSUMER_KEY",
        "SALESFORCE_CONSUMER_SECRET",
    )
    address_variable: ClassVar[str] = "SALESFORCE_DOMAIN"
    warning: ClassVar[str | None] = None
    renewable: ClassVar[bool] = True

    host: str
    consumer_key: str = field(repr=False)
    consumer_secret: str = field(repr=False)

    @property
    def identity(self) -> str:
        """See Credentials."""
        return f"{self.host} {self.consumer_key}"

    def login(self, session: requests.Session, api_version: str) -> Login:
        """See Credentials. Sends the client in the header first, and in the form if the header is ignored.

        Salesforce reads both; some gateways in front of it read only the form.
        """
        form = {"grant_type": "client_credentials"}
        client = base64.b64encode(f"{self.consumer_key}:{self.consumer_secret}".encode()).decode()
        try:
            return _token(session, self.host, form, self.consumer_key, {"Authorization": f"Basic {client}"})
        except SalesforceAuthenticationFailed as refused:
            if refused.code not in _CLIENT_NOT_READ:
                raise
            by_header = refused
        form |= {"client_id": self.consumer_key, "client_secret": self.consumer_secret}
        try:
            return _token(session, self.host, form, self.consumer_key)
        except SalesforceAuthenticationFailed:
            raise by_header from None


@dataclass(frozen=True)
class JwtBearer:
    """The OAuth JWT bearer flow: a private key signs each login, and the connected app has its certificate."""

    name: ClassVar[str] = "JWT bearer"
    variables: ClassVar[tuple[str, ...]] = (
        "SALESFORCE_USERNAME",
        "SALESFORCE_CONSUMER_KEY",
        "SALESFORCE_PRIVATE_KEY_FILE",
    )
    address_variable: ClassVar[str] = "SALESFORCE_DOMAIN"
    warning: ClassVar[str | None] = None
    renewable: ClassVar[bool] = True

    username: str
    consumer_key: str = field(repr=False)
    private_key_file: Path
    host: str
    audience: str

    @property
    def identity(self) -> str:
        """See Credentials."""
        return f"{self.host} {self.username}"

    def login(self, session: requests.Session, api_version: str) -> Login:
        """See Credentials.

        Raises:
            ConfigurationProblem: the private key cannot be read.
        """
        form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": self._assertion()}
        return _token(session, self.host, form, self.consumer_key)

    def _assertion(self) -> str:
        claims = {
            "iss": self.consumer_key,
            "sub": self.username,
            "aud": self.audience,
            "exp": f"{time.time() + _JWT_SECONDS:.0f}",
        }
        try:
            key = self.private_key_file.expanduser().read_text(encoding="utf-8")
            return jwt.encode(claims, key, algorithm="RS256")
        except OSError as error:
            raise self._unreadable(error.strerror or "it cannot be read") from None
        except (jwt.exceptions.InvalidKeyError, UnicodeDecodeError, TypeError):
            raise self._unreadable("it is not an RSA private key in PEM form without a password") from None

    def _unreadable(self, reason: str) -> ConfigurationProblem:
        return ConfigurationProblem(
            f"The private key {self.private_key_file} cannot be used: {reason}.",
            "SALESFORCE_PRIVATE_KEY_FILE must be the path of the key whose certificate the connected app has.",
        )


@dataclass(frozen=True)
class ExistingSession:
    """An existing access token, such as from `sf org display`. It cannot be renewed when it expires."""

    name: ClassVar[str] = "existing session"
    variables: ClassVar[tuple[str, ...]] = ("SALESFORCE_ACCESS_TOKEN", "SALESFORCE_INSTANCE_URL")
    address_variable: ClassVar[str] = "SALESFORCE_INSTANCE_URL"
    warning: ClassVar[str | None] = None
    renewable: ClassVar[bool] = False

    access_token: str = field(repr=False)
    instance_url: str

    @property
    def identity(self) -> str:
        """See Credentials."""
        return self.access_token

    def login(self, session: requests.Session, api_version: str) -> Login:
        """See Credentials. Sends nothing."""
        return Login(self.access_token, urlsplit(self.instance_url).netloc)


@dataclass(frozen=True)
class UserPassword:
    """User name, password and security token with SOAP login()."""

    name: ClassVar[str] = "user name and password"
    variables: ClassVar[tuple[str, ...]] = ("SALESFORCE_USERNAME", "SALESFORCE_PASSWORD", "SALESFORCE_SECURITY_TOKEN")
    address_variable: ClassVar[str] = "SALESFORCE_DOMAIN"
    warning: ClassVar[str | None] = (
        "Salesforce retires this login in Summer '27 and disables it in new orgs: set up client credentials "
        "(SALESFORCE_DOMAIN, SALESFORCE_CONSUMER_KEY, SALESFORCE_CONSUMER_SECRET) instead."
    )
    renewable: ClassVar[bool] = True

    username: str
    password: str = field(repr=False)
    security_token: str = field(repr=False)
    host: str

    @property
    def identity(self) -> str:
        """See Credentials."""
        return f"{self.host} {self.username}"

    def login(self, session: requests.Session, api_version: str) -> Login:
        """See Credentials."""
        return Login(
            *SalesforceLogin(
                username=self.username,
                password=self.password,
                security_token=self.security_token,
                session=session,
                sf_version=api_version,
                scratch_url=f"https://{self.host}",  # the only parameter that accepts a full host name
            )
        )


_METHODS: tuple[type[Credentials], ...] = (ClientCredentials, JwtBearer, ExistingSession, UserPassword)


_OUTBOUND = "SALESFORCE_OUTBOUND_"
_OF_THE_ORG = ("SALESFORCE_ENDPOINT", "SALESFORCE_API_VERSION", "SALESFORCE_DOMAIN", "SALESFORCE_AUDIENCE")


def writing_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of the login that writes: SALESFORCE_OUTBOUND_* if there are any, else those that read.

    The org's address and API version may be left out of the former.
    """
    own = {
        name.replace(_OUTBOUND, "SALESFORCE_", 1): value
        for name, value in filled_variables(environment).items()
        if name.startswith(_OUTBOUND)
    }
    if not own:
        return dict(environment)
    others = {
        name: value for name, value in environment.items() if not name.startswith("SALESFORCE_") or name in _OF_THE_ORG
    }
    return {**others, **own}


def salesforce_credentials(environment: Mapping[str, str]) -> Credentials:
    """Return the first login method whose variables are all set; an empty variable counts as not set.

    Raises:
        ConfigurationProblem: no set of variables is complete, or a variable has an invalid value.
    """
    filled = filled_variables(environment)
    method = next((method for method in _METHODS if all(name in filled for name in method.variables)), None)
    if method is None:
        raise _incomplete(filled, where_variables_go(environment))
    if method is ExistingSession:
        return ExistingSession(filled["SALESFORCE_ACCESS_TOKEN"], _instance_address(filled["SALESFORCE_INSTANCE_URL"]))
    host = login_host(filled.get("SALESFORCE_DOMAIN", "login"))
    if method is ClientCredentials:
        if host in SHARED_HOSTS:
            raise ConfigurationProblem(
                f"Client credentials do not work on {host}.",
                "Set SALESFORCE_DOMAIN to the org's My Domain, such as acme.my.salesforce.com.",
            )
        return ClientCredentials(host, filled["SALESFORCE_CONSUMER_KEY"], filled["SALESFORCE_CONSUMER_SECRET"])
    if method is JwtBearer:
        key_file = Path(filled["SALESFORCE_PRIVATE_KEY_FILE"])
        audience = _audience(filled.get("SALESFORCE_AUDIENCE", host))
        return JwtBearer(filled["SALESFORCE_USERNAME"], filled["SALESFORCE_CONSUMER_KEY"], key_file, host, audience)
    return UserPassword(
        filled["SALESFORCE_USERNAME"], filled["SALESFORCE_PASSWORD"], filled["SALESFORCE_SECURITY_TOKEN"], host
    )


def _incomplete(filled: Mapping[str, str], where: str) -> ConfigurationProblem:
    begun = [method for method in _METHODS if any(name in filled for name in method.variables)]
    lacks = [
        f"{method.name}: {are_missing([name for name in method.variables if name not in filled])}" for method in begun
    ]
    if not lacks:
        return ConfigurationProblem(
            "No Salesforce credentials are set.",
            f"Set {', '.join(ClientCredentials.variables)} {where}.",
        )
    return ConfigurationProblem(
        f"The Salesforce credentials are incomplete ({'; '.join(lacks)}).",
        f"Set all variables of one of these login methods {where}.",
    )


def _token(
    session: requests.Session, host: str, form: dict[str, str], consumer_key: str, headers: dict[str, str] | None = None
) -> Login:
    """Request a token from the host's OAuth endpoint.

    Raises:
        TypeError: the answer contains no token.
    """
    token, instance = token_login(
        f"https://{host}/services/oauth2/token", form, host, consumer_key, headers, None, session
    )
    if not isinstance(token, str):
        raise TypeError("the token is not a string")
    return Login(token, instance)


def _audience(written: str) -> str:
    """Return the audience of a JWT: an https address, such as https://login.salesforce.com."""
    address = written if "://" in written else f"https://{written}"
    if not address.startswith("https://") or not host_of(address):
        raise ConfigurationProblem(
            "SALESFORCE_AUDIENCE is not an https address.",
            "Set it to the audience that the org's JWT flow expects, such as https://login.salesforce.com.",
        )
    return address.rstrip("/")


def _instance_address(address: str) -> str:
    """Return the https address of the org's API, also from the address of a Lightning or Setup page."""
    address = address if "://" in address else f"https://{address}"
    host = host_of(address)
    if not address.startswith("https://") or not host:
        raise ConfigurationProblem(
            "SALESFORCE_INSTANCE_URL is not an https address.",
            "Write an address such as https://acme.my.salesforce.com.",
        )
    name, port = api_host(host), urlsplit(address).port
    name = f"[{name}]" if ":" in name else name
    return f"https://{name}" if port is None else f"https://{name}:{port}"
