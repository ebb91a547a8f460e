"""The demo org's credentials. They are public: the org listens only on this machine and holds invented data."""

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

ORGANIZATION_ID = "00DDm0000000001MAA"
ORGANIZATION_NAME = "Sssf Demo"
MY_DOMAIN = "demo.my"

CONSUMER_KEY = "3MVG9demo.org.sf_insights.consumer.key"
CONSUMER_SECRET = "demo-consumer-secret"

WRITER_CONSUMER_KEY = "3MVG9demo.org.sf_insights.writer.key"
WRITER_CONSUMER_SECRET = "demo-writer-secret"

USERNAME = "integration@demo.example"
WRITER_USERNAME = "writer@demo.example"
PASSWORD = "demo-password"
SECURITY_TOKEN = "demoSecurityToken"

ZUORA_CLIENT_ID = "5f1de40a-0000-4000-8000-0000000000de"  # 36 characters, as Zuora's SDK requires
ZUORA_CLIENT_SECRET = "demo-zuora-secret"

PRIVATE_KEY_FILE = "jwt_private_key.pem"


@dataclass(frozen=True)
class App:
    """A connected app, and the user that it logs in."""

    consumer_key: str
    consumer_secret: str
    username: str


READER_APP = App(CONSUMER_KEY, CONSUMER_SECRET, USERNAME)
WRITER_APP = App(WRITER_CONSUMER_KEY, WRITER_CONSUMER_SECRET, WRITER_USERNAME)
APPS = {app.consumer_key: app for app in (READER_APP, WRITER_APP)}


def ensure_private_key(directory: Path) -> Path:
    """Return the file of the RSA private key for JWT logins; create it at the first start."""
    path = directory / PRIVATE_KEY_FILE
    if not path.exists():
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.touch(mode=0o600)
        path.write_bytes(pem)
    return path
