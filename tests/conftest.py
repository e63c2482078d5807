"""What many tests share: a whole small bundle, its loaded model, and photos drawn by code."""

import gc
import io
import os
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from model.card import BUNDLE_VARIABLE, DEFAULT_BUNDLE

pillow_heif.register_heif_opener()  # so that files can be written too, whatever a test imports


def pytest_collection_finish():
    """Keep what was imported out of garbage collections: Streamlit asks for two of them in each run of a page."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory) -> Path:
    """A complete bundle with a small untrained network; tests that change one copy it first."""
    from tests.support.bundles import build_bundle

    return build_bundle(tmp_path_factory.mktemp("bundles") / "tiny")


@pytest.fixture(scope="session")
def analyser(tiny_bundle):
    """The small bundle's model, loaded once."""
    from model.pipeline import Analyser

    return Analyser(tiny_bundle)


@pytest.fixture(scope="session")
def shipped():
    """The model in the repository, loaded once."""
    from model.pipeline import Analyser

    return Analyser(DEFAULT_BUNDLE)


@pytest.fixture
def bundle_in_use(tiny_bundle, monkeypatch) -> Path:
    """Make the small bundle the one that the app and the command line serve."""
    monkeypatch.setenv(BUNDLE_VARIABLE, str(tiny_bundle))
    return tiny_bundle


@pytest.fixture(scope="session")
def lesion() -> np.ndarray:
    """A synthetic lesion that fills a landscape frame: uint8, shape (180, 240, 3)."""
    from training.synthetic.lesions import render_lesion

    return render_lesion("mel", np.random.default_rng(3), 240)[30:210]


@pytest.fixture(scope="session")
def encode():
    """Return a function that saves pixels, or a Pillow image, as the bytes of a file."""

    def to_bytes(picture, kind: str = "PNG", **options) -> bytes:
        buffer = io.BytesIO()
        image = Image.fromarray(picture) if isinstance(picture, np.ndarray) else picture
        image.save(buffer, kind, **options)
        return buffer.getvalue()

    return to_bytes


@pytest.fixture(scope="session")
def lesion_png(lesion, encode) -> bytes:
    """The synthetic lesion as a PNG file's bytes."""
    return encode(lesion)
