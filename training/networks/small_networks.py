"""Networks small enough to be trained from random weights on a few thousand photos."""

import keras

from training.networks.blocks import BATCH_MOMENTUM, dense_head, photo_input, pooled_head


def tiny(size: int, classes: int, weights: str = "none", dropout: float = 0.0) -> keras.Model:
    """Four small convolutions for rehearsals and tests; trains in seconds."""
    photo, features = photo_input(size)
    for filters in (16, 32, 48, 64):
        features = keras.layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(features)
    return pooled_head(photo, features, classes, dropout)


def dense(size: int, classes: int, weights: str = "none", dropout: float = 0.0, hidden=(256, 128)) -> keras.Model:
    """Dense layers on the pixels themselves; knows nothing of neighbourhood."""
    photo, scaled = photo_input(size)
    return dense_head(photo, keras.layers.Flatten(name="pixels")(scaled), classes, dropout, tuple(hidden))


def cnn(
    size: int, classes: int, weights: str = "none", dropout: float = 0.3, filters=(32, 64, 128, 128),
    kernel_size: int = 3, penalty: float = 1e-4, normalise: bool = True, dense=(128,),
) -> keras.Model:  # fmt: skip
    """Convolution, batch normalisation, pooling, repeated; dropout and an L2 penalty against learning by heart.

    Parameters
    ----------
    filters : sequence of int
        Channels of each step; a step halves the image.
    kernel_size : int
        Edge of the kernels in pixels.
    penalty : float
        L2 penalty on the kernels (Krogh and Hertz 1992).
    """
    photo, features = photo_input(size)
    for number, channels in enumerate(filters, start=1):
        features = keras.layers.Conv2D(
            channels, kernel_size, padding="same", use_bias=not normalise,
            kernel_regularizer=keras.regularizers.L2(penalty) if penalty else None, name=f"conv_{number}",
        )(features)  # fmt: skip
        if normalise:
            features = keras.layers.BatchNormalization(momentum=BATCH_MOMENTUM, name=f"norm_{number}")(features)
        features = keras.layers.Activation("relu", name=f"relu_{number}")(features)
        features = keras.layers.MaxPooling2D(name=f"halve_{number}")(features)
    return pooled_head(photo, features, classes, dropout, tuple(dense))


def vgg(
    size: int, classes: int, weights: str = "none", dropout: float = 0.3, width: float = 0.25,
    blocks=(2, 2, 3, 3), normalise: bool = True, dense=(128,),
) -> keras.Model:  # fmt: skip
    """Stacks of 3 x 3 convolutions between poolings, channels doubling from 64 to 512 (Simonyan and Zisserman 2015).

    Parameters
    ----------
    width : float
        Factor on the channels; 1 is the published network.
    blocks : sequence of int
        Convolutions of each block; (2, 2, 3, 3, 3) is VGG16.
    normalise : bool
        Batch normalisation after each convolution; without it a deep stack from random weights hardly starts.
    """
    photo, features = photo_input(size)
    for block, repeats in enumerate(blocks, start=1):
        channels = int(min(64 * 2 ** (block - 1), 512) * width)
        for number in range(1, repeats + 1):
            name = f"block{block}_conv{number}"
            features = keras.layers.Conv2D(channels, 3, padding="same", use_bias=not normalise, name=name)(features)
            if normalise:
                features = keras.layers.BatchNormalization(momentum=BATCH_MOMENTUM, name=f"{name}_norm")(features)
            features = keras.layers.Activation("relu", name=f"{name}_relu")(features)
        features = keras.layers.MaxPooling2D(name=f"block{block}_pool")(features)
    return pooled_head(photo, features, classes, dropout, tuple(dense))
