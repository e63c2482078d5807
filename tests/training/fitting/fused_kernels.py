"""Train a small network with and without the fused kernels and print how far apart they end; see test_backends."""

import json

import keras
import numpy as np

from training.networks.pytorch import use_fused_kernels


def trained() -> dict[str, np.ndarray]:
    """Return all variables after two steps, one layer of batch normalisation being frozen."""
    keras.utils.set_random_seed(7)
    photo = keras.Input((24, 24, 3))
    inner = keras.layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False)(photo)
    inner = keras.layers.ReLU(6.0)(keras.layers.BatchNormalization()(inner))
    inner = keras.layers.DepthwiseConv2D(3, padding="same", use_bias=False)(inner)
    inner = keras.layers.ReLU(6.0)(keras.layers.BatchNormalization(momentum=0.9)(inner))
    inner = keras.layers.MaxPooling2D()(keras.layers.ZeroPadding2D(1)(inner))
    network = keras.Model(photo, keras.layers.Dense(3)(keras.layers.GlobalAveragePooling2D()(inner)))
    network.layers[2].trainable = False
    network.compile(keras.optimizers.SGD(0.1), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    random = np.random.default_rng(7)
    photos, labels = random.normal(size=(16, 24, 24, 3)).astype(np.float32), random.integers(0, 3, 16)
    for _ in range(2):
        network.train_on_batch(photos, labels)
    return {variable.path: variable.numpy() for variable in network.variables} | {
        "answers": network.predict(photos, verbose=0)
    }


plain = trained()
in_use = use_fused_kernels()
fused = trained()
distance = max(float(np.abs(a - b).max()) for a, b in zip(plain.values(), fused.values(), strict=True))
print(json.dumps({"in_use": in_use, "variables": len(plain), "distance": distance}))
