"""The programs of the how-tos for Airflow, Dagster and Prefect do what their pages say.

Each runs where its package is: in this environment, or in that of the interpreter
which PYTHON_WITH_AIRFLOW, PYTHON_WITH_DAGSTER or PYTHON_WITH_PREFECT names. The
program that they start ends with the status that is asked for.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HOW_TO = Path(__file__).parents[2] / "docs/how-to"

#: Prints how often the run was to be tried again, and whether it went well.
DRIVERS = {
    "airflow": """
from airflow.sdk.exceptions import AirflowFailException
import archive_check
task = archive_check.dag_made.get_task("validate")
runs, ok = 0, False
while runs <= task.retries and not ok:
    runs += 1
    try:
        task.python_callable()
        ok = True
    except AirflowFailException:
        break
    except Exception as error:
        assert "lock" in str(error)
print("ok" if ok else "failed")
""",
    "dagster": """
import time
time.sleep = lambda seconds: None
import archive_check
assert archive_check.defs.get_job_def("archive_check")
done = archive_check.archive_check.execute_in_process(raise_on_error=False)
print("ok" if done.success else "failed")
""",
    "prefect": """
import archive_check
archive_check.validate.retry_delay_seconds = 0
state = archive_check.archive_check(return_state=True)
print("ok" if state.is_completed() else "failed")
""",
}


def program(name: str) -> str:
    page = (HOW_TO / f"validate-from-{name}.md").read_text(encoding="utf-8")
    pattern = r"^```python file=archive_check\.py\n(.*?)^```$"
    (code,) = re.findall(pattern, page, re.DOTALL | re.MULTILINE)
    return code


@pytest.mark.parametrize("name", DRIVERS)
def test_it_compiles(name):
    code = compile(program(name), name, "exec")
    assert "archive_check" in code.co_names


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="the program it starts is a shell script")
@pytest.mark.parametrize("name", DRIVERS)
@pytest.mark.parametrize(
    ("statuses", "end", "runs"),
    [("0", "ok", 1), ("4", "failed", 1), ("11 11 0", "ok", 3), ("11 11 11 11 0", "failed", 4)],
)
def test_it_runs(name, statuses, end, runs, tmp_path):
    python = os.environ.get(f"PYTHON_WITH_{name.upper()}", sys.executable)
    if python == sys.executable and importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed")
    code = program(name).replace("\narchive_check()\n", "\ndag_made = archive_check()\n")
    (tmp_path / "archive_check.py").write_text(code, encoding="utf-8")
    (tmp_path / "left").write_text("\n".join(statuses.split()) + "\n")
    stub = tmp_path / "archiver"
    stub.write_text(
        '#!/bin/sh\ncd "$(dirname "$0")"\necho "$@" >> called\n'
        "status=$(head -n 1 left)\nsed -i.old 1d left\nexit $status\n"
    )
    stub.chmod(0o755)
    assert shutil.which("sed")
    environ = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": str(tmp_path),
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__UNIT_TEST_MODE": "True", "DAGSTER_HOME": str(tmp_path),
        "PREFECT_HOME": str(tmp_path), "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "200",
        "DAGSTER_DISABLE_TELEMETRY": "true", "LC_ALL": "C.UTF-8",
    }  # fmt: skip
    done = subprocess.run(
        [python, "-c", DRIVERS[name]], cwd=tmp_path, env=environ, capture_output=True,
        text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.splitlines()[-1] == end, done.stdout + done.stderr
    called = (tmp_path / "called").read_text().splitlines()
    assert called == ["validate /srv/archive --max-age=30d --max-duration=2h"] * runs
