"""The changes of `training.data.augment`, for a whole batch at once on the device that trains.

A second version, because a GPU learns from photos faster than processor cores can prepare them. How far each change may
go is the same `training.data.augment.Augmentation`; a second JPEG compression is left out.
"""

import math

import numpy as np
import torch
from torch.nn.functional import affine_grid, grid_sample, interpolate

from training.data.augment import Augmentation

COARSEST, GROUPS = 60, 4  # pixels; parts of a batch that are made coarse to the same degree


def views(
    photos: torch.Tensor, size: int, amount: Augmentation, random: torch.Generator, host: np.random.Generator
) -> torch.Tensor:
    """Return a random view of each photo.

    Parameters
    ----------
    photos : Tensor, uint8, shape (n, edge, edge, 3)
    size : int
        Edge length of the result in pixels.
    amount : Augmentation
    random : torch.Generator
        On the photos' device.
    host : numpy.random.Generator
        For what the processor must know before the device can start: a question to the device would make it wait.

    Returns
    -------
    Tensor, float32, shape (n, size, size, 3), range [0, 255]
    """
    seen = _geometry(photos.permute(0, 3, 1, 2).float() / 255, size, amount, random)
    seen = _camera(_colour(seen, amount, random), amount, random, host)
    return (seen * 255).clamp(0, 255).permute(0, 2, 3, 1).contiguous()


def _uniform(count: int, low: float, high: float, random: torch.Generator, *more: int) -> torch.Tensor:
    return torch.rand((count, *more), generator=random, device=random.device) * (high - low) + low


def _geometry(photos, size: int, amount: Augmentation, random: torch.Generator):
    count = len(photos)
    share = _uniform(count, *amount.scale, random)
    stretch = torch.exp(_uniform(count, -amount.stretch, amount.stretch, random) / 2)
    angle = _uniform(count, 0, 2 * math.pi, random) if amount.rotate else torch.zeros(count, device=random.device)
    flip = torch.where(_uniform(count, 0, 1, random) < 0.5, -1.0, 1.0)
    room = torch.maximum(1 - share, torch.full_like(share, 0.08))
    cosine, sine = torch.cos(angle) * share, torch.sin(angle) * share
    rows = [
        torch.stack([cosine * stretch * flip, -sine / stretch, room * _uniform(count, -1, 1, random)], 1),
        torch.stack([sine * stretch * flip, cosine / stretch, room * _uniform(count, -1, 1, random)], 1),
    ]
    grid = affine_grid(torch.stack(rows, 1), [count, 3, size, size], align_corners=False)
    return grid_sample(photos, grid, padding_mode="reflection", align_corners=False)


def _colour(seen, amount: Augmentation, random: torch.Generator):
    count = len(seen)

    def factor(reach: float, *more: int):
        return 1 + _uniform(count, -reach, reach, random, *(more or (1, 1, 1)))

    grey = (seen * seen.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1, keepdim=True)
    seen = grey + (seen - grey) * factor(amount.saturation)
    middle = seen.mean(dim=(1, 2, 3), keepdim=True)
    seen = (seen - middle) * factor(amount.contrast) + middle
    seen = (seen * factor(amount.brightness) * factor(amount.colour_cast, 3, 1, 1)).clamp(1e-4, 1)
    return seen ** torch.exp(_uniform(count, -amount.gamma, amount.gamma, random, 1, 1, 1))


def _camera(seen, amount: Augmentation, random: torch.Generator, host: np.random.Generator):
    """Coarseness, grain, a dark border, a covered patch; coarseness alike in each of a few parts of the batch."""
    parts = [_coarse(part, host) if host.random() < amount.blur else part for part in seen.chunk(GROUPS)]
    seen = torch.cat(parts)
    count, size = len(seen), seen.shape[-1]
    deviation = _uniform(count, 2, 8, random, 1, 1, 1) / 255 * _happens(count, amount.noise, random)
    seen = seen + torch.randn((count, 1, size, size), generator=random, device=random.device) * deviation
    axis = torch.linspace(-1, 1, size, device=random.device)
    if amount.vignette:
        shift = _uniform(count, -0.12, 0.12, random, 2)
        distance = torch.hypot(axis.view(1, -1, 1) - shift[:, :1, None], axis.view(1, 1, -1) - shift[:, 1:, None])
        light = ((_uniform(count, 1.0, 1.36, random, 1, 1) - distance) / 0.08).clamp(0, 1)[:, None]
        seen = torch.where(_happens(count, amount.vignette, random) > 0, seen * light, seen)
    if amount.erase:
        half, centre = _uniform(count, 1 / 12, 1 / 4, random, 2), _uniform(count, -0.8, 0.8, random, 2)
        inside = [(axis.view(1, -1) - centre[:, side : side + 1]).abs() < half[:, side : side + 1] for side in (0, 1)]
        patch = (inside[0][:, :, None] & inside[1][:, None, :])[:, None]
        patch = patch & (_happens(count, amount.erase, random) > 0)
        seen = torch.where(patch, _uniform(count, 0, 1, random, 3, 1, 1), seen)
    return seen


def _happens(count: int, chance: float, random: torch.Generator):
    return (_uniform(count, 0, 1, random, 1, 1, 1) < chance).float()


def _coarse(part, host: np.random.Generator):
    """Make photos as coarse as a small one enlarged: sharpness must not tell which set a photo is from."""
    size = part.shape[-1]
    small = int(host.uniform(min(COARSEST, 0.5 * size), 0.9 * size))
    part = interpolate(part, (small, small), mode="bilinear", antialias=True)
    return interpolate(part, (size, size), mode="bicubic").clamp(0, 1)
