"""Networks as flat functional graphs: photo in [0, 255] -> normalisation -> trunk -> pooling -> logits -> softmax.

Flat, because Grad-CAM libraries cannot see into a nested model; pooling and one dense layer at the end, because
then Grad-CAM has a closed form that the application computes together with the answer.
"""

import dataclasses
import inspect
from collections.abc import Callable

import keras

from training.data.metadata import COLUMNS
from training.networks.blocks import ATTENTION, BATCH_MOMENTUM, dense_head, photo_input, pooled_head
from training.networks.efficientnet_lite import LITE, copy_lite, lite_features, read_state
from training.networks.pretrained import copy_by_name, copy_in_order, trunk_file
from training.networks.small_networks import cnn, dense, tiny, vgg
from training.recipe import Recipe, RecipeError, trunk_in

IMAGENET, NO_WEIGHTS = "imagenet", "none"


def _applications_weights(weights: str) -> str | None:
    return {IMAGENET: "imagenet", NO_WEIGHTS: None}.get(weights, weights)


def _mobilenetv2_trunk(size: int, weights: str) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    photo, scaled = photo_input(size)
    trunk = keras.applications.MobileNetV2(
        include_top=False, weights=_applications_weights(weights), input_tensor=scaled
    )
    _quicken_batch_normalisation(trunk)
    return photo, trunk.output


def _resnet50v2_features(photo_in_range: keras.KerasTensor, weights: str) -> keras.KerasTensor:
    full = keras.applications.ResNet50V2(
        include_top=False, weights="imagenet" if weights == IMAGENET else None, input_tensor=photo_in_range
    )
    return full.get_layer("conv5_block1_preact_relu").output


def mobilenetv2(size: int, classes: int, weights: str = IMAGENET, dropout: float = 0.2) -> keras.Model:
    """MobileNetV2 (Sandler 2018), 2.3 M parameters, features 1/32 of the input."""
    return pooled_head(*_mobilenetv2_trunk(size, weights), classes, dropout)


def mobilenetv2_attention(
    size: int, classes: int, weights: str = IMAGENET, dropout: float = 0.2, attention: str = "cbam"
) -> keras.Model:
    """MobileNetV2 with an attention block between trunk and pooling; ``attention``: see blocks.ATTENTION."""
    if attention not in ATTENTION:
        raise RecipeError(f"No attention {attention!r}; there are {', '.join(ATTENTION)}.")
    photo, features = _mobilenetv2_trunk(size, weights)
    return pooled_head(photo, ATTENTION[attention](features), classes, dropout)


def mobilenetv2_metadata(size: int, classes: int, weights: str = IMAGENET, dropout: float = 0.2) -> keras.Model:
    """MobileNetV2 whose pooled features are joined by age, sex and site; its inputs are "photo" and "metadata"."""
    photo, features = _mobilenetv2_trunk(size, weights)
    metadata = keras.Input((len(COLUMNS),), name="metadata")
    known = keras.layers.Dense(32, activation="relu", name="patient")(metadata)
    pooled = keras.layers.GlobalAveragePooling2D(name="pool")(features)
    joined = keras.layers.Concatenate(name="joined")([pooled, known])
    return dense_head({"photo": photo, "metadata": metadata}, joined, classes, dropout, (128,))


def resnet50v2_conv4(
    size: int, classes: int, weights: str = IMAGENET, dropout: float = 0.2, learn_normalisation: bool = False,
    dense=(),
) -> keras.Model:  # fmt: skip
    """ResNet50V2 (He 2016) to the end of its fourth stage, 8.6 M parameters, features 1/32 of the input.

    Batch normalisation stays as it was pretrained unless ``learn_normalisation``: frozen statistics suit few images
    and small batches, and cannot drift from what is served; learnt ones learn more from each image when all layers
    learn. ``dense`` are widths of dense layers on top. ``weights`` may be a Keras file of this trunk.
    """
    photo, scaled = photo_input(size)
    model = pooled_head(photo, _resnet50v2_features(scaled, weights), classes, dropout, tuple(dense))
    if weights not in (IMAGENET, NO_WEIGHTS):
        copy_by_name(trunk_file(weights), model, weights)
    if learn_normalisation:
        _quicken_batch_normalisation(model)
    else:
        _freeze_batch_normalisation(model)
    return model


def inceptionv3(
    size: int, classes: int, weights: str = IMAGENET, dropout: float = 0.2, until: str = "mixed8"
) -> keras.Model:
    """Inception V3 (Szegedy 2016) to one of its mixed layers; mixed8: 10.7 M parameters, features 1/32 of the input.

    Batch normalisation stays as it was pretrained; in trunks whose normalisation was folded into the kernels it is
    an identity that training statistics would destroy. ``weights`` may be a Keras file of the trunk.
    """
    photo, scaled = photo_input(size)
    features = _inceptionv3_features(scaled, weights == IMAGENET, until)
    model = pooled_head(photo, features, classes, dropout)
    if weights not in (IMAGENET, NO_WEIGHTS):
        copy_in_order(trunk_file(weights), keras.Model(photo, features), weights)
    if weights != NO_WEIGHTS:
        _freeze_batch_normalisation(model)
    return model


def _inceptionv3_features(scaled: keras.KerasTensor, imagenet: bool, until: str = "mixed8") -> keras.KerasTensor:
    """Return a mixed layer's maps. Layers are named, not numbered by how many were built before, and every batch
    normalisation can scale, which Keras leaves out because a rectifier follows; a fused kernel needs it."""
    full = keras.applications.InceptionV3(
        include_top=False, weights="imagenet" if imagenet else None, input_shape=scaled.shape[1:]
    )
    trunk, made = keras.Model(full.input, full.get_layer(until).output), {}
    names = {layer: f"inception_{number}" for number, layer in enumerate(trunk.layers)}

    def named(layer: keras.Layer) -> keras.Layer:
        config = layer.get_config() | {"name": layer.name if layer.name.startswith("mixed") else names[layer]}
        if isinstance(layer, keras.layers.BatchNormalization):
            config["scale"] = True
        return type(layer).from_config(config)

    def called(layer: keras.Layer, *values, **options):
        made[layer.name] = layer(*values, **options)
        return made[layer.name]

    copy = keras.models.clone_model(trunk, input_tensors=scaled, clone_function=named, call_function=called)
    if imagenet:
        copy_in_order(trunk, copy, IMAGENET)
    return made[until]


def side_by_side(
    size: int, classes: int, weights: str = IMAGENET, dropout: float = 0.2,
    trunks: tuple[str, ...] = (),
) -> keras.Model:  # fmt: skip
    """Several trunks on one photo, see `TRUNKS`; `ensemble` fills it, so ``weights`` are those of its members.

    Their maps are put together before the one pooling and the one dense layer: the mean of several networks stays a
    flat graph whose Grad-CAM has a closed form.
    """
    unknown = [name for name in trunks if name not in TRUNKS]
    if unknown or not trunks:
        raise RecipeError(f"No trunk {', '.join(unknown) or 'is named'}; there are {', '.join(TRUNKS)}.")
    photo, scaled = photo_input(size)
    maps = [TRUNKS[name](scaled) for name in trunks]
    model = pooled_head(photo, keras.layers.Concatenate(name="all_trunks")(maps), classes, dropout)
    _quicken_batch_normalisation(model)
    return model


def efficientnetb0(size: int, classes: int, weights: str = IMAGENET, dropout: float = 0.2) -> keras.Model:
    """EfficientNetB0 (Tan and Le 2019), 4.1 M parameters; brings its own scaling of photos in [0, 255]."""
    photo = keras.Input((size, size, 3), name="photo")
    trunk = keras.applications.EfficientNetB0(
        include_top=False, weights=_applications_weights(weights), input_tensor=photo
    )
    _quicken_batch_normalisation(trunk)
    return pooled_head(photo, trunk.output, classes, dropout)


def efficientnet_lite0(size: int, classes: int, weights: str = IMAGENET, dropout: float = 0.2) -> keras.Model:
    """EfficientNet-Lite0, 3.4 M parameters, features 1/32 of the input; ``weights`` may be its PyTorch file."""
    return _lite("efficientnet_lite0", size, classes, weights, dropout)


def efficientnet_lite2(size: int, classes: int, weights: str = IMAGENET, dropout: float = 0.2) -> keras.Model:
    """EfficientNet-Lite2, 4.9 M parameters, features 1/32 of the input; ``weights`` may be its PyTorch file."""
    return _lite("efficientnet_lite2", size, classes, weights, dropout)


def _lite(name: str, size: int, classes: int, weights: str, dropout: float) -> keras.Model:
    photo, scaled = photo_input(size)
    features = lite_features(scaled, LITE[name])
    if weights != NO_WEIGHTS:
        path = trunk_in(weights, name)
        copy_lite(read_state(path), keras.Model(photo, features), path)
    model = pooled_head(photo, features, classes, dropout)
    _quicken_batch_normalisation(model)
    return model


def vgg16(size: int, classes: int, weights: str = IMAGENET, dropout: float = 0.3, dense=()) -> keras.Model:
    """VGG16 (Simonyan and Zisserman 2015), 14.7 M parameters, with dense layers of the given widths on top."""
    photo, scaled = photo_input(size)
    trunk = keras.applications.VGG16(include_top=False, weights=_applications_weights(weights), input_tensor=scaled)
    return pooled_head(photo, trunk.output, classes, dropout, tuple(dense))


def _freeze_batch_normalisation(model: keras.Model) -> None:
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False


def _quicken_batch_normalisation(model: keras.Model) -> None:
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = BATCH_MOMENTUM


TRUNKS: dict[str, Callable[[keras.KerasTensor], keras.KerasTensor]] = {  # photo in [-1, 1] -> maps, not pretrained
    "mobilenetv2": lambda scaled: (
        keras.applications.MobileNetV2(include_top=False, weights=None, input_tensor=scaled).output
    ),
    "efficientnet_lite2": lambda scaled: lite_features(scaled, LITE["efficientnet_lite2"]),
    "efficientnet_lite2_again": lambda scaled: lite_features(
        scaled, dataclasses.replace(LITE["efficientnet_lite2"], prefix="again")
    ),
}

ARCHITECTURES: dict[str, Callable[..., keras.Model]] = {
    "mobilenetv2": mobilenetv2,
    "mobilenetv2_attention": mobilenetv2_attention,
    "mobilenetv2_metadata": mobilenetv2_metadata,
    "resnet50v2_conv4": resnet50v2_conv4,
    "inceptionv3": inceptionv3,
    "side_by_side": side_by_side,
    "efficientnetb0": efficientnetb0,
    "efficientnet_lite0": efficientnet_lite0,
    "efficientnet_lite2": efficientnet_lite2,
    "vgg16": vgg16,
    "vgg": vgg,
    "cnn": cnn,
    "dense": dense,
    "tiny": tiny,
}


def build_network(recipe: Recipe, classes: int) -> keras.Model:
    """Return the recipe's network.

    Raises
    ------
    RecipeError
        If it has no such architecture, or an option that the architecture does not take.
    """
    if recipe.architecture not in ARCHITECTURES:
        raise RecipeError(f"No architecture {recipe.architecture!r}; there are {', '.join(ARCHITECTURES)}.")
    build = ARCHITECTURES[recipe.architecture]
    known = inspect.signature(build).parameters
    unknown = set(recipe.architecture_options) - set(known)
    if unknown:
        options = ", ".join(name for name in known if name not in ("size", "classes", "weights", "dropout"))
        raise RecipeError(
            f"{recipe.architecture} has no option {', '.join(sorted(unknown))}; it has {options or 'none'}."
        )
    return build(recipe.size, classes, recipe.weights, recipe.dropout, **recipe.architecture_options)


def logits_model(model: keras.Model) -> keras.Model:
    """Return the same network up to its logits, for losses that need them; the layers are shared, not copied."""
    return keras.Model(model.input, model.get_layer("logits").output)
