"""simple-salesforce in its usual form, except that its requests go to the demo org."""

import os
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce


class _ToTheOrg(HTTPAdapter):
    def send(self, request: requests.PreparedRequest, *args: object, **kwargs: object) -> requests.Response:  # type: ignore[override]
        target, address = urlsplit(os.environ["SALESFORCE_ENDPOINT"]), urlsplit(str(request.url))
        request.url = urlunsplit((target.scheme, target.netloc, address.path, address.query, ""))
        return super().send(request, *args, **kwargs)  # type: ignore[arg-type]


def connected() -> Salesforce:
    """Log in with client credentials."""
    session = requests.Session()
    session.trust_env = False
    session.mount("https://", _ToTheOrg())
    return Salesforce(
        consumer_key=os.environ["SALESFORCE_CONSUMER_KEY"],
        consumer_secret=os.environ["SALESFORCE_CONSUMER_SECRET"],
        domain=os.environ["SALESFORCE_DOMAIN"],
        session=session,
        version="62.0",
    )
