"""How many workers are worth starting, by what the system grants."""

import os

import pytest

from archiver.engines.cores import cores


def system(root, groups, files):
    """A file system with the control groups of this process."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(groups)
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


@pytest.fixture
def _many_cores(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(16)), raising=False)


@pytest.mark.usefixtures("_many_cores")
@pytest.mark.parametrize(
    ("groups", "files", "found"),
    [
        ("0::/pod\n", {"sys/fs/cgroup/pod/cpu.max": "250000 100000\n"}, 3),
        ("0::/a/b\n", {"sys/fs/cgroup/a/cpu.max": "400000 100000\n"}, 4),
        ("0::/\n", {"sys/fs/cgroup/cpu.max": "50000 100000\n"}, 1),
        ("0::/\n", {"sys/fs/cgroup/cpu.max": "max 100000\n"}, 16),
        (
            "4:memory:/d\n2:cpu,cpuacct:/d\n",
            {
                "sys/fs/cgroup/cpu/d/cpu.cfs_quota_us": "200000\n",
                "sys/fs/cgroup/cpu/d/cpu.cfs_period_us": "100000\n",
            },
            2,
        ),
        (
            "2:cpu:/\n",
            {
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            },
            16,
        ),
        ("no group at all", {}, 16),
        ("0::/x\n", {"sys/fs/cgroup/x/cpu.max": "nonsense"}, 16),
    ],
    ids=["version 2", "a parent's", "half a core", "no limit", "version 1", "none", "odd", "torn"],
)
def test_quotas(tmp_path, groups, files, found):
    assert cores(system(tmp_path, groups, files)) == found


def test_where_there_are_no_control_groups(tmp_path):
    assert 1 <= cores(tmp_path) <= (os.cpu_count() or 1)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system has no affinity")
def test_affinity_counts(tmp_path):
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert cores(tmp_path) == 1
    finally:
        os.sched_setaffinity(0, before)
