"""The benchmark measures what it says, and its table adds up."""

import re
import shutil

import pytest

from benchmarks import backends, engines, speed, throughput
from model.network.engines import ONNX_RUNTIME, TENSORFLOW
from training.recipe import load_recipe

NAMES = (speed.UPLOAD, speed.PHONE, speed.ONE_PASS, speed.BARE, speed.PREDICT, speed.GRADCAM, speed.PLAIN)


def test_one_run_times_every_way_and_gives_ratios(bundle_in_use, capsys):
    assert speed.main(["--repeats", "1"]) == 0
    printed = capsys.readouterr().out
    for name in NAMES:
        assert name in printed
    seconds, megabytes = re.search(r"comes ([\d.]+) s after its start.* holds (\d+) MB at most", printed).groups()
    assert 0.5 < float(seconds) < 600
    assert 100 < float(megabytes) < 600, (
        "Streamlit and pandas alone take more than the lower, TensorFlow than the upper"
    )


def test_medians_are_of_the_counted_calls_only(monkeypatch):
    clock = iter([0, 9, 0, 9, 0, 1, 0, 2, 0, 6])  # two calls to warm up, then 1, 2 and 6 seconds
    monkeypatch.setattr(speed.time, "perf_counter", lambda: next(clock))
    assert speed.measure({"way": lambda: None}, repeats=3) == {"way": 2000}


def test_ratio_compares_both_plain_calls_with_one_pass():
    printed = speed.table(dict(zip(NAMES, (30, 60, 20, 18, 65, 495, 5), strict=True)))
    assert "28.0 times as long as the one-pass way" in printed


@pytest.mark.parametrize(("plain", "said"), [(5, "4.0 times as long as the plain network, within"), (2, "10.0 times")])
def test_one_pass_is_held_against_the_plain_network(plain, said):
    printed = speed.table(dict(zip(NAMES, (30, 60, 20, 18, 65, 495, plain), strict=True)))
    assert said in printed
    assert ("ABOVE the limit of 5" in printed) == (plain == 2)


@pytest.mark.parametrize(("upload", "said"), [(22, "1.22 times"), (40, "2.22 times")])
def test_a_photo_is_held_against_the_forward_pass(upload, said):
    printed = speed.table(dict(zip(NAMES, (upload, 60, 20, 18, 65, 495, 5), strict=True)))
    assert said in printed
    assert ("ABOVE the limit of 1.3" in printed) == (upload == 40)


def test_an_app_that_answers_nothing_has_no_memory_figure(tmp_path):
    assert "not measured" in speed.new_user(tmp_path)


def test_rates_are_multiples_of_the_former_way(monkeypatch):
    clock = iter([0, 10, 0, 4] * throughput.ROUNDS)
    monkeypatch.setattr(throughput.time, "perf_counter", lambda: next(clock))
    rates = throughput.measure({"former": lambda: 100, "served": lambda: 100})
    assert rates == {"former": 10, "served": 25}
    monkeypatch.setattr(throughput, "cores", lambda: 2)
    rows = throughput.table(rates).splitlines()
    assert rows[2].split() == ["served", "25.0", "2.50", "22"]


def test_both_ways_answer_every_photo(bundle_in_use, capsys):
    assert throughput.main(["--photos", "3"]) == 0
    assert len(re.findall(r"^(?:TensorFlow|served).* [\d.]+ ", capsys.readouterr().out, re.MULTILINE)) == 2


def test_an_engine_is_a_share_of_tensorflow():
    costs = {TENSORFLOW: engines.Cost(8.0, 800_000_000, 0.1), "onnx": engines.Cost(2.0, 200_000_000, 0.05)}
    assert engines.table(costs).splitlines()[-1].split() == ["onnx", "2.00", "0.25", "200", "0.25", "50.0", "0.50"]


def test_engines_are_started_and_asked_in_turn():
    calls = []

    class Scripted:
        def __init__(self, name):
            self.name, self.ready, self.times = name, 3.0, iter([9.0, 9.0, 1.0, 2.0, 6.0])
            calls.append(f"start {name}")

        def answer(self):
            calls.append(self.name)
            return next(self.times)

        def finish(self):
            calls.append(f"finish {self.name}")
            return 7

    costs = engines.measure(["a", "b"], Scripted, starts=2, repeats=3)
    assert costs["b"] == engines.Cost(ready=3.0, peak=7, answer=2.0)
    assert calls[:6] == ["start a", "start b", "finish a", "start a", "finish b", "start b"]
    assert calls[6:10] == ["a", "b", "a", "b"]


def test_an_engine_that_cannot_be_loaded_is_named_in_one_sentence(bundle_in_use, tmp_path, capsys):
    copy = shutil.copytree(bundle_in_use, tmp_path / "bundle")
    (copy / "network.onnx").unlink()
    assert engines.main(["--bundle", str(copy), "--worker", ONNX_RUNTIME, "--litert", str(tmp_path)]) == 1
    assert "restore it" in capsys.readouterr().err


@pytest.mark.parametrize(("engine", "least", "most"), [(TENSORFLOW, 3e8, 2e9), (ONNX_RUNTIME, 5e7, 3e8)])
def test_an_engine_answers_in_a_process_of_its_own(bundle_in_use, tmp_path, engine, least, most):
    worker = engines.Worker(engine, bundle_in_use, tmp_path)
    assert 0 < worker.answer() < 60
    assert worker.ready > 0
    assert least < worker.finish() < most, "TensorFlow alone takes more than 300 MB"


def test_a_backend_is_measured_in_a_process_of_its_own():
    assert 0 < backends.in_a_process(backends.TENSORFLOW, "mobilenetv2", 80, 2, 1) < 1e5


def test_networks_that_backends_are_measured_on_are_trunks_of_the_shipped_model():
    assert set(backends.NETWORKS) <= set(load_recipe("three_trunks_bundle").architecture_options["trunks"])


def test_backends_are_ratios_to_the_first():
    lines = backends.table({"tensorflow": 10.0, "torch": 15.0}).splitlines()
    assert lines[1].split() == ["tensorflow", "10.0", "1.00"] and lines[2].split() == ["torch", "15.0", "1.50"]
