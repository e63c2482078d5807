"""Parts that networks are put together from: the photo's way in, heads, attention."""

import keras

BATCH_MOMENTUM = 0.95  # Keras ships .99 or .999: with a few hundred steps an epoch the statistics lag behind


def photo_input(size: int) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Return the photo in [0, 255] and the same in [-1, 1], both (size, size, 3)."""
    photo = keras.Input((size, size, 3), name="photo")
    return photo, keras.layers.Rescaling(1 / 127.5, offset=-1, name="normalise")(photo)


def pooled_head(inputs, features, classes: int, dropout: float, dense: tuple[int, ...] = ()) -> keras.Model:
    """Return a network that averages feature maps (height, width, channels) and classifies them."""
    return dense_head(inputs, keras.layers.GlobalAveragePooling2D(name="pool")(features), classes, dropout, dense)


def dense_head(inputs, values, classes: int, dropout: float, dense: tuple[int, ...] = ()) -> keras.Model:
    """Return a network that classifies a vector: dense layers with the given widths, then logits and softmax."""
    for number, width in enumerate(dense, start=1):
        values = keras.layers.Dense(width, activation="relu", name=f"dense_{number}")(values)
        if dropout:
            values = keras.layers.Dropout(dropout, name=f"drop_{number}")(values)
    if dropout and not dense:
        values = keras.layers.Dropout(dropout, name="drop")(values)
    # float32 even under mixed precision: the softmax of bfloat16 logits loses the third digit
    logits = keras.layers.Dense(classes, name="logits", dtype="float32")(values)
    return keras.Model(inputs, keras.layers.Activation("softmax", name="probabilities", dtype="float32")(logits))


def convolutional_attention(features, reduction: int = 16):
    """Weigh channels, then places (CBAM; Woo et al., ECCV 2018); shape stays as it is."""
    channels = features.shape[-1]
    first = keras.layers.Dense(max(channels // reduction, 4), activation="relu", name="channel_1")
    second = keras.layers.Dense(channels, name="channel_2")
    average = keras.layers.GlobalAveragePooling2D(keepdims=True, name="channel_average")(features)
    largest = keras.layers.GlobalMaxPooling2D(keepdims=True, name="channel_largest")(features)
    both = keras.layers.Add(name="channel_sum")([second(first(average)), second(first(largest))])
    weights = keras.layers.Activation("sigmoid", name="channel_weights")(both)
    features = keras.layers.Multiply(name="channel_weighted")([features, weights])
    # Mean and maximum over channels as pooling layers, which every backend saves and loads alike.
    flat = keras.layers.Reshape((features.shape[1] * features.shape[2], channels), name="place_flat")(features)
    mean = keras.layers.GlobalAveragePooling1D(data_format="channels_first", name="place_average")(flat)
    peak = keras.layers.GlobalMaxPooling1D(data_format="channels_first", name="place_largest")(flat)
    shape = (features.shape[1], features.shape[2], 1)
    places = keras.layers.Concatenate(name="place_both")(
        [keras.layers.Reshape(shape)(mean), keras.layers.Reshape(shape)(peak)]
    )
    weights = keras.layers.Conv2D(1, 7, padding="same", activation="sigmoid", name="place_weights")(places)
    return keras.layers.Multiply(name="place_weighted")([features, weights])


ATTENTION = {"cbam": convolutional_attention}
