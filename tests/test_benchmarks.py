"""The benchmark measures what it says, and its table adds up."""

from benchmarks import speed


def test_one_run_times_every_way_and_gives_ratios(bundle_in_use, capsys):
    assert speed.main(["--repeats", "1"]) == 0
    printed = capsys.readouterr().out
    for name in (speed.UPLOAD, speed.PHONE, speed.ONE_PASS, speed.PREDICT, speed.GRADCAM):
        assert name in printed


def test_medians_are_of_the_counted_calls_only(monkeypatch):
    clock = iter([0, 9, 0, 9, 0, 1, 0, 2, 0, 6])  # two calls to warm up, then 1, 2 and 6 seconds
    monkeypatch.setattr(speed.time, "perf_counter", lambda: next(clock))
    assert speed.measure({"way": lambda: None}, repeats=3) == {"way": 2000}


def test_ratio_compares_both_plain_calls_with_one_pass():
    names = (speed.UPLOAD, speed.PHONE, speed.ONE_PASS, speed.PREDICT, speed.GRADCAM)
    printed = speed.table(dict(zip(names, (30, 60, 20, 65, 495), strict=True)))
    assert printed.endswith("28.0 times as long as the one-pass way")
