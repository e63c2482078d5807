"""Networks as flat functional graphs: photo in [0, 255] -> normalisation -> trunk -> pooling -> logits -> softmax.

Flat, because Grad-CAM libraries cannot see into a nested model; pooling and one dense layer at the end, because
then Grad-CAM has a closed form that the application computes together with the answer.
"""

from collections.abc import Callable
from pathlib import Path

import keras

IMAGENET, NO_WEIGHTS = "imagenet", "none"


class WeightsError(Exception):
    """Pretrained weights are missing or belong to another network."""


def _photo(size: int) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    photo = keras.Input((size, size, 3), name="photo")
    return photo, keras.layers.Rescaling(1 / 127.5, offset=-1, name="normalise")(photo)


def _applications_weights(weights: str) -> str | None:
    return {IMAGENET: "imagenet", NO_WEIGHTS: None}.get(weights, weights)


def _head(photo, features, classes: int, dropout: float) -> keras.Model:
    pooled = keras.layers.GlobalAveragePooling2D(name="pool")(features)
    if dropout:
        pooled = keras.layers.Dropout(dropout, name="drop")(pooled)
    # float32 even under mixed precision: the softmax of bfloat16 logits loses the third digit
    logits = keras.layers.Dense(classes, name="logits", dtype="float32")(pooled)
    return keras.Model(photo, keras.layers.Activation("softmax", name="probabilities", dtype="float32")(logits))


def mobilenetv2(size: int, classes: int, weights: str = IMAGENET, dropout: float = 0.2) -> keras.Model:
    """MobileNetV2 (Sandler 2018), 2.3 M parameters, features 1/32 of the input."""
    photo, scaled = _photo(size)
    trunk = keras.applications.MobileNetV2(
        include_top=False, weights=_applications_weights(weights), input_tensor=scaled
    )
    for layer in trunk.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.95  # Keras ships .999: with a few hundred steps an epoch its statistics lag behind
    return _head(photo, trunk.output, classes, dropout)


def resnet50v2_conv4(size: int, classes: int, weights: str = IMAGENET, dropout: float = 0.2) -> keras.Model:
    """ResNet50V2 (He 2016) to the end of its fourth stage, 8.6 M parameters, features 1/32 of the input.

    Batch normalisation stays as it was pretrained: fine-tuning with frozen statistics is twice as fast on a CPU,
    works with small batches and cannot drift from what is served. ``weights`` may be a Keras file of this trunk.
    """
    photo, scaled = _photo(size)
    full = keras.applications.ResNet50V2(
        include_top=False, weights="imagenet" if weights == IMAGENET else None, input_tensor=scaled
    )
    features = full.get_layer("conv5_block1_preact_relu").output
    model = _head(photo, features, classes, dropout)
    if weights not in (IMAGENET, NO_WEIGHTS):
        _copy_by_name(weights, model)
    _freeze_batch_normalisation(model)
    return model


def _copy_by_name(path: str, model: keras.Model) -> None:
    if not Path(path).is_file():
        raise WeightsError(f"Pretrained weights {path} are missing; give 'imagenet', 'none' or a file.")
    source = keras.models.load_model(path, compile=False)
    for layer in source.layers:
        if not layer.weights:
            continue
        try:
            model.get_layer(layer.name).set_weights(layer.get_weights())
        except ValueError as error:
            raise WeightsError(f"{path} does not fit this network at layer {layer.name}: {error}") from error


def _freeze_batch_normalisation(model: keras.Model) -> None:
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False


def tiny(size: int, classes: int, weights: str = NO_WEIGHTS, dropout: float = 0.0) -> keras.Model:
    """Four small convolutions for rehearsals and tests; trains in seconds."""
    photo, features = _photo(size)
    for filters in (16, 32, 48, 64):
        features = keras.layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(features)
    return _head(photo, features, classes, dropout)


ARCHITECTURES: dict[str, Callable[..., keras.Model]] = {
    "mobilenetv2": mobilenetv2,
    "resnet50v2_conv4": resnet50v2_conv4,
    "tiny": tiny,
}


def logits_model(model: keras.Model) -> keras.Model:
    """Return the same network up to its logits, for losses that need them; the layers are shared, not copied."""
    return keras.Model(model.input, model.get_layer("logits").output)
