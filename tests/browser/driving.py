"""How a test starts the app, gives it a photo, and looks at what is on the screen."""

import io
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.card import BUNDLE_VARIABLE
from tests.support.analyse_page import drawn_photo

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = "--no-sandbox --disable-gpu --disable-quic --disable-background-networking"
QUIET += " --disable-component-update --disable-sync"
DESK, TABLET, PHONE = {"width": 1280, "height": 800}, {"width": 1024, "height": 768}, {"width": 390, "height": 844}
PATIENCE_SECONDS = 300  # the first answer waits for the model, long on a machine that is busy with other things
AXE = ROOT / "tests/browser/node_modules/axe-core/axe.min.js"  # .ci/run puts it there


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


def wait_until_healthy(address: str, server: subprocess.Popen) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail("the app did not start")


def serve(bundle: Path, log: Path):
    """Run the app as a person would, and yield its address."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}"]
    environment = os.environ | {BUNDLE_VARIABLE: str(bundle)}
    with log.open("wb") as output:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_until_healthy(f"http://localhost:{port}", server)
        yield f"http://localhost:{port}"
    finally:
        server.kill()  # a polite end waits for scripts that nobody reads any more
        server.wait()


def upload(page, name: str = "photo.jpg", data: bytes | None = None) -> None:
    file = {"name": name, "mimeType": "image/jpeg", "buffer": data or drawn_photo()}
    page.locator("input[type=file]").first.set_input_files(file)


def settled(page) -> None:
    """Wait until the script has run to its end, nothing fades any more, and every picture and chart is drawn."""
    page.wait_for_timeout(300)  # a click takes a moment to start the script
    page.wait_for_function(
        """() => document.querySelector('[data-testid="stApp"][data-test-script-state="notRunning"]')
            && !document.querySelector('[data-stale="true"], [data-testid="stSkeleton"], .reading')
            && document.getAnimations().every(one => one.effect.getTiming().iterations === Infinity)
            && [...document.querySelectorAll('[class*="_picture"] img')].every(picture => picture.complete)
            && [...document.querySelectorAll('.stPlotlyChart')].every(chart => chart.querySelector('.main-svg'))"""
    )


def open_every_place(page):
    """Open each view of a page, and each part of a view that has parts; yield its name when it is settled."""
    views = page.locator("[data-testid=stButtonGroup]").first.get_by_role("radio")
    for view in range(views.count()):
        views.nth(view).click()
        settled(page)
        parts = page.locator("[class*='_part'][class*='st-key-']").get_by_role("radio")
        if not parts.count():
            yield views.nth(view).inner_text()
        for part in range(parts.count()):
            parts.nth(part).click()
            settled(page)
            yield f"{views.nth(view).inner_text()}, {parts.nth(part).inner_text()}"


def screens(page) -> float:
    """Return how many heights of the screen a page is long."""
    return page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight / innerHeight")


def words(page) -> int:
    return len(page.locator("[data-testid=stMain]").inner_text().split())


def words_before_chart(page) -> int:
    """Return how many words a view has before its first chart; all of them where it has none."""
    return page.evaluate(
        """() => {
            const main = document.querySelector('[data-testid=stMain]'), chart = main.querySelector('.stPlotlyChart');
            const range = document.createRange();
            range.selectNodeContents(main);
            if (chart) range.setEndBefore(chart);
            return range.toString().split(/\\s+/).filter(Boolean).length;
        }"""
    )


def answer(page) -> None:
    """Wait until the probabilities, both pictures and all controls are there."""
    page.locator(".differential").wait_for()
    page.wait_for_function(
        """() => ['photo', 'map'].every(name =>
            document.querySelector(`.st-key-${name}_picture img`)?.naturalWidth > 0)"""
    )
    settled(page)


def on_screen(page, name: str) -> np.ndarray:
    """Pixels of the photo or the map as the screen shows them, (height, width, 3)."""
    shot = page.locator(f".st-key-{name}_picture img").screenshot()
    return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).astype(int)


def changed_share(first: np.ndarray, second: np.ndarray) -> float:
    """Share of pixels that differ by more than JPEG noise; the frame's line is part of it."""
    height, width = np.minimum(first.shape, second.shape)[:2]
    return (np.abs(first[:height, :width] - second[:height, :width]).max(axis=-1) > 24).mean()


def box(page, selector: str) -> dict:
    return page.locator(selector).first.bounding_box()


def saved(page, button: str) -> bytes:
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    return Path(download.value.path()).read_bytes()


def cut_off(page) -> list[str]:
    """What of the page's visible parts reaches beyond its own box or the screen's edges."""
    return page.evaluate(
        """() => [...document.querySelectorAll(
                '[data-testid="stMain"] :is(button, input:not([type=range]), p, b, img, td, th, .scale)')]
            .filter(part => {
                const place = part.getBoundingClientRect();
                if (!part.checkVisibility() || part.closest('.wide, .unseen') || place.width <= 1) return false;
                const clipped = part.matches('button, p, .scale') && part.scrollWidth > part.clientWidth + 1;
                return place.left < 0 || place.right > innerWidth + 1 || clipped;
            }).map(part => part.outerHTML.slice(0, 120))"""
    )


def serious_findings(page) -> list[str]:
    """What axe-core calls serious or critical on the page as it is; nothing where it is not installed."""
    if not AXE.is_file():
        return []
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document)")["violations"]
    return [
        f"{rule['id']}: {node['html'][:150]}"
        for rule in found
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]
