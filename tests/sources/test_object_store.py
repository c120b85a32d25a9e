"""Object stores: a FOCUS export in S3, against an S3 server on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from factories import charge, nanos, write_csv
from loading import ingest

from bot.errors import SourceError
from bot.wiring import App


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    """A bucket `billing` on a local S3 server, found through the environment as in real life."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    patch = pytest.MonkeyPatch()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        patch.setenv(name, value)
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="billing")
    yield client
    patch.undo()
    server.stop()


@pytest.mark.service
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("path", "billed"),
    [
        ("s3://billing/focus/oct.csv", "1"),
        ("s3://billing/focus", "3"),
        ("s3://billing/focus/*.csv", "3"),
        ("s3://billing/focus/n*.csv", "2"),
    ],
)
def test_a_bucket_is_read_like_a_folder(make_app: Callable[..., App], tmp_path: Path, s3: Any, path: str, billed: str) -> None:
    for name, day, cost in (("oct", "2026-10-03", "1"), ("nov", "2026-11-03", "2")):
        s3.upload_file(str(write_csv(tmp_path / f"{name}.csv", [charge(day, cost)])), "billing", f"focus/{name}.csv")
    assert ingest(make_app(), path).load.billed_nanos == nanos(billed)


@pytest.mark.service
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_bucket_that_is_not_there_is_told_in_a_sentence(make_app: Callable[..., App], s3: Any) -> None:
    with pytest.raises(SourceError, match="s3://nowhere/x"):
        ingest(make_app(), "s3://nowhere/x")
