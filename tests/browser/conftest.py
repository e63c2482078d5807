"""The real app behind a real browser; every visit is a fresh profile."""

import shutil
from pathlib import Path

import pytest

from tests.browser.driving import CHROMIUM, DESK, PATIENCE_SECONDS, QUIET, serve
from tests.support.analyse_page import gated_bundle, judged_bundle
from tests.support.described import TABLES
from tests.support.measured import build_measured
from training.judging.sealing import seal
from ui.analyse import wording


@pytest.fixture(scope="session")
def served_bundle(tiny_bundle, tmp_path_factory):
    """The small network with levels and every table, so that all pages are full."""
    bundle = judged_bundle(tiny_bundle, tmp_path_factory.mktemp("served") / "bundle")
    for name, table in TABLES.items():
        table.to_csv(bundle / name, index=False)
    measured = build_measured(tmp_path_factory.mktemp("served") / "measured")
    for path in (measured / "results").glob("*.csv"):
        if not (bundle / "results" / path.name).exists():
            shutil.copy(path, bundle / "results" / path.name)
    seal(bundle)
    return bundle


@pytest.fixture(scope="session")
def log(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("browser") / "server.log"


@pytest.fixture(scope="session")
def address(served_bundle, log):
    yield from serve(served_bundle, log)


@pytest.fixture(scope="session")
def refusing_address(served_bundle, tmp_path_factory):
    """The app with a gate that refuses every photo."""
    folder = tmp_path_factory.mktemp("refusing")
    yield from serve(gated_bundle(served_bundle, folder / "bundle"), folder / "server.log")


@pytest.fixture(scope="session")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET.split())
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, address):
    """Return a function that opens the app in a fresh profile; complaints and requests are kept on the page."""
    contexts = []

    def open_page(viewport=DESK, at=address, heading=wording.DROP, **options):
        contexts.append(browser.new_context(viewport=viewport, **options))
        page = contexts[-1].new_page()
        page.set_default_timeout(1000 * PATIENCE_SECONDS)
        page.complaints, page.requested = [], []
        page.on("console", lambda message: page.complaints.append(message.text) if message.type == "error" else 0)
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("request", lambda request: page.requested.append(request.url))
        page.goto(at)
        page.get_by_role("heading", name=heading, exact=True).wait_for()
        return page

    yield open_page
    for context in contexts:
        context.close()


def pytest_collection_modifyitems(items):
    """Mark every test of this folder, and skip it where there is no browser."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None or shutil.which(CHROMIUM) is None:
                item.add_marker(pytest.mark.skip(reason="no Chromium is installed"))
