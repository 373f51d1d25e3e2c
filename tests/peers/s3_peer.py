"""An S3 server on the loopback: moto, which keeps everything in memory."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import boto3

from processes import Service, free_port, status_of
from programs import PROJECT

REGION, KEY, SECRET = "ap-south-1", "test-key", "test-secret"
START_WITHIN_S = 60


class S3:
    def __init__(self, log: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.service = Service("moto", [sys.executable, "-m", "moto.server", "-p", str(self.port)], log, {}, PROJECT)
        self.service.wait_ready(lambda: status_of(f"{self.url}/moto-api/") == 200, START_WITHIN_S)

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables for our server."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
        }

    def client(self) -> Any:
        keys = {"aws_access_key_id": KEY, "aws_secret_access_key": SECRET}
        return boto3.client("s3", endpoint_url=self.url, region_name=REGION, **keys)

    def make_bucket(self, name: str) -> None:
        self.client().create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})

    def kill(self) -> None:
        self.service.kill()
