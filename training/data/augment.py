"""What may change in a photo without changing the diagnosis: position, scale, light, colour, sharpness, camera."""

from dataclasses import dataclass, replace

import cv2
import numpy as np


@dataclass(frozen=True)
class Augmentation:
    """How far each change may go; zero switches it off."""

    scale: tuple[float, float] = (
        0.65,
        1.05,
    )  # side of the crop as a share of the canvas: nearer, or farther away
    stretch: float = 0.12  # aspect ratio, +- as a logarithm: lesions have no fixed proportions
    rotate: bool = True  # a dermatoscope has no upright
    brightness: float = 0.20  # +- share
    contrast: float = 0.20  # +- share
    saturation: float = 0.25  # +- share
    colour_cast: float = 0.08  # +- share per channel: other lamps, other white balance
    gamma: float = 0.20  # +- as a logarithm
    blur: float = 0.25  # chance of a soft or down-sampled photo
    jpeg: float = 0.25  # chance of a second JPEG compression
    noise: float = 0.15  # chance of sensor noise
    vignette: float = 0.0  # chance of the dark round border some dermatoscopes leave
    erase: float = 0.0  # chance of a covered patch: a ruler, a hair bundle, a sticker


PLAIN = Augmentation(blur=0, jpeg=0, noise=0, gamma=0)
GENTLE = Augmentation(scale=(0.7, 1.05), colour_cast=0.1, blur=0.15, jpeg=0.15, noise=0.1)
SOFT = replace(GENTLE, blur=0.35)
STRONG = Augmentation(
    scale=(0.5, 1.1), brightness=0.3, contrast=0.3, saturation=0.35, colour_cast=0.14, gamma=0.3,
    blur=0.3, jpeg=0.3, noise=0.2, vignette=0.12, erase=0.25,
)  # fmt: skip
# Half of all photos coarse: one set is 84 px wide, and sharpness must not tell which.
WIDE = replace(STRONG, scale=(0.55, 1.05), blur=0.5)
LEVELS = {
    "none": None, "plain": PLAIN, "gentle": GENTLE, "soft": SOFT, "standard": Augmentation(), "strong": STRONG,
    "wide": WIDE,
}  # fmt: skip


def augment(canvas: np.ndarray, size: int, amount: Augmentation, random: np.random.Generator) -> np.ndarray:
    """Return a random view of an image.

    Parameters
    ----------
    canvas : ndarray, uint8, shape (edge, edge, 3)
        RGB image as stored by `training.data.manifest`.
    size : int
        Edge length of the result in pixels.
    amount : Augmentation
        How far each change may go.
    random : Generator
        Source of chance; the same state gives the same view.

    Returns
    -------
    ndarray, uint8, shape (size, size, 3)
    """
    view = _geometry(canvas, size, amount, random)
    view = _colour(view, amount, random)
    return _camera(view, amount, random)


def _geometry(canvas: np.ndarray, size: int, amount: Augmentation, random: np.random.Generator) -> np.ndarray:
    edge = canvas.shape[0]
    share = random.uniform(*amount.scale)
    stretch = np.exp(random.uniform(-amount.stretch, amount.stretch) / 2)
    angle = random.uniform(0, 2 * np.pi) if amount.rotate else 0.0
    flip = random.choice((-1.0, 1.0))
    step = share * edge / size  # canvas pixels for one pixel of the view
    cosine, sine = np.cos(angle), np.sin(angle)
    matrix = step * np.array([[cosine * stretch * flip, -sine / stretch], [sine * stretch * flip, cosine / stretch]])
    room = max(edge * (1 - share), 0.08 * edge) / 2
    centre = edge / 2 + random.uniform(-room, room, 2) - 0.5
    offset = centre - matrix @ np.array([size - 1, size - 1]) / 2
    if step > 1.3:  # warpAffine samples single pixels: smooth first what would alias
        canvas = cv2.GaussianBlur(canvas, (0, 0), 0.35 * step)
    return cv2.warpAffine(
        canvas,
        np.hstack([matrix, offset[:, None]]),
        (size, size),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT_101,
    )


def _colour(view: np.ndarray, amount: Augmentation, random: np.random.Generator) -> np.ndarray:
    """Mix channels (saturation), scale them (light, cast, contrast) and bend them (gamma) in one table look-up each."""
    saturation = 1 + random.uniform(-amount.saturation, amount.saturation)
    grey = np.array([0.299, 0.587, 0.114])
    mix = saturation * np.eye(3) + (1 - saturation) * np.tile(grey, (3, 1))
    view = cv2.transform(view, mix)
    gain = (1 + random.uniform(-amount.brightness, amount.brightness)) * (
        1 + random.uniform(-amount.colour_cast, amount.colour_cast, 3)
    )
    contrast = 1 + random.uniform(-amount.contrast, amount.contrast)
    gamma = np.exp(random.uniform(-amount.gamma, amount.gamma))
    level = np.arange(256)[:, None] / 255
    middle = view.mean() / 255
    table = np.clip(((level - middle) * contrast + middle) * gain, 0, 1) ** gamma
    return cv2.LUT(view, np.round(table * 255).astype(np.uint8)[None])


def _camera(view: np.ndarray, amount: Augmentation, random: np.random.Generator) -> np.ndarray:
    size = view.shape[0]
    if random.random() < amount.blur:
        if random.random() < 0.5:
            view = cv2.GaussianBlur(view, (0, 0), random.uniform(0.4, 1.6))
        else:
            small = int(size * random.uniform(0.4, 0.9))
            view = cv2.resize(cv2.resize(view, (small, small), interpolation=cv2.INTER_AREA), (size, size))
    if random.random() < amount.jpeg:
        quality = int(random.uniform(35, 90))
        _, file = cv2.imencode(".jpg", view, [cv2.IMWRITE_JPEG_QUALITY, quality])
        view = cv2.imdecode(file, cv2.IMREAD_COLOR)  # type: ignore[assignment]  # None only for a damaged file
    if random.random() < amount.noise:
        grain = random.normal(0, random.uniform(2, 8), (*view.shape[:2], 1))
        view = np.clip(np.round(view + grain), 0, 255).astype(np.uint8)
    if random.random() < amount.vignette:
        view = _vignette(view, random)
    if random.random() < amount.erase:
        view = _erase(view, random)
    return view


def _vignette(view: np.ndarray, random: np.random.Generator) -> np.ndarray:
    size = view.shape[0]
    centre = size / 2 + random.uniform(-0.06, 0.06, 2) * size
    rows, columns = np.ogrid[:size, :size]
    distance = np.hypot(rows - centre[0], columns - centre[1])
    light = np.clip((random.uniform(0.5, 0.68) * size - distance) / (0.04 * size), 0, 1)
    return (view * light[..., None]).astype(np.uint8)


def _erase(view: np.ndarray, random: np.random.Generator) -> np.ndarray:
    size = view.shape[0]
    height, width = random.integers(size // 12, size // 4, 2)
    top, left = random.integers(0, size - height), random.integers(0, size - width)
    view = view.copy()
    view[top : top + height, left : left + width] = random.integers(0, 256, 3)
    return view
