"""A process of its own that takes documents down, and may be killed on the way.

Usage: takedown_process.py ARCHIVE STEP ID...  (STEP: where to kill itself)
"""

import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import archive_support as support

from archiver.archive.archive import open_archive
from archiver.archive.takedown.take_down import World, take_down


def main(path, step, *ids):
    def checkpoint(reached):
        if reached == step:
            os.kill(os.getpid(), signal.SIGKILL)

    world = World(support.NOW, support.TOOL, "takedown", checkpoint=checkpoint)
    take_down(open_archive(Path(path)), ids, "case 7", world)


if __name__ == "__main__":
    main(*sys.argv[1:])
