"""The address at which people open the pages through a TLS proxy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.transport.addresses import is_loopback

_PORTS = {"https": 443, "http": 80}
_REMEDY = "Give the address that people open, without a path, such as https://insights.example.com."
# A host as browsers send it: letters, digits, hyphens and dots, or an IPv6 address.
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|[0-9a-f:.]*:[0-9a-f:.]*")


@dataclass(frozen=True)
class PublicAddress:
    """Where browsers find the pages: `host` in lower case, as they send it; `port` is set even if it is the default."""

    scheme: str
    host: str
    port: int

    @property
    def is_https(self) -> bool:
        return self.scheme == "https"

    @property
    def url(self) -> str:
        """The address as a browser shows it, without a default port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == _PORTS[self.scheme] else f":{self.port}")

    def is_origin(self, origin: str) -> bool:
        """Whether an Origin header names a page of this address."""
        try:
            return PublicAddress._of(origin) == self
        except ValueError:
            return False

    @classmethod
    def parse(cls, url: str) -> PublicAddress:
        """Parse the value of --public-url.

        Raises:
            ConfigurationProblem: the pages cannot be served safely at this address.
        """
        try:
            parts = urlsplit(url.strip())
            address = cls._of(url.strip())
        except ValueError:
            raise ConfigurationProblem("The public URL is not a web address.", _REMEDY) from None
        if parts.username is not None or parts.password is not None:
            raise ConfigurationProblem("The public URL contains a user name or password.", _REMEDY)
        if parts.path not in ("", "/") or parts.query or parts.fragment:
            raise ConfigurationProblem(
                "The public URL has a path, but the pages need their own host name.",
                f"{_REMEDY} Let the proxy serve them at their own host name, not below a path of another site.",
            )
        if not address.is_https and not is_loopback(address.host):
            raise ConfigurationProblem(
                f"The public URL of {address.host} uses http, so anyone on the network could read the token.",
                "Serve the pages through a TLS proxy, and write https://.",
            )
        return address

    @classmethod
    def _of(cls, url: str) -> PublicAddress:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme not in _PORTS or not _HOST.fullmatch(host):
            raise ValueError(url)
        return cls(parts.scheme, host, _PORTS[parts.scheme] if parts.port is None else parts.port)
