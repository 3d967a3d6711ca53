import archive_support
import pytest


@pytest.fixture
def archive(tmp_path):
    return archive_support.small_archive(tmp_path / "archive")
