"""Spoilt files of every format: a photo or one sentence, within seconds and bounded memory, whatever they hold.

Some hundred files in every run of the checks. Twenty thousand others, a minute or a few:

    LESIONSCOPE_MUTATED=20000 python -m pytest tests/model/photo/test_mutated_photos.py -s
"""

import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some

from tests.support.mutated import ALLOWED_MB, KINDS, SLOWEST, files, reader, real_files, spoil

MUTATED = int(os.environ.get("LESIONSCOPE_MUTATED", 800))
USUAL = "LESIONSCOPE_MUTATED" not in os.environ
FORMATS = {"JPEG", "PNG", "TIFF", "WEBP", "GIF", "BMP", "DIB", "HEIF", "AVIF", "JPEG2000", "MPO"}
CHANGE = some.tuples(some.sampled_from(sorted(KINDS)), some.floats(0, 1), some.integers(0, 2**20))
pytestmark = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux to read peak memory")


@pytest.fixture(scope="module")
def originals(lesion) -> dict[str, bytes]:
    return files(lesion) | real_files()


def test_every_format_is_among_the_originals_and_reads_well(originals):
    assert {name.split()[0] for name in originals} == FORMATS
    with reader() as process:
        told = {name: process.read(data) for name, data in originals.items()}
    assert {name: one.said for name, one in told.items() if one.said != "uint8 3"} == {}


def test_a_spoilt_file_is_a_photo_or_one_sentence(originals):
    counts, peaks = Counter(), []
    names = sorted(originals)
    with reader() as process:

        @settings(
            max_examples=MUTATED,
            derandomize=USUAL,
            database=None,
            deadline=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        )
        @given(some.sampled_from(names), some.lists(CHANGE, min_size=1, max_size=4))
        def check(name, changes):
            told = process.read(spoil(originals[name], changes))
            counts[name.split()[0], told.said] += 1
            peaks.append((told.megabytes, told.seconds))
            assert told.said == "uint8 3" or told.said.isidentifier(), (name, changes, told.said)
            assert told.seconds < SLOWEST, (name, changes)
            assert told.megabytes < ALLOWED_MB, (name, changes)

        check()
    print(f"{sum(counts.values()):,} files", dict(sorted(counts.items())))
    print(f"at most {max(peaks)[0]:.0f} MB and {max(seconds for _, seconds in peaks):.1f} seconds")
    assert len({kind for kind, said in counts if said == "uint8 3"}) > len(FORMATS) / 2  # not all is refused at once
