"""Where something lies in an object store: ``s3://bucket/prefix``. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from archiver.errors import UsageError

#: How addresses of an object store begin, in any case.
SCHEME = "s3://"

#: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html; other
#: services allow capitals and underscores as well.
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,62}")

#: The longest key that S3 takes.
MAX_KEY_BYTES = 1024

_GLOB = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Location:
    """A bucket, and a prefix in it without slashes at its ends; "" for the whole bucket."""

    bucket: str
    prefix: str

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}" + (f"/{self.prefix}" if self.prefix else "")


def is_remote(text: str) -> bool:
    """Whether a path means an object store. Google's and Azure's would need tests of their own."""
    return text[: len(SCHEME)].lower() == SCHEME


def parse_location(text: str) -> Location:
    """The bucket and the prefix of an address.

    Raises: UsageError where it is none; where its prefix has empty, ``.`` or ``..`` steps.
    """
    bucket, _, rest = text[len(SCHEME) :].partition("/")
    prefix = rest.rstrip("/")
    if not is_remote(text) or not _BUCKET.fullmatch(bucket):
        hint = "Write it like s3://bucket/folder; credentials come from the environment."
        raise UsageError(f"{_shown(text)}: this names no bucket", hint=hint)
    if prefix and not is_key(prefix):
        hint = "Write the folder without empty, `.` and `..` steps."
        raise UsageError(f"{_shown(text)}: no folder of a bucket is called so", hint=hint)
    return Location(bucket, prefix)


def split_glob(text: str) -> tuple[str, str | None]:
    """An address without its glob, and the glob: what follows the last slash before ``*?[``."""
    match = _GLOB.search(text, len(SCHEME))
    if match is None:
        return text, None
    at = text.rindex("/", 0, match.start()) + 1
    return text[:at], text[at:]


def is_key(key: str) -> bool:
    """Whether a key can stand for a file below a folder, on every system."""
    steps = key.split("/")
    try:
        size = len(key.encode("utf-8"))
    except UnicodeEncodeError:
        return False
    return size <= MAX_KEY_BYTES and not any(
        step in {"", ".", ".."} or any(ord(char) < 32 or char == "\x7f" for char in step)
        for step in steps
    )


def _shown(text: str) -> str:
    """An address for a message: what stands before an ``@`` could be a secret."""
    head, at, rest = text.rpartition("@")
    return f"{SCHEME}...@{rest}" if at and head else text
