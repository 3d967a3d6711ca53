"""A ruleset that arms the worker it comes to: certain bytes then end the process, for real."""

import ctypes
import os
import signal
import sys
import time
from pathlib import Path

from archiver.ingest import work
from archiver.rules.rule import Ruleset

#: Where a worker that hangs says so, by a file with its number for a name.
HANGING = "DEADLY_HANGING"


def _hang():
    (Path(os.environ[HANGING]) / str(os.getpid())).touch()
    time.sleep(3600)


#: What a source must hold to end the worker, and how.
DEATHS = {
    b"<killed>": lambda: os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM)),
    b"<segfault>": lambda: ctypes.string_at(0),
    b"<exit>": lambda: os._exit(3),
    b"<hangs>": _hang,
}


class Deadly(Ruleset):
    """Harmless here; unpickled in a worker it is the plain ruleset, and the worker armed."""

    def __reduce__(self):
        return _armed, (self.rules, dict(self.engine))


def _armed(rules, engine):
    real = work.clean_batch

    def clean_batch(sources, *args, **options):
        for data in sources.column("raw").to_pylist():
            for mark, die in DEATHS.items():
                if mark in data:
                    sys.stdout.flush()
                    die()
        return real(sources, *args, **options)

    work.clean_batch = clean_batch
    return Ruleset(rules, engine)
