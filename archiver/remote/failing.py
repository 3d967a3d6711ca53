"""What an object store answers when it does not do what was asked, as errors of ours."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager

from archiver.errors import AccessError, BucketError, RemoteError

#: What S3 says, in its XML or in its status line.
_CODE = re.compile(r"<Code>([A-Za-z0-9]{1,64})</Code>")
_STATUS = re.compile(r"status code: ([0-9]{3})\b")

_NO_KEYS = "instance metadata|169.254.169.254|CredentialNotFound|credential"

#: What a service calls wrong keys, and what a clock that is wrong leads to.
_REFUSED = frozenset(
    {
        *("AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"),
        *("InvalidToken", "RequestTimeTooSkewed", "AllAccessDisabled", "TokenRefreshRequired"),
    }
)


@contextmanager
def failing(where: str, *, writes: bool = False) -> Iterator[None]:
    """Turn what obstore raises into errors of ours. writes: nothing there is no answer then."""
    try:
        yield
    except FileNotFoundError as problem:
        _raise_missing(where, str(problem), problem, writes=writes)
    except OSError:
        raise  # of a local file
    except Exception as problem:
        if not type(problem).__module__.startswith("obstore"):
            raise
        raise error_of(where, str(problem)) from None  # its words hold signed addresses


def _raise_missing(where: str, words: str, problem: Exception, *, writes: bool) -> None:
    if writes or "NoSuchBucket" in words:
        raise BucketError(f"{where}: there is no such bucket") from None
    raise FileNotFoundError(errno.ENOENT, "it is not in the bucket", where) from problem


def error_of(where: str, words: str) -> RemoteError:
    """The error that obstore's words mean. Those words are not repeated: they hold signatures."""
    code, status = _CODE.search(words), _STATUS.search(words)
    said = code[1] if code else f"status {status[1]}" if status else ""
    if "NoSuchBucket" in words:
        return BucketError(f"{where}: there is no such bucket")
    if said in _REFUSED or said in {"status 401", "status 403"}:
        return AccessError(f"{where}: the service refuses these credentials ({said})")
    if not said and re.search(_NO_KEYS, words):
        return AccessError(f"{where}: no credentials were found")
    if not said:
        return RemoteError(f"{where}: the service cannot be reached, or the connection broke")
    return RemoteError(f"{where}: the service answers {said}")
