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
no_links      no hard links; no_locks: what flock fails with then, as ENOLCK
file_size     no file may grow larger
disk, record  folder to watch, and one for the record of all that befell it; see power_record
"""

import errno
import fcntl
import json
import os
import resource
import signal
import sys
import time
from pathlib import Path

import deltalake  # noqa: F401 - loaded before the fork, as what follows
import pandas as pd  # noqa: F401
import pyarrow.parquet  # noqa: F401
from power_record import Recorder

from archiver.archive import create
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
        self.recorder = None

    def arm(self):
        for target in (writer.Writer.__init__, create.lay_out, recover.recover):
            target.__kwdefaults__["checkpoint"] = self.step
        finish.finish_and_sweep.__defaults__ = (self.step,)
        for name in CHANGES:
            setattr(os, name, self.counting(name, getattr(os, name)))
        if self.run.get("no_links"):
            os.link = refused(errno.EOPNOTSUPP)
        if name := self.run.get("no_locks"):
            fcntl.flock = refused(getattr(errno, name))
        if folder := self.run.get("record"):
            self.recorder = Recorder(self.run["disk"], folder)
            self.recorder.look("start")
        if limit := self.run.get("file_size"):
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    def step(self, name):
        self.list.append(name)
        self.look(f"step {name}")
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
            self.look(name)
            return self.sync(real, *args) if name == "fsync" else real(*args, **options)

        return call

    def sync(self, real, handle):
        self.syncs += 1
        if self.syncs >= self.run.get("fsync", sys.maxsize):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        real(handle)
        if self.recorder:
            self.recorder.sync(handle)

    def look(self, what):
        if self.recorder:
            self.recorder.look(what)

    def die(self):
        os.kill(os.getpid(), signal.SIGKILL)


def refused(number):
    def call(*_args, **_options):
        raise OSError(number, os.strerror(number))

    return call


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
    me.look("end")
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
