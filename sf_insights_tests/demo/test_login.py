import re

import pytest
import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceAuthenticationFailed

from sf_insights.demo.data import credentials
from sf_insights.demo.process import DemoOrg


def used(org: DemoOrg, path: str) -> bool:
    return any(request["path"] == path for request in org.requests())


def works(salesforce: Salesforce) -> bool:
    return bool(salesforce.query("SELECT COUNT() FROM Account")["totalSize"] == 700)


def test_client_credentials_log_in(org: DemoOrg, salesforce: Salesforce) -> None:
    assert works(salesforce)
    assert used(org, "/services/oauth2/token")


def test_user_and_password_with_a_connected_app_log_in(session: requests.Session) -> None:
    salesforce = Salesforce(
        username=credentials.USERNAME,
        password=credentials.PASSWORD,
        consumer_key=credentials.CONSUMER_KEY,
        consumer_secret=credentials.CONSUMER_SECRET,
        session=session,
    )
    assert works(salesforce)


def test_user_password_and_security_token_log_in_by_soap(org: DemoOrg, session: requests.Session) -> None:
    salesforce = Salesforce(
        username=credentials.USERNAME,
        password=credentials.PASSWORD,
        security_token=credentials.SECURITY_TOKEN,
        session=session,
        version="62.0",
    )
    assert works(salesforce)
    assert used(org, "/services/Soap/u/62.0")


def test_soap_login_is_gone_in_version_65(session: requests.Session) -> None:
    with pytest.raises(SalesforceAuthenticationFailed, match="UNSUPPORTED_API_VERSION"):
        Salesforce(
            username=credentials.USERNAME,
            password=credentials.PASSWORD,
            security_token=credentials.SECURITY_TOKEN,
            session=session,
            version="65.0",
        )


def test_a_jwt_signed_with_the_registered_key_logs_in(org: DemoOrg, session: requests.Session) -> None:
    salesforce = Salesforce(
        username=credentials.USERNAME,
        consumer_key=credentials.CONSUMER_KEY,
        privatekey_file=str(org.private_key_file),
        session=session,
    )
    assert works(salesforce)


def test_a_jwt_signed_with_another_key_is_refused(session: requests.Session) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    other = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.raises(SalesforceAuthenticationFailed, match="invalid assertion"):
        Salesforce(
            username=credentials.USERNAME,
            consumer_key=credentials.CONSUMER_KEY,
            privatekey=other.decode(),
            session=session,
        )


@pytest.mark.parametrize(
    ("changed", "error", "description"),
    [
        ({"client_id": "nobody"}, "invalid_client_id", "client identifier invalid"),
        ({"client_secret": "wrong"}, "invalid_client", "invalid client credentials"),
        ({"grant_type": "implicit"}, "unsupported_grant_type", "grant type not supported"),
        ({"grant_type": "password", "password": "wrong"}, "invalid_grant", "authentication failure"),
        ({"grant_type": "refresh_token"}, "invalid_grant", "expired access/refresh token"),
    ],
)
def test_refused_logins_say_why(
    session: requests.Session, changed: dict[str, str], error: str, description: str
) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": credentials.CONSUMER_KEY,
        "client_secret": credentials.CONSUMER_SECRET,
        "username": credentials.USERNAME,
        **changed,
    }
    response = session.post("https://demo.my.salesforce.com/services/oauth2/token", data=form, timeout=30)
    assert response.status_code == 400
    assert response.json() == {"error": error, "error_description": description}


def test_every_address_in_an_answer_belongs_to_the_demo_org(org: DemoOrg, session, rest, salesforce) -> None:
    """A client that follows these addresses sends its token to no other host."""
    form = {
        "grant_type": "client_credentials",
        "client_id": credentials.CONSUMER_KEY,
        "client_secret": credentials.CONSUMER_SECRET,
    }
    url = "https://demo.my.salesforce.com/services/oauth2/token"
    token = session.post(url, data=form, timeout=30).json()
    assert {token["instance_url"], token["api_instance_url"]} == {org.url}
    bearer = {"Authorization": f"Bearer {token['access_token']}"}
    # Use the address itself, without an adapter, as clients do.
    identity = requests.get(token["id"], headers=bearer, timeout=30)
    assert identity.json()["username"] == credentials.USERNAME
    resources = rest("GET", "").json()
    assert requests.get(resources["identity"], headers=bearer, timeout=30).json() == identity.json()
    answers = [token, identity.json(), resources, rest("GET", "sobjects/Account/describe").json()]
    envelope = (
        '<e xmlns:n="urn:partner.soap.sforce.com"><n:login>'
        f"<n:username>{credentials.USERNAME}</n:username>"
        f"<n:password>{credentials.PASSWORD}{credentials.SECURITY_TOKEN}</n:password></n:login></e>"
    )
    answers.append(session.post("https://login.salesforce.com/services/Soap/u/62.0", data=envelope, timeout=30).text)
    named = set(re.findall(r"https?://[^/\s\"'<]+", str(answers)))
    assert named - {"http://schemas.xmlsoap.org"} == {org.url}


def test_a_double_slash_before_the_path_is_accepted(org: DemoOrg, salesforce: Salesforce) -> None:
    bearer = {"Authorization": f"Bearer {salesforce.session_id}"}
    response = requests.get(f"{org.url}//services/data/v62.0/limits", headers=bearer, timeout=30)
    assert (response.status_code, "DailyApiRequests" in response.json()) == (200, True)


def test_client_credentials_are_refused_on_the_shared_login_host(session: requests.Session) -> None:
    response = session.post(
        "https://login.salesforce.com/services/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=(credentials.CONSUMER_KEY, credentials.CONSUMER_SECRET),
        headers={"Host": "login.salesforce.com"},
        timeout=30,
    )
    assert response.json()["error_description"] == "request not supported on this domain"


def test_a_refresh_token_gives_a_new_session(session: requests.Session) -> None:
    form = {
        "grant_type": "password",
        "client_id": credentials.CONSUMER_KEY,
        "client_secret": credentials.CONSUMER_SECRET,
        "username": credentials.USERNAME,
        "password": credentials.PASSWORD,
    }
    url = "https://login.salesforce.com/services/oauth2/token"
    first = session.post(url, data=form, timeout=30).json()
    form.update(grant_type="refresh_token", refresh_token=first["refresh_token"])
    second = session.post(url, data=form, timeout=30).json()
    assert second["access_token"] != first["access_token"]
    assert re.fullmatch(r"00D\w{12}![\w.]+", second["access_token"])


def test_an_invalid_token_is_an_expired_session(org: DemoOrg, rest) -> None:
    assert rest("GET", "limits").status_code == 200
    org.invalidate_tokens()
    response = rest("GET", "limits")
    assert response.status_code == 401
    assert response.json() == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]


def test_a_client_logs_in_again_after_its_session_ends(org: DemoOrg, salesforce: Salesforce) -> None:
    org.invalidate_tokens()
    assert works(salesforce)
