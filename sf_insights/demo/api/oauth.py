"""Salesforce logins: the OAuth token endpoint with four grants, the identity service, and the old SOAP login."""

import base64
import hashlib
import secrets
import time
from html import escape
from typing import Any
from xml.etree import ElementTree

import jwt
from cryptography.hazmat.primitives import serialization

from sf_insights.demo.data import credentials
from sf_insights.demo.running.org import Org, Session
from sf_insights.demo.web.requests import Answer, ApiRequest

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_AUDIENCES = [f"https://{domain}.salesforce.com" for domain in ("login", "test", credentials.MY_DOMAIN)]
_SHARED_HOSTS = {"login.salesforce.com", "test.salesforce.com"}
_JWT_MAX_SECONDS = 300
_LAST_SOAP_LOGIN = 65.0


class _Refused(Exception):
    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.body = {"error": error, "error_description": description}


def token(org: Org, request: ApiRequest) -> Answer:
    """POST /services/oauth2/token. 200 with a token, 400 with error and error_description."""
    try:
        value = _grant(org, request)
    except _Refused as refused:
        return Answer(refused.body, 400, {"Cache-Control": "no-store"})
    return Answer(value, headers={"Cache-Control": "no-store"})


def _grant(org: Org, request: ApiRequest) -> dict[str, Any]:
    form = request.form()
    grant = form.get("grant_type", "")
    if grant == JWT_GRANT:
        return _token_body(_jwt_session(org, request, form.get("assertion", "")), request.base)
    if grant not in {"client_credentials", "password", "refresh_token"}:
        raise _Refused("unsupported_grant_type", "grant type not supported")
    client_id, secret = _client(request, form)
    app = credentials.APPS.get(client_id)
    if app is None:
        raise _Refused("invalid_client_id", "client identifier invalid")
    if not secrets.compare_digest(secret.encode(), app.consumer_secret.encode()):
        raise _Refused("invalid_client", "invalid client credentials")
    if grant == "client_credentials":
        if request.headers.get("host", "") in _SHARED_HOSTS:
            raise _Refused("invalid_grant", "request not supported on this domain")
        return _token_body(org.log_in(app.username), request.base, scope="api")
    if grant == "refresh_token":
        username = org.refresh_tokens.get(form.get("refresh_token", ""))
        if username is None:
            raise _Refused("invalid_grant", "expired access/refresh token")
        return _token_body(org.log_in(username), request.base)
    user = _user_of(form.get("username", ""), form.get("password", ""), token_needed=False)
    if user is None:
        raise _Refused("invalid_grant", "authentication failure")
    body = _token_body(org.log_in(user), request.base)
    body["refresh_token"] = "5Aep" + secrets.token_urlsafe(48)
    org.refresh_tokens[body["refresh_token"]] = user
    return body


def _client(request: ApiRequest, form: dict[str, str]) -> tuple[str, str]:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            raise _Refused("invalid_client", "invalid client credentials") from None
        return client_id, secret
    return form.get("client_id", ""), form.get("client_secret", "")


def _user_of(username: str, password: str, token_needed: bool) -> str | None:
    """Return the name of the user who logs in with a password; None if the name or the password is wrong."""
    accepted = {credentials.PASSWORD + credentials.SECURITY_TOKEN}
    if not token_needed:
        accepted.add(credentials.PASSWORD)
    known = {app.username for app in credentials.APPS.values()}
    return username.casefold() if username.casefold() in known and password in accepted else None


def _jwt_session(org: Org, request: ApiRequest, assertion: str) -> Session:
    key = serialization.load_pem_private_key(org.private_key_file.read_bytes(), password=None).public_key()
    try:
        # Salesforce accepts an expiry written as a string, which PyJWT does not: it is checked below.
        claims = jwt.decode(
            assertion,
            key,  # type: ignore[arg-type]
            algorithms=["RS256"],
            audience=[*_AUDIENCES, request.base],
            options={"verify_exp": False, "require": ["iss", "sub", "aud", "exp"]},
        )
        expires = int(claims["exp"])
    except jwt.InvalidSignatureError:
        raise _Refused("invalid_grant", "invalid assertion") from None
    except jwt.InvalidAudienceError:
        raise _Refused("invalid_grant", "audience is invalid") from None
    except (jwt.InvalidTokenError, ValueError, TypeError):
        raise _Refused("invalid_grant", "invalid assertion") from None
    app = credentials.APPS.get(str(claims["iss"]))
    if app is None:
        raise _Refused("invalid_client_id", "client identifier invalid")
    if not time.time() < expires <= time.time() + _JWT_MAX_SECONDS:
        raise _Refused("invalid_grant", "expired authorization code")
    if str(claims["sub"]).casefold() != app.username:
        raise _Refused("invalid_grant", "user hasn't approved this consumer")
    return org.log_in(app.username)


def _token_body(session: Session, base: str, scope: str | None = None) -> dict[str, Any]:
    issued = str(int(time.time() * 1000))
    identity = _identity_address(session, base)
    signature = hashlib.sha256((identity + issued).encode()).digest()
    body: dict[str, Any] = {
        "access_token": session.token,
        "signature": base64.b64encode(signature).decode(),
        "instance_url": base,
        "id": identity,
        "token_type": "Bearer",
        "issued_at": issued,
        "api_instance_url": base,
    }
    if scope:
        body["scope"] = scope
    return body


def _identity_address(session: Session, base: str) -> str:
    return f"{base}/id/{credentials.ORGANIZATION_ID}/{session.user_id}"


def identity(org: Org, request: ApiRequest) -> Answer:
    """GET /services/oauth2/userinfo and /id/{organization}/{user}: the token's user, and the org's addresses."""
    session = org.authenticated(request)
    address = _identity_address(session, request.base)
    name = "Integration User" if session.username == credentials.USERNAME else "Writer App"
    rest = f"{request.base}/services/data/v{{version}}"
    return Answer(
        {
            "id": address,
            "sub": address,
            "user_id": session.user_id,
            "organization_id": credentials.ORGANIZATION_ID,
            "preferred_username": session.username,
            "username": session.username,
            "email": session.username,
            "name": name,
            "display_name": name,
            "user_type": "STANDARD",
            "active": True,
            "urls": {
                "rest": f"{rest}/",
                "sobjects": f"{rest}/sobjects/",
                "query": f"{rest}/query/",
                "recent": f"{rest}/recent/",
                "partner": f"{request.base}/services/Soap/u/{{version}}/{credentials.ORGANIZATION_ID}",
                "custom_domain": request.base,
            },
        }
    )


def revoke(org: Org, request: ApiRequest) -> Answer:
    """POST or GET /services/oauth2/revoke: end a session."""
    value = {**request.query, **request.form()}.get("token", "")
    if org.sessions.pop(value, None) is None and org.refresh_tokens.pop(value, None) is None:
        return Answer({"error": "unsupported_token_type", "error_description": "this token type is not supported"}, 400)
    return Answer()


def soap_login(org: Org, request: ApiRequest) -> Answer:
    """POST /services/Soap/u/{version}: log in by user, password and security token; removed in version 65.0."""
    try:
        version = float(request.parameters["version"])
        root = ElementTree.fromstring(request.body)  # noqa: S314  # sent by this machine's own client
    except (ValueError, ElementTree.ParseError):
        return _fault("UNKNOWN_EXCEPTION", "The request is not a login call.")
    if version >= _LAST_SOAP_LOGIN:
        return _fault("UNSUPPORTED_API_VERSION", "login() is not supported in this API version.")
    values = {element.tag.rpartition("}")[2]: element.text or "" for element in root.iter()}
    username, password = values.get("username", ""), values.get("password", "")
    organization = values.get("organizationId")
    if organization is not None and organization[:15] != credentials.ORGANIZATION_ID[:15]:
        return _fault("INVALID_LOGIN", "Invalid username, password, security token; or user locked out.")
    # A login that names the organization counts as coming from a trusted network and needs no security token.
    user = _user_of(username, password, token_needed=organization is None)
    if user is None:
        return _fault("INVALID_LOGIN", "Invalid username, password, security token; or user locked out.")
    session = org.log_in(user)
    server = f"{request.base}/services/Soap/u/{version}/{credentials.ORGANIZATION_ID}"
    return _envelope(
        200,
        '<loginResponse xmlns="urn:partner.soap.sforce.com"><result>'
        f"<metadataServerUrl>{server.replace('/u/', '/m/')}</metadataServerUrl><passwordExpired>false</passwordExpired>"
        f"<sandbox>false</sandbox><serverUrl>{server}</serverUrl><sessionId>{session.token}</sessionId>"
        f"<userId>{session.user_id}</userId><userInfo><organizationId>{credentials.ORGANIZATION_ID}</organizationId>"
        f"<organizationName>{credentials.ORGANIZATION_NAME}</organizationName>"
        f"<sessionSecondsValid>7200</sessionSecondsValid><userEmail>{user}</userEmail>"
        f"<userName>{user}</userName><userTimeZone>America/New_York</userTimeZone></userInfo>"
        "</result></loginResponse>",
    )


def _fault(code: str, message: str) -> Answer:
    return _envelope(
        500,
        f"<soapenv:Fault><faultcode>sf:{code}</faultcode><faultstring>{code}: {escape(message)}</faultstring>"
        f'<detail><sf:LoginFault xmlns:sf="urn:fault.partner.soap.sforce.com"><sf:exceptionCode>{code}'
        f"</sf:exceptionCode><sf:exceptionMessage>{escape(message)}</sf:exceptionMessage></sf:LoginFault></detail>"
        "</soapenv:Fault>",
    )


def _envelope(status: int, body: str) -> Answer:
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">'
        f"<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
    )
    return Answer(status=status, content=text.encode(), content_type="text/xml;charset=UTF-8")
