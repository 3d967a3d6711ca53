"""What tests of the command line share."""

import pytest


@pytest.fixture
def terminal():
    """Run a command at a terminal; see ``terminal_support``."""
    support = pytest.importorskip("terminal_support", exc_type=ImportError)
    return support.at_terminal
