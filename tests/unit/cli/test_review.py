"""`archiver review`: at a terminal by single keys, in a pipe line by line; one file for both."""

import os
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest
from report_support import ROOT, archiver, write_pages

from archiver.report.decisions import read_pack

#: Seconds without a word after which a program is held to hang.
PATIENCE = 120


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    return write_pages(tmp_path_factory.mktemp("review") / "pages")


def decisions(folder, name="decisions.toml"):
    return read_pack((folder / name).read_text(encoding="utf-8"))


def test_in_a_pipe_answers_are_lines(pages, tmp_path):
    done = archiver("review", pages, folder=tmp_path, answers="w\nm 3 newsletter\nw\nq\n")
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert re.search(r"^ 5 - play_arrow +icon-ligature.name$", done.stdout, re.MULTILINE)
    assert "line 5 is marked as wrongly removed" in done.stderr
    found, reviewed = decisions(tmp_path)
    assert [(d.kind, d.text, d.host) for d in found] == [
        ("drop", "Get the Harbour Times in your inbox every morning.", "harbour.example"),
        ("keep", "play_arrow", "harbour.example"),
    ]
    assert (found[0].family, reviewed) == ("newsletter", [])
    assert archiver("rules", "check", ".", folder=tmp_path).returncode == 0


def test_it_goes_on_where_it_was(pages, tmp_path):
    first = archiver("review", pages, folder=tmp_path, answers="j\nq\n")
    assert "document 1 of 2" in first.stdout
    assert "document 2 of 2" in first.stdout
    again = archiver("review", pages, folder=tmp_path, answers="w\n")  # the input ends
    assert "document 1 of 2" not in again.stdout
    assert "document 2 of 2" in again.stdout
    found, reviewed = decisions(tmp_path)
    assert len(found) == len(reviewed) == 1
    done = archiver("review", pages, "--json", folder=tmp_path, answers="j\n")
    assert '"documents_left": 0' in done.stdout
    assert "0 documents" not in archiver("review", pages, folder=tmp_path, answers="").stdout


def test_marks_can_be_taken_back_and_wrong_numbers_are_told(pages, tmp_path):
    answers = "w\nu\nm 99\nm 5\nm 3 no-family\nm\nx\na\np\nq\n"
    done = archiver("review", pages, folder=tmp_path, answers=answers)
    assert done.returncode == 0, done.stderr
    assert decisions(tmp_path)[0] == []
    for words in ("taken back: play_arrow", "no line '99'", "line 5 is blank, or was removed"):
        assert words in done.stderr
    assert "no family 'no-family'" in done.stderr
    assert "this line was wrongly removed" in done.stdout  # the help, for a key that is none
    assert "The pilots have not seen" in done.stdout  # the whole text


def test_a_file_that_is_no_review_is_left_alone(pages, tmp_path):
    mine = tmp_path / "mine.toml"
    mine.write_text('schema = "archiver-rules/1"\n', encoding="utf-8")
    done = archiver("review", pages, "-o", "mine.toml", folder=tmp_path, answers="w\nq\n")
    assert done.returncode == 6
    assert mine.read_text(encoding="utf-8") == 'schema = "archiver-rules/1"\n'


def test_hostile_texts_move_no_cursor(tmp_path):
    text = (
        "The mayor of the town said \x1b[2J that \u202eall was well \u009b31m in town.\n"
        "Share this article\nplay_arrow \x1b]0;owned\x07\nplay_arrow\nskip_next\n"
    )
    (tmp_path / "evil.txt").write_text(text * 9, encoding="utf-8")
    done = archiver("review", "evil.txt", folder=tmp_path, answers="a\nw\nn\nm 1\nq\n")
    assert done.returncode == 0, done.stderr
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", done.stdout + done.stderr)


class Terminal:
    """`archiver review` at a real terminal."""

    def __init__(self, folder, *words, **environ):
        pty = pytest.importorskip("pty", reason="there are no pseudo terminals here")
        self.seen = ""
        self.leader, follower = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "archiver", "review", *map(str, words)],
            cwd=folder,
            stdin=follower,
            stdout=follower,
            stderr=follower,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", **environ},
        )
        os.close(follower)

    def until(self, text):
        """Read until a text comes; what came before it goes."""
        while text not in self.seen:
            assert select.select([self.leader], [], [], PATIENCE)[0], self.seen
            piece = os.read(self.leader, 4096)
            assert piece, self.seen
            self.seen += piece.decode("utf-8", "replace")
        before, _, self.seen = self.seen.partition(text)
        return before

    def press(self, keys, *, line=False):
        """Press keys once the program reads single ones, or with ``line`` a whole line.

        What is pressed before it changes from one to the other is lost.
        """
        termios = pytest.importorskip("termios")
        end = time.monotonic() + PATIENCE
        while bool(termios.tcgetattr(self.leader)[3] & termios.ICANON) is not line:
            assert time.monotonic() < end, self.seen
            time.sleep(0.01)
        os.write(self.leader, keys.encode())

    def end(self):
        try:
            while os.read(self.leader, 4096):
                pass
        except OSError:  # Linux says so at the end
            pass
        os.close(self.leader)
        return self.process.wait(timeout=60)


@pytest.fixture
def terminal(pages, tmp_path):
    def start(*words, **environ):
        started.append(Terminal(tmp_path, pages, *words, **environ))
        return started[-1]

    started = []
    yield start
    for each in started:
        each.process.kill()
        each.process.wait()


def test_single_keys_at_a_terminal(terminal, tmp_path):
    at = terminal()
    seen = at.until("help > ")
    assert "\x1b[31m" in seen  # colour beside the marks
    at.press("w")
    at.until("line 5 is marked as wrongly removed")
    at.until("help > ")
    at.press("\x1b[B")  # the arrow down
    at.until("change 2 of ")
    at.until("help > ")
    at.press("m")
    at.until("number of the line")
    at.press("3 newsletter\r", line=True)
    at.until("line 3 is marked as missed")
    at.until("help > ")
    at.press("q")
    assert at.end() == 0
    assert [made.kind for made in decisions(tmp_path)[0]] == ["drop", "keep"]


def test_control_c_leaves_what_was_decided(terminal, tmp_path):
    at = terminal()
    at.until("help > ")
    at.press("w")
    at.until("is marked as")
    at.until("help > ")
    at.press("\x03")
    assert at.end() == 130
    assert len(decisions(tmp_path)[0]) == 1
    assert [path.name for path in Path(tmp_path).iterdir()] == ["decisions.toml"]


def test_without_colour_the_marks_say_it(terminal):
    at = terminal(NO_COLOR="1")
    seen = at.until("help > ")
    assert "\x1b[" not in seen.partition("document 1 of")[2]
    assert " 5 - play_arrow" in seen
    at.press("q")
    assert at.end() == 0
