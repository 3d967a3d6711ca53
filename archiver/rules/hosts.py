"""Hosts: as addresses name them, and as rules that act on one site alone do.

A host is compared in one form: lower case, international names in punycode,
without ``www.`` and without the dot of the root. A rule for ``example.org`` acts
on that host and on every host below it (``news.example.org``), as cookies and
certificates for a domain do; never on ``notexample.org``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from unicodedata import normalize
from urllib.parse import urlsplit

from archiver.document import Finding
from archiver.findings import finding

#: RFC 1035: of a name, and of one of its labels.
MAX_NAME, MAX_LABEL = 253, 63

#: Hosts listed before the rest is counted.
NAMED = 3

#: A label as registries and local networks have them; ``_`` is met in the wild.
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?")

#: Full stops that are dots of a host too (UTS 46).
_DOTS = re.compile("[\u3002\uff0e\uff61]")


def normal_host(name: str) -> str:
    """A host in the form that is compared; empty where it is none.

    ``WWW.Bücher.example.`` gives ``xn--bcher-kva.example``. Cost: one pass.
    """
    labels = _DOTS.sub(".", name).rstrip(".").split(".")
    host = ".".join(map(_ascii, labels))
    if host.startswith("www.") and host.count(".") > 1:
        host = host.removeprefix("www.")
    return host if _is_name(host) or _is_address(host) else ""


def host_of(url: str | None) -> str:
    """The host of an address, in the form that is compared; empty where there is none."""
    try:
        return normal_host(urlsplit(url or "").hostname or "")
    except ValueError:
        return ""


def above(host: str) -> Iterator[str]:
    """A host and the ones that it stands below, the nearest first."""
    while host:
        yield host
        host = host.partition(".")[2]


def unplaced(hosts: Sequence[str], texts: int, where: str = "") -> Finding:
    """W401: so many texts have no known host, and these hosts have rules of their own."""
    more = f" and {len(hosts) - NAMED} other hosts" if len(hosts) > NAMED else ""
    named = ", ".join(hosts[:NAMED]) + more
    what = "the address is" if texts == 1 else f"the addresses of {texts:,} texts are"
    return finding("W401", f"{what} not known: the rules for {named} did not act", where=where)


def _ascii(label: str) -> str:
    """A label in punycode, as browsers make it: ``ß`` and final sigma stay what they are."""
    plain = normalize("NFC", normalize("NFKC", label).lower())
    if plain.isascii():
        return plain
    try:
        return "xn--" + plain.encode("punycode").decode("ascii")
    except UnicodeError:
        return ""


def _is_name(host: str) -> bool:
    labels = host.split(".")
    is_short = len(host) <= MAX_NAME and max(map(len, labels)) <= MAX_LABEL
    # A name that ends in a number is read as an address by all that open it.
    return is_short and all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdigit()


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
