"""``validate`` and ``log --fixity`` as a person, a CI system and a timer call them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import archive_support as support
import click
import pytest
from click.testing import CliRunner
from lxml import etree

from archiver.cli import ingest_log, progress
from archiver.cli.main import archiver
from archiver.cli.metrics import HELP
from archiver.cli.screen import Screen
from archiver.cli.spans import share, span

EPOCH = int(support.NOW.timestamp()) + 86_400
DAY = 86_400
EVENTS = Path("output/archive/fixity/events.jsonl")
PAGE = Path(__file__).parents[3] / "docs/reference/metrics.md"

#: The part of JUnit's schema that CI systems agree on (Jenkins' junit-10.xsd).
XSD = """
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:element name="testsuites"><xs:complexType><xs:sequence>
    <xs:element ref="testsuite" minOccurs="0" maxOccurs="unbounded"/>
  </xs:sequence></xs:complexType></xs:element>
  <xs:element name="testsuite"><xs:complexType>
    <xs:sequence><xs:element ref="testcase" minOccurs="0" maxOccurs="unbounded"/></xs:sequence>
    <xs:attribute name="name" type="xs:string" use="required"/>
    <xs:attribute name="tests" type="xs:int" use="required"/>
    <xs:attribute name="failures" type="xs:int"/><xs:attribute name="errors" type="xs:int"/>
    <xs:attribute name="skipped" type="xs:int"/><xs:attribute name="time" type="xs:decimal"/>
    <xs:attribute name="timestamp" type="xs:dateTime"/>
    <xs:attribute name="hostname" type="xs:string"/>
  </xs:complexType></xs:element>
  <xs:element name="testcase"><xs:complexType>
    <xs:sequence>
      <xs:element name="skipped" minOccurs="0"><xs:complexType>
        <xs:attribute name="message" type="xs:string"/></xs:complexType></xs:element>
      <xs:element name="failure" minOccurs="0"><xs:complexType><xs:simpleContent>
        <xs:extension base="xs:string"><xs:attribute name="message" type="xs:string"/>
        <xs:attribute name="type" type="xs:string"/></xs:extension>
      </xs:simpleContent></xs:complexType></xs:element>
      <xs:element name="system-out" type="xs:string" minOccurs="0"/>
    </xs:sequence>
    <xs:attribute name="name" type="xs:string" use="required"/>
    <xs:attribute name="classname" type="xs:string"/>
    <xs:attribute name="time" type="xs:decimal"/>
  </xs:complexType></xs:element>
</xs:schema>"""

SAMPLE = re.compile(r'(archiver_[a-z_]+)\{((?:[a-z]+="(?:[^"\\\n]|\\[\\n"])*",?)+)\} (\S+)')


@pytest.fixture(autouse=True)
def archive(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(EPOCH))
    monkeypatch.setenv("COLUMNS", "80")
    Path("output").mkdir()
    return support.small_archive(Path("output/archive"))


def run(*words):
    done = CliRunner().invoke(archiver, list(words))
    assert "Traceback" not in done.output
    return done


def harm(archive, number=0):
    path = support.part_paths(archive)[number]
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    return path


def samples(path="out.prom"):
    """Metric -> (labels, value); the text is held to Prometheus' format on the way."""
    text = Path(path).read_text(encoding="utf-8")
    assert text.endswith("\n")
    found, described = {}, set()
    for line in text.splitlines():
        if line.startswith("# "):
            kind, name, words = line[2:].split(" ", 2)
            assert (kind, name) not in described
            described.add((kind, name))
            assert kind == "HELP" or words == "gauge"
            continue
        match = SAMPLE.fullmatch(line)
        assert match, line
        assert {("HELP", match[1]), ("TYPE", match[1])} <= described
        assert (match[1], match[2]) not in found
        found[match[1], match[2]] = float(match[3])
    return found


def test_json_in_both_spellings():
    first, second = run("validate", "--json"), run("validate", "--format", "json")
    told, again = json.loads(first.stdout), json.loads(second.stdout)
    assert told["sound"] is told["complete"] is True
    assert told["level"] == "full"
    assert told["event"] != again["event"]
    assert told.keys() == again.keys()
    missing = run("validate", "nowhere", "--format", "json")
    assert missing.exit_code == 10
    assert json.loads(missing.stdout)["error"]["code"] == "no-archive"


@pytest.mark.parametrize(
    "words",
    [
        ["--quick", "--replay"],
        ["--json", "--format", "junit"],
        ["--format", "xml"],
        ["--max-age", "soon"],
        ["--max-age", "0d"],
        ["--max-duration", "10"],
        ["--subset", "0/7"],
        ["--subset", "8/7"],
        ["--subset", "1"],
    ],
)
def test_words_that_make_no_sense_are_usage_errors(words):
    done = run("validate", *words)
    assert done.exit_code == 2
    assert "error" in (done.stdout if "--json" in words else done.stderr)
    assert not EVENTS.exists()


def test_spans_and_shares():
    assert span("90s") == timedelta(seconds=90)
    assert span("1h30m") == timedelta(minutes=90)
    assert span(" 1.5D ") == timedelta(hours=36)
    assert span("4w") == timedelta(days=28)
    assert share("2/7") == (2, 7)
    for wrong in ("", "d", "-1d", "1y", "1d 2", "9" * 99 + "d", "1d" * 99):
        with pytest.raises(click.BadParameter):
            span(wrong)


def test_a_greatest_age_beyond_the_calendar_is_no_crash():
    assert run("validate", "--max-age", "999999w").exit_code == 0


def test_a_check_is_noted_and_log_shows_it(monkeypatch, archive):
    assert run("log", "--fixity").exit_code == 0
    assert "no check was noted" in run("log", "--fixity").stderr
    assert run("validate", "--no-event").exit_code == 0
    assert not EVENTS.exists()
    run("validate", "--quick")
    harm(archive)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(EPOCH + DAY))
    assert run("validate").exit_code == 4
    done = run("log", "--fixity")
    assert done.exit_code == 0
    newest, oldest = done.stdout.splitlines()[1:3]
    assert newest.startswith("2026-03-03 12:30  fail     full   3 of 3")
    assert "E107:1" in newest
    assert oldest.startswith("2026-03-02 12:30  pass     quick  3 of 3")
    assert "2 events, the chain is whole" in done.stderr
    told = json.loads(run("log", "--fixity", "--json", "-n", "1").stdout)
    assert told["sound"] is True
    (event,) = told["events"]
    assert (event["outcome"], event["type"]) == ("fail", "fixity check")


def test_a_broken_log_is_status_4_and_still_shown():
    for _ in range(3):
        run("validate", "--quick")
    lines = EVENTS.read_bytes().splitlines(keepends=True)
    EVENTS.write_bytes(lines[0] + lines[2] + b'{"torn')
    done = run("log", "--fixity")
    assert done.exit_code == 4
    assert "E118 line 2: the line before it is not the one it follows" in done.stdout
    assert "W105 its last line is torn: 6 bytes" in done.stderr
    assert "the chain is broken" in done.stderr
    told = run("log", "--fixity", "--json")
    assert told.exit_code == 4
    assert json.loads(told.stdout)["sound"] is False
    assert run("validate", "--quick", "--quiet").exit_code == 4


def test_log_of_checks_is_shown_though_the_archive_is_damaged(archive):
    run("validate", "--quick")
    support.entry_path(archive, 2).write_bytes(b"")
    assert run("log").exit_code == 4
    assert run("log", "--fixity").exit_code == 0
    assert run("log", "--fixity", "--archive", "nowhere").exit_code == 10


def test_a_run_goes_on_where_time_ran_out(monkeypatch):
    shown = []
    for night in range(3):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", str(EPOCH + night * DAY))
        done = run("validate", "--max-age", "30d", "--max-duration", "0.001s")
        assert done.exit_code == 0
        shown.append(done.stdout)
    assert "W104 2 of the 3 parts due were not checked" in shown[0]
    assert "every byte of the 1 part checked is what was written" in shown[0]
    assert "W104" not in shown[2]
    done = run("validate", "--max-age", "30d")
    assert "Sound: output/archive, and no part was due" in done.stdout


def junit(*words, status):
    done = run("validate", "--format", "junit", *words)
    assert done.exit_code == status
    tree = etree.fromstring(done.stdout.encode())
    etree.XMLSchema(etree.fromstring(XSD)).assertValid(tree)
    (suite,) = tree
    cases = {case.get("name"): [item.tag for item in case] for case in suite}
    assert int(suite.get("tests")) == len(cases)
    assert int(suite.get("failures")) == sum("failure" in tags for tags in cases.values())
    assert int(suite.get("skipped")) == sum("skipped" in tags for tags in cases.values())
    return suite, cases


def test_junit(archive):
    suite, cases = junit(status=0)
    assert suite.get("timestamp") == "2026-03-02T12:30:00"
    assert {"chain", "files", "records", "fixity"} <= cases.keys()
    assert not any(cases.values())
    _, cases = junit("--quick", status=0)
    assert cases["records"] == ["skipped"]
    path = harm(archive)
    Path("output/archive/data/left \ufffe<&\x1b[31m.txt").write_text("x")
    suite, cases = junit(status=4)
    assert cases["files"] == ["failure", "system-out"]
    failure = suite.find("testcase[@name='files']/failure")
    assert failure.get("type") == "E107"
    assert path.name in failure.text
    assert "\x1b" not in suite.find("testcase[@name='files']/system-out").text


def test_metrics_of_a_sound_and_a_damaged_archive(archive):
    assert run("validate", "--metrics", "out.prom").exit_code == 0
    mine = 'archive="output/archive"'
    found = samples()
    assert found["archiver_validate_last_run_timestamp_seconds", mine] >= EPOCH
    assert found["archiver_validate_oldest_check_age_seconds", mine] < 600
    expected = {
        "validate_sound": 1,
        "validate_exit_status": 0,
        "validate_complete": 1,
        "validate_parts_checked": 3,
        "validate_parts_damaged": 0,
        "archive_version": 2,
        "archive_documents": 3,
        "archive_revisions": 4,
        "archive_quarantined": 1,
    }
    assert {name: found[f"archiver_{name}", mine] for name in expected} == expected
    harm(archive)
    assert run("validate", "--metrics", "out.prom").exit_code == 4
    found = samples()
    assert found["archiver_validate_sound", mine] == 0
    assert found["archiver_validate_parts_damaged", mine] == 1
    assert found["archiver_validate_findings", f'{mine},code="E107",severity="error"'] == 1
    assert [path.name for path in Path().iterdir() if "prom" in path.name] == ["out.prom"]


@pytest.mark.skipif(shutil.which("promtool") is None, reason="Prometheus is not installed")
def test_prometheus_own_tool_finds_nothing_to_say_against_the_metrics(archive):
    harm(archive)
    run("validate", "--metrics", "out.prom")
    with Path("out.prom").open("rb") as file:
        done = subprocess.run(
            ["promtool", "check", "metrics"], stdin=file, capture_output=True, check=False
        )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_metrics_name_the_age_of_what_was_not_checked(monkeypatch):
    run("validate")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(EPOCH + 5 * DAY))
    run("validate", "--max-age", "30d", "--metrics", "out.prom")
    age = samples()["archiver_validate_oldest_check_age_seconds", 'archive="output/archive"']
    assert 5 * DAY <= age < 5 * DAY + 600


def test_metrics_where_there_is_no_archive():
    place = 'no "where"\\\n'
    assert run("validate", place, "--metrics", "out.prom").exit_code == 10
    found = samples()
    assert {name for name, _ in found} == {
        "archiver_validate_last_run_timestamp_seconds",
        "archiver_validate_exit_status",
        "archiver_validate_sound",
        "archiver_validate_duration_seconds",
    }
    assert {labels for _, labels in found} == {r'archive="no \"where\"\\\n"'}


def test_metrics_that_cannot_be_written():
    done = run("validate", "--metrics", "no/such/folder/out.prom")
    assert done.exit_code == 7
    assert "out.prom could not be written" in done.stderr
    assert "Sound" in done.stdout


def test_metrics_may_be_read_by_another_user():
    run("validate", "--metrics", "out.prom", "--quick")
    if os.name == "posix":
        assert Path("out.prom").stat().st_mode & 0o044


def test_every_metric_is_in_the_reference():
    listed = re.findall(r"^\| `archiver_([a-z_]+)`", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert listed == [*HELP, *ingest_log.HELP]


def test_the_bar_shows_rate_and_time_left(monkeypatch, capsys):
    monkeypatch.setattr(Screen, "show_progress", lambda _: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    with progress.byte_bar(Screen(), "checking") as reach:
        reach(1_000_000, 4_000_000)
        reach(2_000_000, 4_000_000)
    shown = capsys.readouterr().err
    assert "2.0/4.0 MB" in shown
    assert "checking" in shown
    assert "/s" in shown
