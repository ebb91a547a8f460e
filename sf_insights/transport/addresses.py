"""Recognize addresses of this machine, and hosts that bypass the proxy."""

import ipaddress
from urllib.parse import urlsplit

from sf_insights.domain.problems import ConfigurationProblem


def loopback_endpoint(endpoint: str) -> tuple[str, str]:
    """Return scheme and network location of SALESFORCE_ENDPOINT.

    Raises:
        ConfigurationProblem: it is not a base address on this machine, so credentials would go to another server.
    """
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    is_base = parts.path in ("", "/") and not parts.query and not parts.fragment
    if parts.scheme not in ("http", "https") or not is_loopback(host) or not is_base:
        raise ConfigurationProblem(
            "SALESFORCE_ENDPOINT sends every Salesforce request, credentials included, to another server, so it may "
            "only be a base address on this machine.",
            "Write something like http://127.0.0.1:8080, or remove it to reach the real org.",
        )
    name = f"[{host}]" if ":" in host else host
    return parts.scheme, name if port is None else f"{name}:{port}"


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address means this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def host_of(address: str) -> str:
    """Return the host of an address, or "" when it has none or its port is 0."""
    try:
        parts = urlsplit(address)
        return (parts.hostname or "") if parts.port != 0 else ""
    except ValueError:
        return ""


def goes_without_proxy(host: str, no_proxy: str) -> bool:
    """Tell whether NO_PROXY names the host, one of its parent domains, or everything."""
    names = [name.strip().lower().lstrip(".") for name in no_proxy.split(",") if name.strip()]
    return any(name in ("*", host) or host.endswith(f".{name}") for name in names)
