"""The real app in a real browser: what is drawn, what is sent, what is logged.

LESIONSCOPE_SCREENSHOT=assets/screenshot.png makes the picture of the README, with the model that is shipped.
"""

import io
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image

from model.card import BUNDLE_VARIABLE, DEFAULT_BUNDLE
from tests.described import TABLES
from training.bundle import seal
from ui import about, about_wording, wording
from ui.navigation import PAGES

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "assets/samples/synthetic_mel.jpg"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = "--no-sandbox --disable-gpu --disable-quic --disable-background-networking"
QUIET += " --disable-component-update --disable-sync"
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
PATIENCE_SECONDS = 300  # the first answer waits for the model, long on a machine that is busy with other things

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]


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


@pytest.fixture(scope="module")
def log(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("browser") / "server.log"


@pytest.fixture(scope="module")
def address(tiny_bundle, log):
    yield from serve(tiny_bundle, log)


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET.split())
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, address):
    """Return a function that opens the app in a fresh profile; complaints and requests are kept on the page."""
    contexts = []

    def open_page(viewport=DESK, at=address, **options):
        contexts.append(browser.new_context(viewport=viewport, **options))
        page = contexts[-1].new_page()
        page.set_default_timeout(1000 * PATIENCE_SECONDS)
        page.complaints, page.requested = [], []
        page.on("console", lambda message: page.complaints.append(message.text) if message.type == "error" else 0)
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("request", lambda request: page.requested.append(request.url))
        page.goto(at)
        page.get_by_role("heading", name=wording.DROP).wait_for()
        return page

    yield open_page
    for context in contexts:
        context.close()


def upload(page, name: str = "photo.jpg", data: bytes | None = None):
    file = {"name": name, "mimeType": "image/jpeg", "buffer": data or SAMPLE.read_bytes()}
    page.locator("input[type=file]").first.set_input_files(file)


def answer(page) -> None:
    """Wait until the probabilities, both pictures and all controls are there."""
    page.locator(".differential").wait_for()
    page.wait_for_function(
        """() => ['photo', 'map'].every(name =>
            document.querySelector(`.st-key-${name}_picture img`)?.naturalWidth > 0)
            && !document.querySelector('[data-testid="stStatusWidget"], [data-testid="stSkeleton"]')"""
    )


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


def test_an_upload_is_answered_with_an_overlay_that_is_really_drawn(visit, log):
    page = visit()
    upload(page, name="mueller_hans.jpg")
    answer(page)
    photo, heat = on_screen(page, "photo"), on_screen(page, "map")
    opacity = page.get_by_role("slider", name=wording.OPACITY)
    opacity.focus()
    opacity.press("Home")
    page.wait_for_function(
        "before => document.querySelector('.st-key-map_picture img').src !== before",
        arg=page.locator(".st-key-map_picture img").get_attribute("src"),
    )
    answer(page)
    bare = on_screen(page, "map")
    assert changed_share(photo, bare) < 0.05
    assert changed_share(heat, bare) > changed_share(photo, bare) + 0.02

    assert page.locator(".differential th[scope=row]").count() == 7
    assert "mueller" not in page.inner_text("body")
    assert "mueller" not in log.read_text()
    assert page.complaints == []
    outside = {url for url in page.requested if urlsplit(url).hostname not in ("localhost", None)}
    assert outside == set()


def test_overlay_and_result_can_be_saved(visit):
    page = visit()
    upload(page)
    answer(page)
    result = json.loads(saved(page, wording.SAVE_RESULT))
    assert sum(entry["probability"] for entry in result["classes"]) == pytest.approx(1)
    overlay = Image.open(io.BytesIO(saved(page, wording.SAVE_OVERLAY)))
    assert overlay.format == "PNG"
    assert overlay.size == (800, 600)


def saved(page, button: str) -> bytes:
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    return Path(download.value.path()).read_bytes()


def test_the_answer_fits_on_one_screen_with_the_disclaimer(visit):
    page = visit()
    upload(page)
    answer(page)
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight") <= DESK["height"]
    strip = box(page, ".disclaimer")
    assert strip["y"] + strip["height"] <= DESK["height"]
    for part in (".differential", ".st-key-map_controls", ".st-key-frame_controls", ".st-key-details"):
        shown = box(page, part)
        assert shown["y"] + shown["height"] <= strip["y"]
    photo, chart = box(page, ".st-key-photo_picture img"), box(page, ".differential")
    assert photo["width"] * photo["height"] > chart["width"] * chart["height"]


def test_a_phone_shows_one_column_in_reading_order(visit):
    page = visit(PHONE)
    upload(page)
    answer(page)
    parts = (".st-key-photo_picture", ".differential", ".st-key-map_picture", ".st-key-details")
    tops = [box(page, part)["y"] for part in parts]
    assert tops == sorted(tops)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert box(page, ".disclaimer")["y"] < PHONE["height"]


def test_a_file_that_is_no_photo_gets_one_sentence(visit):
    page = visit(color_scheme="dark")
    upload(page, name="mueller_hans.jpg", data=b"%PDF-1.7 no photo")
    alert = page.get_by_role("alert")
    alert.wait_for()
    assert alert.count() == 1
    assert alert.inner_text().strip().endswith(".")
    assert "mueller" not in page.inner_text("body")
    assert page.complaints == []


@pytest.fixture(scope="module")
def described_address(tiny_bundle, tmp_path_factory):
    """The app with a bundle that also holds the tables of the pages on images and method."""
    folder = tmp_path_factory.mktemp("described")
    bundle = shutil.copytree(tiny_bundle, folder / "bundle")
    for name, table in TABLES.items():
        table.to_csv(bundle / name, index=False)
    seal(bundle)
    yield from serve(bundle, folder / "server.log")


def settled(page) -> None:
    """Wait until the script has run to its end and every chart is drawn."""
    page.wait_for_timeout(300)  # a click takes a moment to start the script
    page.wait_for_function(
        """() => !document.querySelector('[data-testid="stStatusWidget"], [data-testid="stSkeleton"]')
            && [...document.querySelectorAll('.stPlotlyChart')].every(chart => chart.querySelector('.main-svg'))"""
    )


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_a_walk_over_every_page_and_section_meets_no_error(visit, described_address, viewport):
    page = visit(at=described_address, color_scheme="dark" if viewport is PHONE else "light")
    links = page.locator("[data-testid=stTopNavLink]")
    assert links.count() == len(PAGES)
    for _, title in PAGES[1:]:
        page.set_viewport_size(DESK)  # where the menu lies open
        links.filter(has_text=title).click()
        page.get_by_role("heading", level=1, name=title).wait_for()
        page.set_viewport_size(viewport)
        settled(page)
        sections = page.locator("[data-testid=stButtonGroup]").first.get_by_role("radio")
        for place in range(sections.count()):
            sections.nth(place).click()
            settled(page)
            assert page.locator("[data-testid=stException]").count() == 0, title
            assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], title
        assert page.locator(".disclaimer").is_visible()
        assert page.complaints == [], title
    outside = {url for url in page.requested if urlsplit(url).hostname not in ("localhost", None)}
    assert outside == set()
    # A file that stands ready is fetched when its button is drawn, and is a 404 where the reader has gone on by then.
    assert [url for url in page.requested if "/media/" in url and url.endswith((".csv", ".json"))] == []


def test_table_and_card_can_be_saved(visit, tiny_bundle):
    page = visit()
    title = dict(PAGES)["pages/about.py"]
    page.locator("[data-testid=stTopNavLink]").filter(has_text=title).click()
    page.get_by_role("heading", level=1, name=title).wait_for()
    settled(page)
    assert saved(page, about_wording.SAVE) == about.ITEMS.read_bytes()
    assert json.loads(saved(page, about_wording.SAVE_CARD)) == json.loads((tiny_bundle / "card.json").read_text())


def test_an_address_that_a_server_is_asked_for_first_is_known_and_framed(browser, tiny_bundle, tmp_path):
    for at in serve(tiny_bundle, tmp_path / "server.log"):
        page = browser.new_page()
        page.set_default_timeout(1000 * PATIENCE_SECONDS)
        page.goto(f"{at}/evaluation")
        page.get_by_role("heading", name="Evaluation", exact=True).wait_for()
        page.locator(".disclaimer").wait_for()
        assert page.get_by_role("dialog").count() == 0
        page.close()


@pytest.mark.skipif("LESIONSCOPE_SCREENSHOT" not in os.environ, reason="LESIONSCOPE_SCREENSHOT is not set")
def test_screenshot_for_the_readme(visit, tmp_path):
    for at in serve(DEFAULT_BUNDLE, tmp_path / "server.log"):
        page = visit(at=at, color_scheme="light")
        upload(page)
        answer(page)
        page.mouse.move(0, 0)
        page.screenshot(path=ROOT / os.environ["LESIONSCOPE_SCREENSHOT"])
