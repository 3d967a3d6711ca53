"""The digests that a WARC record declares, against its bytes."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING

from archiver.readers.fields import RecordProblem
from archiver.readers.names import storable

if TYPE_CHECKING:
    from fastwarc.warc import HeaderMap

_DIGESTS = frozenset({"md5", "sha1", "sha256", "sha384", "sha512"})


def check_digests(headers: HeaderMap, block: bytes, payloads: tuple[bytes, ...]) -> str:
    """What is to be told of the record's digests. Raises: RecordProblem E237.

    Crawlers disagree on what a payload is: as sent or with its encodings undone. Both
    are tried; where neither fits, the digest of the whole block vouches for the bytes.
    """
    of_block = str(headers.get("WARC-Block-Digest") or "")
    of_payload = str(headers.get("WARC-Payload-Digest") or "")
    if of_block and not digest_fits(of_block, block):
        raise RecordProblem(
            "E237", f"its block digest {storable(of_block)[:100]} is not the bytes'"
        )
    if not of_payload or any(digest_fits(of_payload, payload) for payload in payloads):
        return ""
    problem = f"its payload digest {storable(of_payload)[:100]} is not the payload's"
    if not of_block:
        raise RecordProblem("E237", problem)
    return f"{problem}; its block digest fits"


def digest_fits(declared: str, data: bytes) -> bool:
    """Whether a digest as WARC writes it (``sha1:BASE32``) is that of some bytes.

    Hexadecimal is known too. An algorithm that is not known is taken on trust.
    """
    algorithm, _, value = declared.strip().partition(":")
    algorithm = algorithm.lower().replace("-", "")
    if algorithm not in _DIGESTS:
        return True
    true = hashlib.new(algorithm, data, usedforsecurity=False).digest()
    if value.lower() == true.hex():
        return True
    padded = value.upper() + "=" * (-len(value) % 8)
    try:
        return base64.b32decode(padded) == true
    except binascii.Error:
        return False
