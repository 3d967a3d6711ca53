"""A place in an object store: the requests that are made of it, and what they may answer.

Keys count from the place's prefix. Every failure leaves as one of ``archiver.errors``, without
credentials or signatures in its words; what is not there is a FileNotFoundError.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from archiver.errors import RemoteError
from archiver.remote.credentials import credentials
from archiver.remote.failing import failing
from archiver.remote.location import Location

#: Seconds without an answer before a request is given up; a connection is made in fewer.
READ_SECONDS = 60
CONNECT_SECONDS = 10

#: Times a request is made again, and seconds after which it is not: an outage of a minute
#: or less is waited for.
RETRIES = 6
RETRY_SECONDS = 90

#: Bytes that a download hands over at a time, and of a piece of a large upload.
PIECE = 8 << 20


class Found(NamedTuple):
    """An object as a listing has it. ``tag``: its ETag; another one means other bytes."""

    tag: str | None
    size: int
    modified: datetime


class TakenError(Exception):
    """An object is not as a conditional PUT wants it: there already, or changed."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long an object store may be out of reach before that is an error."""

    retries: int
    seconds: float


def open_store(
    location: Location, environ: Mapping[str, str], patience: Patience | None = None
) -> Store:
    """The place, with the credentials and the endpoint that the environment tells.

    AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL names another service than AWS's own; plain http
    is used only where AWS_ALLOW_HTTP says so. No request is made here.
    Raises: RemoteError where obstore is not installed; AccessError.
    """
    try:
        from obstore.store import S3Store
    except ImportError as problem:
        raise RemoteError(
            f"{location}: reading and writing object stores needs obstore",
            hint="Run `pip install 'archiver-toolkit[s3]'`.",
        ) from problem
    given = credentials(environ)
    endpoint = environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL")
    if endpoint:
        given["endpoint"] = endpoint
    wait = patience or Patience(RETRIES, RETRY_SECONDS)
    plain = environ.get("AWS_ALLOW_HTTP", "").lower() in {"1", "true", "yes", "on"}
    if endpoint and endpoint.lower().startswith("http:") and not plain:
        raise RemoteError(
            f"{location}: AWS_ENDPOINT_URL is plain http, which anyone on the way can read",
            hint="Give it with https:, or set AWS_ALLOW_HTTP=true for a server of your own.",
        )
    with failing(str(location)):
        inner = S3Store(
            location.bucket,
            prefix=location.prefix or None,
            client_options={
                "allow_http": plain,
                "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
                "read_timeout": timedelta(seconds=READ_SECONDS),
                "timeout": timedelta(hours=1),  # of one request, with all its bytes
            },
            retry_config={
                "max_retries": wait.retries,
                "retry_timeout": timedelta(seconds=wait.seconds),
                "backoff": {
                    "init_backoff": timedelta(milliseconds=100),
                    "max_backoff": timedelta(seconds=10),
                },
            },
            **given,
        )
    return Store(location, inner)


class Store:
    """Requests of one place.

    ``requests`` counts them by kind, as a bill does; not retries. ``keeps_versions``: whether
    the bucket keeps what is overwritten and deleted, as far as a PUT has told.
    """

    def __init__(self, location: Location, inner: Any) -> None:  # noqa: ANN401 - obstore's union
        self.location = location
        self.requests: Counter[str] = Counter()
        self.keeps_versions = False
        self._inner = inner

    def list(self, folder: str = "") -> dict[str, Found]:
        """Every object below a folder. Cost: a request a thousand of them. Raises: RemoteError."""
        import obstore

        found: dict[str, Found] = {}
        with failing(self._name(folder)):
            for page in obstore.list(self._inner, folder or None, chunk_size=1000):
                self.requests["list"] += 1
                found.update((item["path"], _found(item)) for item in page)
            self.requests["list"] += not found
        return found

    def list_flat(self, folder: str = "") -> dict[str, Found]:
        """The objects in a folder, without those in folders below it. Raises: RemoteError."""
        import obstore

        self.requests["list"] += 1
        with failing(self._name(folder)):
            page = obstore.list_with_delimiter(self._inner, folder or None)
        return {item["path"]: _found(item) for item in page["objects"]}

    def get(self, key: str) -> tuple[bytes, Found]:
        """An object's bytes, and what it is. Raises: FileNotFoundError, RemoteError."""
        import obstore

        self.requests["get"] += 1
        with failing(self._name(key)):
            answer = obstore.get(self._inner, key)
            return bytes(answer.bytes()), _found(answer.meta)

    def pieces(self, key: str) -> Iterator[bytes]:
        """An object's bytes, some MB at a time. Raises: FileNotFoundError, RemoteError."""
        import obstore

        self.requests["get"] += 1
        with failing(self._name(key)):
            for piece in obstore.get(self._inner, key).stream(PIECE):
                yield bytes(piece)

    def stretch(self, key: str, start: int, end: int) -> bytes:
        """Bytes ``start`` to ``end``, the latter not included. Raises: as ``get``."""
        import obstore

        self.requests["get"] += 1
        with failing(self._name(key)):
            return bytes(obstore.get_range(self._inner, key, start=start, end=end))

    def head(self, key: str) -> Found:
        """What an object is, without its bytes. Raises: as ``get``."""
        import obstore

        self.requests["head"] += 1
        with failing(self._name(key)):
            return _found(obstore.head(self._inner, key))

    def put(self, key: str, data: bytes | Path) -> str | None:
        """Write an object, whole or not at all. Returns: its ETag. Raises: RemoteError."""
        import obstore

        size = len(data) if isinstance(data, bytes) else data.stat().st_size
        pieces = -(-size // PIECE) + 2 if size > PIECE else 1
        self.requests["put"] += pieces
        with failing(self._name(key), writes=True):
            done = obstore.put(self._inner, key, data, chunk_size=PIECE)
        self.keeps_versions |= done["version"] is not None
        return done["e_tag"]

    def put_if(self, key: str, data: bytes, before: str | None) -> str | None:
        """Write an object that is not there, or that still has the ETag ``before``.

        Raises: TakenError; RemoteError, after which the object may have been written.
        """
        import obstore
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        self.requests["put"] += 1
        with failing(self._name(key), writes=True):
            try:
                mode: Any = "create" if before is None else {"e_tag": before}
                done = obstore.put(self._inner, key, data, mode=mode, use_multipart=False)
            except (AlreadyExistsError, PreconditionError) as problem:
                raise TakenError(key) from problem
        return done["e_tag"]

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects; those that are not there do no harm. Raises: RemoteError."""
        import obstore

        self.requests["delete"] += -(-len(keys) // 1000)
        with failing(str(self.location), writes=True):
            obstore.delete(self._inner, list(keys))

    def _name(self, key: str) -> str:
        return f"{self.location}/{key}" if key else str(self.location)


def _found(meta: Any) -> Found:  # noqa: ANN401 - obstore's TypedDict, which exists for stubs alone
    return Found(meta["e_tag"], meta["size"], meta["last_modified"])
