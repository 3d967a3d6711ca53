"""The model of a very large run: sums that can be done by hand, and one real measurement."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
NAMES = (
    *("entry bytes", "summary bytes", "checkpoint bytes", "checkpoint CPU", "commit CPU"),
    *("manifest bytes", "open CPU", "open memory", "ingest memory"),
)
REQUESTS = {
    "writes a version": 6.0,
    "listings a version": 4.0,
    "writes a checkpoint": 2.0,
    "writes a part": 1.0,
    "reads to open": 10.0,
    "reads to validate, a version": 1.0,
    "reads to validate, a part": 1.0,
}


@pytest.fixture
def model(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import scale_model

    yield scale_model
    sys.modules.pop("scale_model")


@pytest.fixture
def costs(model):
    lines = dict.fromkeys(NAMES, model.Line(0.0, 1.0, 0.0))
    return model.Costs(
        *(1e4, 5e3, 1e6, lines, ()), unpacked=1e4, requests=REQUESTS, driven={"pool": 2e7}
    )


def plan(model, **changes):
    sizes = {
        "archives": 1,
        "part_bytes": 5e5,
        "part_unpacked": 1e9,
        "version_documents": 1000,
        "version_bytes": 1e9,
    }
    return model.Plan("a plan", **{**sizes, **changes})


def test_a_plan_by_hand(model, costs):
    # 10 GB in documents of 10 kB: 1 million, in 10,000 parts and 1,000 versions.
    told = model.project(plan(model), costs, model.Assumed(bytes=1e10, cores=10))
    assert told["documents, of all"] == 1e6
    assert told["parts, of all"] == 1e4
    assert told["versions of an archive"] == 1000
    assert told["a part, MB"] == pytest.approx(0.5)
    assert told["log of an archive, MB"] == pytest.approx(1e4 / 1e6)
    assert told["CPU of the last commit, s"] == 1e4
    # On average half of the parts are there; one commit in ten writes a checkpoint.
    assert told["core hours of commits, of all"] * 3600 == pytest.approx(1.1 * 1000 * 5000)
    assert told["core hours of cleaning, of all"] * 3600 == pytest.approx(1e4)
    assert told["days of cleaning with these cores"] * 86_400 == pytest.approx(1e3)


def test_more_archives_cost_less_at_each_commit_and_the_same_in_all(model, costs):
    assumed = model.Assumed(bytes=1e10)
    one = model.project(plan(model), costs, assumed)
    ten = model.project(plan(model, archives=10), costs, assumed)
    assert ten["parts, of all"] == one["parts, of all"]
    assert ten["CPU of the last commit, s"] == pytest.approx(one["CPU of the last commit, s"] / 10)
    share = ten["core hours of commits, of all"] / one["core hours of commits, of all"]
    assert share == pytest.approx(0.1)
    assert ten["dollars a month: storage"] == pytest.approx(one["dollars a month: storage"])


def test_large_parts_are_uploaded_in_pieces(model, costs):
    # One part of 5 GB, in pieces of 1 GB: five, and two requests around them.
    sizes = {"part_bytes": 1e12, "part_unpacked": 1e12, "version_documents": 1e6}
    whole = plan(model, **sizes, version_bytes=1e12)
    told = model.project(whole, costs, model.Assumed(bytes=1e10, upload=1e9))
    # A version, its listings and a tenth of a checkpoint.
    others = 6 + 4 + 2 / 10
    assert told["writing requests, millions, of all"] * 1e6 == pytest.approx(7 + others, abs=2e-3)


def test_a_version_ends_its_last_part_and_one_run_feeds_so_many_cores(model, costs):
    small = plan(model, part_bytes=1e12, part_unpacked=1e12)
    told = model.project(small, costs, model.Assumed(bytes=1e10))
    assert told["parts, of all"] == told["versions of an archive"] == 1000
    assert told["cores that one run keeps busy, at most"] == 20
    days = told["days of cleaning with these cores, such runs side by side at most"]
    assert days * 86_400 == pytest.approx(1e4 / 20)


@pytest.mark.slow
def test_requests_to_a_store_are_those_of_a_commit(monkeypatch, tmp_path):
    pytest.importorskip("obstore", reason="the extra for object stores is not installed")
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import scale_store

    try:
        asked = scale_store.store_requests(tmp_path)
    finally:
        sys.modules.pop("scale_store")
    assert asked["writes a part"] == asked["reads to validate, a part"] == 1
    assert asked["reads to open, a part"] == asked["reads a version"] == 0
    assert 4 <= asked["writes a version"] <= 12
    assert asked["writes a checkpoint"] > 1


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the kernel does not tell memory there")
def test_what_is_measured_grows_with_the_archive():
    words = [sys.executable, str(BENCHMARKS / "scale.py"), "--parts", "10", "60", "--json"]
    done = subprocess.run(
        [*words, "--profile", "safe", "--bytes", "1e12", "--put", "0.01"],
        check=True,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    told = json.loads(done.stdout)
    small, large = (one for one in told["costs"]["seen"] if one["documents"] == one["parts"])
    for name in ("entry bytes", "summary bytes", "checkpoint bytes", "manifest bytes"):
        assert large[name] > small[name] > 0, name
    assert told["costs"]["lines"]["entry bytes"]["document"] > 5, "a mark of six digits each"
    assert told["assumed"]["put"] == 0.01
    assert next(one["plan"] for one in told["plans"]) == "one archive, as shipped"
    assert all(one["documents, of all"] > 1e7 for one in told["plans"])
    assert told["costs"]["driven"]["pool"] > told["costs"]["speed"]
