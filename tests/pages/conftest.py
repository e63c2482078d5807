"""The evaluation page of a bundle whose every table is known."""

import pytest

from model.card import BUNDLE_VARIABLE
from tests.measured import build_measured, open_page


@pytest.fixture(scope="session")
def measured_bundle(tmp_path_factory):
    """A card and every results table; tests that change one copy it first."""
    return build_measured(tmp_path_factory.mktemp("bundles") / "measured")


@pytest.fixture
def page(measured_bundle, monkeypatch):
    """A fresh session on the evaluation page."""
    monkeypatch.setenv(BUNDLE_VARIABLE, str(measured_bundle))
    return open_page()
