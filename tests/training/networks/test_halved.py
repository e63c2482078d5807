"""The packed weights: large kernels in half precision, everything else as it was trained."""

import io
import zipfile

import h5py
import keras
import numpy as np

from training.bundle import LARGE_KERNEL, save_halved


def network() -> keras.Model:
    keras.utils.set_random_seed(3)
    photo = keras.Input((8, 8, 64))
    values = keras.layers.Conv2D(256, 3, name="large")(photo)
    values = keras.layers.BatchNormalization(name="normalised")(values)
    return keras.Model(photo, keras.layers.Dense(7, name="logits")(keras.layers.GlobalAveragePooling2D()(values)))


def test_large_kernels_are_rounded_to_half_precision_and_nothing_else_changes(tmp_path):
    trained = network()
    trained.save(tmp_path / "trained.keras")
    save_halved(tmp_path / "trained.keras", tmp_path / "packed.keras")
    packed = keras.models.load_model(tmp_path / "packed.keras", compile=False)
    rounded = 0
    for ours, theirs in zip(trained.get_weights(), packed.get_weights(), strict=True):
        assert theirs.dtype == np.float32
        large = ours.size >= LARGE_KERNEL
        rounded += large
        expected = ours.astype(np.float16).astype(np.float32) if large else ours
        assert np.array_equal(theirs, expected)
    assert rounded == 1
    assert (tmp_path / "packed.keras").stat().st_size < 0.6 * (tmp_path / "trained.keras").stat().st_size


def test_the_packed_file_is_a_keras_file_whose_halves_are_stored(tmp_path):
    network().save(tmp_path / "trained.keras")
    save_halved(tmp_path / "trained.keras", tmp_path / "packed.keras")
    with zipfile.ZipFile(tmp_path / "trained.keras") as one, zipfile.ZipFile(tmp_path / "packed.keras") as other:
        assert one.namelist() == other.namelist()
        assert one.read("config.json") == other.read("config.json")
        stored = h5py.File(io.BytesIO(other.read("model.weights.h5")))
    kinds = set()
    stored.visititems(lambda _, item: kinds.add(item.dtype.str) if isinstance(item, h5py.Dataset) else None)
    assert kinds == {"<f2", "<f4"}
