"""A process of its own that commits one version, and may be killed on the way.

Usage: commit_process.py ARCHIVE BATCH_ID [STEP]  (STEP: where to kill itself)
"""

import json
import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import archive_support as support

from archiver.archive.archive import open_archive
from archiver.errors import ArchiverError


def main(path, batch_id, step=None, limit=None):
    def checkpoint(reached):
        if reached == step:
            os.kill(os.getpid(), signal.SIGKILL)

    if limit is not None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
    archive = open_archive(Path(path))
    there = archive.ids()
    rows = [
        support.document(id_, f"{batch_id} {id_}\n" * 200)
        for id_ in (f"{batch_id}-1", f"{batch_id}-2")
        if id_ not in there
    ]
    known = {key[0] for key in archive.quarantined_keys()}
    rejects = [] if f"{batch_id}-x" in known else [support.rejected(f"{batch_id}-x")]
    try:
        done = support.commit(archive, rows, rejects, batch_id=batch_id, checkpoint=checkpoint)
    except ArchiverError as problem:
        print(json.dumps({"error": problem.message, "exit": problem.exit_status}))
        return problem.exit_status
    print(
        json.dumps({"version": done.head.version, "head": done.head.sha256, "sealed": done.sealed})
    )
    return 0


if __name__ == "__main__":
    words = [word or None for word in sys.argv[1:]]
    sys.exit(main(*words))
