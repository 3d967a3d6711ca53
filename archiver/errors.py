"""Every error that a user can meet, and the exit status it ends a command with.

The tree::

    ArchiverError                1   a defect of ours: please report it
    +-- UsageError               2   the command was called wrongly
    +-- DamageError              4   the archive's bytes are not what was written
    +-- SettingsError            5   a setting is wrong
    |   +-- RuleError            5   a rule disagrees with its own examples, or cannot be read
    |   +-- IndexFileError       5   an INDEX.md cannot be used at all
    +-- InputError               6   nothing that was named could be read
    +-- StorageError             7   the disk refused a write: full, read-only, failing
    |   +-- RemoteError          7   an object store cannot be reached, or refuses
    |       +-- AccessError      7   it refuses these credentials
    |       +-- BucketError      7   it has no such bucket
    +-- NoArchiveError          10   there is no archive at this path
    +-- LockedError             11   another process is committing
    +-- NewerArchiveError       12   made by a newer program
    +-- EngineError             13   the cluster that does the work cannot be used, or is lost

An error says what is wrong, where, and what to do next. What concerns one
document only is never an error but a ``Finding``: the run goes on.
Exit status 3 (done, some documents quarantined) and 130 (interrupted) belong
to outcomes, not to errors; see ``archiver.cli``.
"""

from __future__ import annotations

from typing import ClassVar


class ArchiverError(Exception):
    """Base of all errors raised on purpose; caught once, in ``archiver.cli``.

    ``code`` is stable and fit for scripts; ``exit_status`` ends the command;
    ``hint`` says what to do next and may be given per instance.
    """

    code: ClassVar[str] = "bug"
    exit_status: ClassVar[int] = 1
    default_hint: ClassVar[str] = "This is a defect of archiver; please report it."

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = self.default_hint if hint is None else hint


class UsageError(ArchiverError):
    """The command was called with words that do not go together."""

    code = "usage"
    exit_status = 2
    default_hint = "Run the command with -h to see its options."


class DamageError(ArchiverError):
    """The archive holds bytes that are not the ones it was given."""

    code = "damage"
    exit_status = 4
    default_hint = "Run `archiver validate` to see every damaged file and the documents hit."


class SettingsError(ArchiverError):
    """A setting in archiver.toml, pyproject.toml or the environment is wrong."""

    code = "settings"
    exit_status = 5
    default_hint = "Correct the setting, or give the option on the command line."


class RuleError(SettingsError):
    """A rule disagrees with its own examples, or cannot be read."""

    code = "rule"
    default_hint = "Run `archiver rules check` to see every rule that fails."

    def __init__(self, rule_id: str, problem: str, *, where: str = "") -> None:
        prefix = f"{where}: " if where else ""
        super().__init__(f"{prefix}rule {rule_id}: {problem}")
        self.rule_id = rule_id


class IndexFileError(SettingsError):
    """An INDEX.md has no usable front matter or table."""

    code = "index"
    default_hint = "Run `archiver index check` to see what is wrong with it."


class InputError(ArchiverError):
    """Nothing of what was named could be read."""

    code = "input"
    exit_status = 6
    default_hint = "Check that the path exists and that you may read it."


class StorageError(ArchiverError):
    """The disk refused a write; nothing that was acknowledged before is lost."""

    code = "storage"
    exit_status = 7
    default_hint = (
        "Make room or make the folder writable, then run the same command again: "
        "it goes on where the archive was."
    )


class RemoteError(StorageError):
    """An object store cannot be reached, answers with an error, or cannot do what is needed."""

    code = "remote"
    default_hint = (
        "Check the network and AWS_ENDPOINT_URL, then run the same command again: "
        "it goes on where the archive was."
    )


class AccessError(RemoteError):
    """An object store refuses these credentials, or none were found."""

    code = "remote-access"
    default_hint = (
        "Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, and what they may do: "
        "read, write, list and delete objects."
    )


class BucketError(RemoteError):
    """An object store has no bucket of this name."""

    code = "no-bucket"
    default_hint = "Make the bucket first, or correct its name; archiver makes none."


class NoArchiveError(ArchiverError):
    """There is no archive at this path."""

    code = "no-archive"
    exit_status = 10
    default_hint = "Run `archiver ingest` to make one, or name it with --archive."


class LockedError(ArchiverError):
    """Another process holds the archive's lock."""

    code = "locked"
    exit_status = 11
    default_hint = "Wait for the other run to end, then try again."


class NewerArchiveError(ArchiverError):
    """The archive was made by a newer program than this one."""

    code = "newer"
    exit_status = 12
    default_hint = "Upgrade archiver-toolkit to open it; nothing was changed."


class EngineError(ArchiverError):
    """The cluster that does the work cannot be used, or was lost on the way."""

    code = "engine"
    exit_status = 13
    default_hint = (
        "Run the same command again once the cluster is there: it goes on behind the "
        "newest version; or use --engine local."
    )
