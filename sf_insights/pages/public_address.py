"""The address under which people open the pages, when a proxy with TLS stands between."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.transport.addresses import is_loopback

_PORTS = {"https": 443, "http": 80}
_REMEDY = "Write what people open in their browser and nothing behind it, such as https://insights.example.com."
# As browsers send a host: letters, digits, hyphens and dots, or an IPv6 address.
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|[0-9a-f:.]*:[0-9a-f:.]*")


@dataclass(frozen=True)
class PublicAddress:
    """Where browsers find the pages: `host` as they send it, in lower case; `port` is given also when it is usual."""

    scheme: str
    host: str
    port: int

    @property
    def is_https(self) -> bool:
        return self.scheme == "https"

    @property
    def url(self) -> str:
        """As a browser writes it, without a port that is the usual one."""
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
        """What --public-url says.

        Raises:
            ConfigurationProblem: it is not an address under which the pages can be served safely.
        """
        try:
            parts = urlsplit(url.strip())
            address = cls._of(url.strip())
        except ValueError:
            raise ConfigurationProblem("The public URL is not an address of a web site.", _REMEDY) from None
        if parts.username is not None or parts.password is not None:
            raise ConfigurationProblem("The public URL holds a user name or a password.", _REMEDY)
        if parts.path not in ("", "/") or parts.query or parts.fragment:
            raise ConfigurationProblem(
                "The public URL has a path, but the pages need a host name of their own.",
                f"{_REMEDY} Let the proxy give them a name, not a path below another site.",
            )
        if not address.is_https and not is_loopback(address.host):
            raise ConfigurationProblem(
                f"The public URL of {address.host} is http, so everybody in between could read the token.",
                "Let a proxy with TLS serve the pages, and write https://.",
            )
        return address

    @classmethod
    def _of(cls, url: str) -> PublicAddress:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme not in _PORTS or not _HOST.fullmatch(host):
            raise ValueError(url)
        return cls(parts.scheme, host, _PORTS[parts.scheme] if parts.port is None else parts.port)
