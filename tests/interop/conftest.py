import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import archive_support


@pytest.fixture
def archive(tmp_path):
    return archive_support.small_archive(tmp_path / "archive")
