"""Runs of the command line in processes of their own, killed or hindered where a test says.

A process that has all modules loaded forks one child a run, so that a round
takes a fraction of a second. Requests come as JSON lines on stdin, one list of
runs each; the runs of a list go side by side. Answers go to stdout: how each
ended. A run: ``args``, ``out`` (file for its output), and what befalls it:

step, nth     kill at the nth time that step of the protocol is reached
event         kill before the nth change to the disk (fsync, link, rename, unlink, mkdir)
after         kill after so many seconds
fsync         the nth fsync, and all after it, fail with EIO
hold          wait for the file of this name to go before the step named is passed
no_sync       fsync does nothing: the disk lies
no_links      no hard links; no_locks: no locks
file_size     no file may grow larger
journal       file to note what is on the disk for sure, for a power cut
"""

import errno
import json
import os
import resource
import signal
import stat
import sys
import time
from pathlib import Path

import deltalake  # noqa: F401 - loaded before the fork, as what follows
import pandas as pd  # noqa: F401
import pyarrow.parquet  # noqa: F401

from archiver.archive import create
from archiver.archive.files import lock
from archiver.archive.mend import recover
from archiver.archive.write import finish, writer
from archiver.clean import clean_text
from archiver.cli import ingest, log, validate  # noqa: F401
from archiver.cli import recover as recover_command  # noqa: F401
from archiver.cli.main import archiver
from archiver.rules import load
from archiver.settings import PROFILES

CHANGES = ("fsync", "link", "replace", "rename", "unlink", "mkdir", "rmdir")


class Child:
    """What befalls the process it lives in."""

    def __init__(self, run):
        self.run = run
        self.steps = {}
        self.list = []
        self.events = 0
        self.syncs = 0
        self.synced = {}
        self.listed = {}

    def arm(self):
        for target in (writer.Writer.__init__, create.lay_out, recover.recover):
            target.__kwdefaults__["checkpoint"] = self.step
        finish.finish_and_sweep.__defaults__ = (self.step,)
        for name in CHANGES:
            setattr(os, name, self.counting(name, getattr(os, name)))
        if self.run.get("no_links"):
            os.link = refused(errno.EOPNOTSUPP)
        if self.run.get("no_locks"):
            lock.lock_file = no_locks
            from archiver.archive.files import staging

            staging.lock_file = no_locks
        if limit := self.run.get("file_size"):
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    def step(self, name):
        self.list.append(name)
        self.steps[name] = self.steps.get(name, 0) + 1
        if (name, self.steps[name]) == (self.run.get("step"), self.run.get("nth", 1)):
            while (gate := self.run.get("hold")) and Path(gate).exists():
                time.sleep(0.01)
            if not self.run.get("hold"):
                self.die()

    def counting(self, name, real):
        def call(*args, **options):
            self.events += 1
            if self.events == self.run.get("event"):
                self.die()
            return self.sync(real, *args) if name == "fsync" else real(*args, **options)

        return call

    def sync(self, real, handle):
        self.syncs += 1
        if self.syncs >= self.run.get("fsync", sys.maxsize):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        if self.run.get("no_sync"):
            return
        real(handle)
        found = os.fstat(handle)
        if stat.S_ISDIR(found.st_mode):
            self.listed[found.st_ino] = {
                item.name: item.inode() for item in os.scandir(f"/proc/self/fd/{handle}")
            }
        else:
            self.synced[found.st_ino] = [found.st_size, found.st_mtime_ns]

    def note(self):
        if self.run.get("journal"):
            known = {"synced": self.synced, "listed": self.listed}
            Path(self.run["journal"]).write_text(json.dumps(known))

    def die(self):
        self.note()
        os.kill(os.getpid(), signal.SIGKILL)


def refused(number):
    def call(*_args, **_options):
        raise OSError(number, os.strerror(number))

    return call


def no_locks(_handle):
    raise NotImplementedError


def child(run):
    out = os.open(run["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    err = os.open(run["out"] + ".err", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(out, 1)
    os.dup2(err, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    me = Child(run)
    me.arm()
    try:
        archiver.main(run["args"], "archiver")
    except SystemExit as ended:
        status = ended.code
    sys.stdout.flush()
    sys.stderr.flush()
    me.note()
    Path(run["out"] + ".told").write_text(json.dumps({"events": me.events, "steps": me.list}))
    os._exit(status or 0)


def warm():
    """Do once what each child would do again: modules, rules and matchers; no thread starts."""
    ruleset = load.load(None)
    load.load = lambda _folder: ruleset
    for profile in PROFILES:
        clean_text("A sentence, and one more.\n", ruleset, profile=profile)


def serve():
    warm()
    for line in sys.stdin:
        runs = json.loads(line)
        born = {}
        for run in runs:
            started = time.monotonic()
            number = os.fork()
            if number == 0:
                try:
                    child(run)
                finally:
                    os._exit(70)
            born[number] = (run, started)
        for number, (run, started) in born.items():
            if "after" in run:
                time.sleep(max(0.0, run["after"] - (time.monotonic() - started)))
                os.kill(number, signal.SIGKILL)
        ended = {}
        for number in born:
            _, how = os.waitpid(number, 0)
            ended[number] = os.waitstatus_to_exitcode(how)
        print(json.dumps([ended[number] for number in born]), flush=True)


if __name__ == "__main__":
    serve()
