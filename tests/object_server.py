"""An S3 provider of a test's own: moto's server on loopback, and faults that it can be told to have."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "a secret of the tests"}
REGION = "us-east-1"


@contextmanager
def object_server() -> Iterator[str]:
    """The address of an empty provider."""
    # It tells of every request.
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def client(endpoint: str) -> Any:
    """Somebody who may do anything there."""
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )


def make_bucket(endpoint: str, name: str, *, versioning: str = "", lock: bool = False) -> str:
    """The ARC_STORE_URL of a new bucket."""
    provider = client(endpoint)
    provider.create_bucket(Bucket=name, ObjectLockEnabledForBucket=lock)
    if versioning:
        provider.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": versioning})
    return f"s3://{name}/photos?endpoint_url={endpoint}&region={REGION}"


def keys(endpoint: str, name: str) -> list[str]:
    """Every object of the bucket."""
    return [one["Key"] for one in client(endpoint).list_objects_v2(Bucket=name).get("Contents", ())]
