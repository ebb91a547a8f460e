"""Find the host that serves an org's API from the address that a person types or pastes.

Sources: Salesforce Help, "My Domain URL Formats" and "Allow the Required Domains"; the source of Salesforce CLI for the
domains of Government Cloud and of Salesforce on Alibaba Cloud.
"""

import re
from urllib.parse import urlsplit

from sf_insights.domain.problems import ConfigurationProblem

SHARED_HOSTS = frozenset({"login.salesforce.com", "test.salesforce.com"})

# What follows the org's name: the public cloud, Government Cloud, two older domains, and China.
_API_SUFFIXES = (
    ".salesforce.com",
    ".salesforce.mil",
    ".cloudforce.com",
    ".cloudforce.mil",
    ".sfcrmproducts.cn",
    ".my.sfcrmapps.cn",
)
# From the host of the org's pages in a browser to the host of its API.
_PAGES_TO_API = {
    ".lightning.force.com": ".my.salesforce.com",
    ".my.salesforce-setup.com": ".my.salesforce.com",
    ".lightning.crmforce.mil": ".my.salesforce.mil",
    ".lightning.force.mil": ".my.salesforce.mil",
    ".my.salesforce-setup.mil": ".my.salesforce.mil",
    ".lightning.sfcrmapps.cn": ".my.sfcrmproducts.cn",
    ".setup.sfcrmproducts.cn": ".my.sfcrmproducts.cn",
    ".setup.sfcrmapps.cn": ".my.sfcrmproducts.cn",
}
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
# Without a suffix: login, test, an instance such as na35, or a My Domain such as acme--uat.sandbox.my.
_SHORT = re.compile(r"[a-z0-9-]+|[a-z0-9-]+(\.[a-z0-9-]+)*\.my")
_EXAMPLE = "acme.my.salesforce.com or acme--uat.sandbox.my.salesforce.com"


def login_host(written: str) -> str:
    """Return the host that SALESFORCE_DOMAIN means: a short name (acme.my), a full host, or a URL from a browser.

    Raises:
        ConfigurationProblem: it is not a host, or Salesforce serves no API there.
    """
    host = _host_in(written)
    if host is None:
        raise ConfigurationProblem(
            "SALESFORCE_DOMAIN is not a Salesforce host name.", f"Write the org's My Domain, such as {_EXAMPLE}."
        )
    host = api_host(host)
    if host.endswith(_API_SUFFIXES):
        return host
    if _SHORT.fullmatch(host):
        return f"{host}.salesforce.com"
    raise ConfigurationProblem(
        f"SALESFORCE_DOMAIN is {host}, but Salesforce does not serve an org's API there.",
        f"Write the address that Salesforce Setup shows under My Domain, such as {_EXAMPLE}.",
    )


def api_host(host: str) -> str:
    """Return the API host for the host of an org's pages; return any other host unchanged."""
    for pages, api in _PAGES_TO_API.items():
        if host.endswith(pages):
            return host.removesuffix(pages) + api
    return host


def _host_in(written: str) -> str | None:
    """The lower-case host of a host name or https address; None when it includes a port or a user."""
    text = written.strip().lower()
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
    except ValueError:
        return None
    host = parts.netloc.rstrip(".")
    return host if parts.scheme == "https" and _HOST.fullmatch(host) else None
