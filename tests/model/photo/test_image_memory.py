"""The largest photos that are accepted stay within 500 MB, measured by the kernel in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from model.photo.image import MAX_PIXELS, MAX_PIXELS_WEBP
from tests.support.profiles import profile

ROOT = Path(__file__).resolve().parents[3]
ALLOWED_MB = 500
TURNED = Image.Exif()
TURNED[0x0112] = 6
MEASURE = """
import json, sys
from pathlib import Path
from model.photo.image import read_photo

def status(field):
    [line] = [line for line in open("/proc/self/status") if line.startswith(field)]
    return int(line.split()[1]) / 1024

found = {}
for path in sorted(Path(sys.argv[1]).iterdir()):
    data = path.read_bytes()
    Path("/proc/self/clear_refs").write_text("5")
    before = status("VmRSS")
    photo = read_photo(data)
    found[path.name] = [status("VmHWM") - before, photo.original_size]
    del photo
print(json.dumps(found))
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux to read peak memory")
def test_the_largest_photos_stay_within_bounds(tmp_path):
    width, height = 8_064, 6_048  # a 48-megapixel phone
    assert 0.9 * MAX_PIXELS < width * height < MAX_PIXELS
    clear = Image.new("RGBA", (width, height), (200, 150, 100, 128))
    clear.save(tmp_path / "transparent.png", compress_level=1, exif=TURNED)
    clear.convert("RGB").save(tmp_path / "phone.jpg")
    clear.convert("RGB").save(tmp_path / "passes.jpg", progressive=True, subsampling=0, icc_profile=profile())
    deep = Image.new("I;16", (width, height), 1_000)
    deep.save(tmp_path / "deep.tif", compression="tiff_adobe_deflate")
    clear.crop((0, 0, 5_000, MAX_PIXELS_WEBP // 5_000)).save(tmp_path / "photo.webp", method=0, exif=TURNED)
    run = subprocess.run(
        [sys.executable, "-c", MEASURE, tmp_path], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found = json.loads(run.stdout)
    assert len(found) == 5
    assert {name: peak for name, (peak, _) in found.items() if peak > ALLOWED_MB} == {}
    assert found["phone.jpg"][1] == [width, height]
    assert found["transparent.png"][1] == [height, width]
