"""Object storage that speaks Amazon's API, on the loopback address."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import requests

BUCKET = "lake"
_SECONDS = 60


class ObjectStorage:
    """A server with one bucket."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"

    @classmethod
    @contextmanager
    def started(cls) -> Iterator[ObjectStorage]:
        """Run the server until the end of the block."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                storage = cls(port)
                storage._wait()
                yield storage
            finally:
                process.kill()

    @property
    def variables(self) -> dict[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": self.address,
        }

    def reset(self) -> None:
        """Forget everything but the bucket, and let everybody in."""
        requests.post(f"{self.address}/moto-api/reset", timeout=10).raise_for_status()
        self.refuse_everybody(after=1_000_000)
        self.client().create_bucket(Bucket=BUCKET)

    def refuse_everybody(self, after: int = 0) -> None:
        """Refuse every request after so many more."""
        requests.post(f"{self.address}/moto-api/reset-auth", data=str(after), timeout=10).raise_for_status()

    def keys(self) -> list[str]:
        """Return the name of each object."""
        listed = self.client().list_objects_v2(Bucket=BUCKET)
        return [found["Key"] for found in listed.get("Contents", [])]

    def client(self) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.address,
            region_name="us-east-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )

    def _wait(self) -> None:
        deadline = time.monotonic() + _SECONDS
        while True:
            try:
                requests.get(f"{self.address}/moto-api/", timeout=10)
                return
            except requests.ConnectionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
