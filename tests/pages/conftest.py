"""Bundles that the pages are tested with: one whose every table is known, one with levels, one that refuses."""

import functools

import pytest
from streamlit.components.v2 import manifest_scanner

from model.card import BUNDLE_VARIABLE
from tests.support.analyse_page import SAMPLE, gated_bundle, judged_bundle, open_app
from tests.support.measured import build_measured, open_page


@pytest.fixture(scope="session", autouse=True)
def packages_scanned_once():
    """Each session under test looks through all installed packages for components; they stay the same."""
    with pytest.MonkeyPatch.context() as patch:
        once = functools.cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", once)
        yield


@pytest.fixture(scope="session")
def measured_bundle(tmp_path_factory):
    """A card and every results table; tests that change one copy it first."""
    return build_measured(tmp_path_factory.mktemp("bundles") / "measured")


@pytest.fixture
def page(measured_bundle, monkeypatch):
    """A fresh session on the evaluation page."""
    monkeypatch.setenv(BUNDLE_VARIABLE, str(measured_bundle))
    return open_page()


@pytest.fixture(scope="session")
def judged(tiny_bundle, tmp_path_factory):
    """The small network with levels, a rule, sets and what was measured of them."""
    return judged_bundle(tiny_bundle, tmp_path_factory.mktemp("bundles") / "judged")


@pytest.fixture(scope="session")
def gated(judged, tmp_path_factory):
    """The same, with a gate that refuses every photo."""
    return gated_bundle(judged, tmp_path_factory.mktemp("bundles") / "gated")


@pytest.fixture
def app(judged, monkeypatch):
    """A fresh session on the page that answers photos."""
    monkeypatch.setenv(BUNDLE_VARIABLE, str(judged))
    return open_app()


@pytest.fixture
def answered(app):
    """The same after a sample."""
    return app.button(key=SAMPLE).click().run()
