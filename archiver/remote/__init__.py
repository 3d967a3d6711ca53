"""Archives and sources in an object store: worked on in a local copy, filled by need.

Why a working copy, and not a file system of objects below ``archiver.archive``: the local
protocols (stage, link, fsync, seal, recover, take down) are proven by crash tests, and stay
as they are; ``archive.files.mounts`` names the few places where the copy asks the store.

What makes it safe. A file of the copy is a placeholder of the right size until it is read;
then its bytes are brought, parts by stretches: footers are held to the digest in the log,
pages to their checksums, rows to theirs, just as on a disk. A version comes to be with one
request: the PUT of its log entry on the condition that nothing has that name
(``If-None-Match: *``), after the parts and the ruleset that it names. An answer that is lost
is settled by reading the entry back: its bytes, which name the batch, tell whose it is.
What is derived from the log (manifests, tag files, checkpoints, summaries) follows; then the
store is listed: whoever wrote last sees whether all of it is its own and of the newest
version, and seals again where it is not. Nothing is deleted from the store but what a
take-down or `recover` deleted from the copy, file by file.

Library: obstore, which is the Rust crate ``object_store`` that delta-rs stands on. It has
conditional PUTs, ranges, streams and retries, and takes credentials from the environment,
web identity and instance roles; pyarrow's S3FileSystem has no conditional PUT, and
deltalake's own commit to S3 would write entries that carry no digest of the one before.
"""

from archiver.remote.copy import WorkingCopy
from archiver.remote.location import Location, is_remote, parse_location
from archiver.remote.sources import SourceCopy
from archiver.remote.store import Store, open_store

__all__ = [
    "Location",
    "SourceCopy",
    "Store",
    "WorkingCopy",
    "is_remote",
    "open_store",
    "parse_location",
]
