"""The catalogue of findings: every code, what it means, and what to do next.

E is an error, W a warning. E1/W1 concern the archive, E2/W2 a source, E3/W3 an
INDEX.md, E4/W4 cleaning. A code is never given a second meaning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from archiver.document import Finding


@dataclass(frozen=True, slots=True)
class Kind:
    """What a code means, in one line, and what its reader should do."""

    title: str
    hint: str


_COPY = "Restore the file from a copy of the archive; documents not named are unharmed."

CATALOGUE: dict[str, Kind] = {
    "E101": Kind("the folder lacks a file that every archive has", _COPY),
    "E102": Kind("a log entry is missing", _COPY),
    "E103": Kind(
        "a log entry is torn, empty or not what a commit writes",
        "After a crash run `archiver recover`; if it refuses, restore the file from a copy.",
    ),
    "E104": Kind("the chain of log entries is broken", _COPY),
    "E105": Kind("the head is not the expected one", "Look for a lost or replaced newest version."),
    "E106": Kind("a part is missing", _COPY),
    "E107": Kind("a part's bytes are not the ones committed", _COPY),
    "E108": Kind("a part's pages cannot be read", _COPY),
    "E109": Kind("a record's digest does not match its columns", _COPY),
    "E110": Kind("a text's digest does not match the text", _COPY),
    "E111": Kind("the received bytes cannot be rebuilt from a record", _COPY),
    "E112": Kind("a part's columns are not those of the schema", _COPY),
    "E113": Kind("a count of rows or bytes differs from the log", _COPY),
    "E114": Kind("a file of the bag is missing or has other bytes than its manifest says", _COPY),
    "E115": Kind("a manifest of the bag cannot be used", "Run `archiver ingest` to seal it anew."),
    "E116": Kind("the Delta table shows other files than its log", _COPY),
    "E117": Kind("a ruleset that records name is missing or changed", _COPY),
    "E118": Kind(
        "the log of fixity checks is not what was written",
        "Restore fixity/events.jsonl from a copy, or move it aside: a new one is begun.",
    ),
    "E119": Kind(
        "the recorded rules give another text than the record holds",
        "Compare with a copy; `archiver ingest --reclean` makes a new revision from the bytes.",
    ),
    "E122": Kind(
        "the source was taken down",
        "Take it out of the folder; --allow-taken-down archives it all the same.",
    ),
    "E123": Kind(
        "the summary of the log is not what the log says",
        "Delete the file: it is made anew; then find out who wrote it.",
    ),
    "E124": Kind(
        "an acknowledged version would be lost",
        "Restore the file from a copy of the archive. Without one, give the head that is left "
        "as --expect-head: what is lost then stays lost.",
    ),
    "E125": Kind("documents whose log entry is lost", "`archiver repair --from COPY` brings it."),
    "E126": Kind(
        "a damaged or missing file that the copy cannot mend",
        "Try another copy; `archiver export --skip-damaged` saves what is still sound.",
    ),
    "W101": Kind("the bag is not sealed", "The next `archiver ingest` seals it."),
    "W102": Kind("a file no version names", "Left by an interrupted run; it does no harm."),
    "W103": Kind(
        "a document could not be cleaned again exactly as it was",
        "Replay with the versions that are named, to be sure.",
    ),
    "W104": Kind(
        "time ran out before all that was due was checked",
        "The next run goes on with the rest; allow it more time if this comes again.",
    ),
    "W105": Kind(
        "a fixity event was not written, or not to its end",
        "Make the folder writable, or give --no-event; the checks themselves were done.",
    ),
    "W107": Kind(
        "a log entry that no run acknowledged is torn",
        "`archiver recover` puts it aside; then run `archiver ingest` again.",
    ),
    "W108": Kind(
        "a checkpoint for Delta readers is torn or misleads them",
        "`archiver recover` puts it aside and writes a new one.",
    ),
    "W109": Kind(
        "left by a run that was killed",
        "The next `archiver ingest` takes it away; `archiver recover --orphans` does so now.",
    ),
    "W110": Kind(
        "a take-down is not finished",
        "The next `archiver takedown` or `archiver ingest` finishes it.",
    ),
    "W111": Kind(
        "the summary of the log cannot be used",
        "Delete the file: readers go by the log, and a later version brings a new one.",
    ),
    "W112": Kind(
        "a link stands where a file should",
        "Put the file itself there: a copy of the folder may hold the link alone.",
    ),
    "W113": Kind(
        "what Delta readers see could not be looked at here",
        "Everything else was checked. Give a plain TMPDIR, or move the archive to a plain path.",
    ),
    "E201": Kind("the source is empty", "Fetch it again, or take it out of the folder."),
    "E202": Kind("the source is not text", "Extract its text first, or take it out."),
    "E203": Kind("the bytes fit no known encoding", "State its encoding in INDEX.md."),
    "E204": Kind("the source is larger than the limit", "Split it, or raise --max-bytes."),
    "E205": Kind("the source cannot be read", "Check its permissions."),
    "E206": Kind("a link leads back to itself", "Remove the link."),
    "E207": Kind("the path leaves the folder", "Move the file into the folder."),
    "E208": Kind("no reader knows this kind of file", "Convert it to .txt or .html."),
    "E209": Kind("the page holds no text that could be extracted", "Look at the page."),
    "E210": Kind("two sources have the same id", "Give each its own id in INDEX.md."),
    "E211": Kind("the source could not be worked on", "Please report it, with the file."),
    "E212": Kind("a line of JSONL cannot be used", "Correct the line, or leave it out."),
    "E220": Kind(
        "cleaning the source ended the process that worked on it",
        "Free memory or give fewer --workers, then try --reclean; else report it, with the file.",
    ),
    "E221": Kind(
        "cleaning the source took too long",
        "Raise --document-timeout and try --reclean; else report it, with the file.",
    ),
    "E230": Kind("a record cannot be read", "Correct it in its file, or leave it out."),
    "E231": Kind(
        "a record has no text",
        "Say which field it is: --field text=NAME, or [fields] in the settings.",
    ),
    "E232": Kind(
        "a file of records or members is damaged", "Fetch it again; what was read stands."
    ),
    "E233": Kind(
        "a file unpacks to far more than its size", "Unpack it yourself if that is meant."
    ),
    "E234": Kind("a member's path leaves its archive", "Pack it again with paths below the top."),
    "E235": Kind("a member of an archive is no file", "Pack the file itself, not a link to it."),
    "E236": Kind(
        "a member of an archive cannot be unpacked", "Unpack it yourself, or fetch it again."
    ),
    "E237": Kind(
        "a WARC record's digest is not its bytes'", "Fetch it again, or find out who changed it."
    ),
    "E238": Kind(
        "a file holds no records as its name says",
        "Name the column of the text (--field text=NAME), or read it whole (--format text).",
    ),
    "E239": Kind("a file or a record ends too early", "Fetch it again; what was read stands."),
    "E240": Kind(
        "a reader is not installed",
        "Run `pip install 'archiver-toolkit[warc]'`, then the same again.",
    ),
    "W208": Kind("skipped: no reader knows this kind of file", "Convert it to .txt or .html."),
    "W213": Kind(
        "the encoding is a guess",
        "Look at the text; where it is wrong, state the encoding in INDEX.md.",
    ),
    "W230": Kind(
        "a file holds records that are no text", "They are counted by kind, and left out."
    ),
    "W231": Kind(
        "a WARC record's payload digest is not its payload's",
        "The record's block digest fits: what was stored is what is read.",
    ),
    "E301": Kind("a row of the index is malformed", "Correct the row."),
    "E302": Kind("a file of the index does not exist", "Restore the file or delete its row."),
    "E303": Kind(
        "the digest in the index is not the file's", "Find out which of the two is right."
    ),
    "E304": Kind("a path of the index leaves its folder", "Name files below the index only."),
    "E305": Kind("an id or a file stands twice in the index", "Give each row its own."),
    "E306": Kind("a value of the index cannot be read", "Correct the value."),
    "E307": Kind(
        "the file is not listed in the index", "Add a row: `archiver index init` drafts it."
    ),
    "W307": Kind("the file is not listed in the index", "Add a row, or use --require-index."),
    "W401": Kind(
        "rules for single hosts did not act: the address is not known",
        "State the url in INDEX.md, or give --host to `archiver clean`.",
    ),
}


def finding(
    code: str,
    message: str,
    *,
    where: str = "",
    line: int | None = None,
    layer: str = "",
    documents: Sequence[str] = (),
) -> Finding:
    """A finding with its catalogue's hint. Raises: KeyError for an unknown code."""
    return Finding(
        code=code,
        message=message,
        where=where,
        line=line,
        hint=CATALOGUE[code].hint,
        layer=layer,
        documents=tuple(documents),
    )
