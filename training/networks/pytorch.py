"""Two kernels of PyTorch that Keras does not use: MobileNetV2 trains faster on CPU cores with them.

    KERAS_BACKEND=torch python -m training.train RECIPE --data FOLDER

Written for the Keras version in requirements.txt; numbers are from ``python -m benchmarks.backends``.
"""

import keras


def use_fused_kernels() -> bool:
    """Make Keras on PyTorch normalise batches in one pass and convolve without copying; say whether it does now.

    Keras computes the batch's mean and variance, and the normalised values, in separate passes over the images, and
    copies an image before each convolution into a layout from which the next line copies it back. The results are
    the same up to rounding. Any other backend is left as it is.
    """
    if keras.backend.backend() != "torch":
        return False
    from keras.src.backend.torch import nn

    if not hasattr(nn._transpose_spatial_inputs, "copies"):
        nn._transpose_spatial_inputs = _without_copy(nn._transpose_spatial_inputs)
        keras.layers.BatchNormalization.call = _in_one_pass(keras.layers.BatchNormalization.call)
    return True


def _without_copy(plain):
    def transpose(images):
        return images.permute(0, 3, 1, 2) if images.ndim == 4 else plain(images)

    transpose.copies = False  # type: ignore[attr-defined]  # the mark that this one stands there already
    return transpose


def _in_one_pass(plain):
    import torch
    from torch.nn.functional import batch_norm

    def call(self, inputs, training=None, mask=None):
        images = torch.is_tensor(inputs) and inputs.ndim == 4 and self.axis in (-1, 3) and inputs.device.type != "meta"
        if not images or mask is not None or not (self.scale and self.center):
            return plain(self, inputs, training=training, mask=mask)
        learns = bool(training) and self.trainable
        moving_mean, moving_variance = self.moving_mean.value.detach(), self.moving_variance.value.detach()
        # With momentum 1 PyTorch leaves the batch's own statistics there, its variance with n - 1 below.
        mean, variance = (torch.zeros_like(moving_mean) for _ in "mv") if learns else (moving_mean, moving_variance)
        channels_first = inputs.permute(0, 3, 1, 2)
        # Kernels for half-precision images take scale and shift in float32 only.
        scale, shift = self.gamma.value.float(), self.beta.value.float()
        result = batch_norm(channels_first, mean, variance, scale, shift, learns, 1.0, self.epsilon)
        if learns:
            number = inputs.numel() // inputs.shape[-1]
            with torch.no_grad():
                moving_mean.lerp_(mean, 1 - self.momentum)
                moving_variance.lerp_(variance * ((number - 1) / number), 1 - self.momentum)
        return result.permute(0, 2, 3, 1)

    return call
