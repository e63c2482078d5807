"""A bundle of its own for each test, and the images that its systems are compared on."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from training.data.splits import INTERNAL_TEST


@pytest.fixture
def bundle(tiny_bundle, tmp_path) -> Path:
    return Path(shutil.copytree(tiny_bundle, tmp_path / "bundle"))


@pytest.fixture
def test_images(bundle) -> pd.DataFrame:
    splits = pd.read_csv(bundle / "dataset/splits.csv")
    return splits[splits.split == INTERNAL_TEST].reset_index(drop=True)
