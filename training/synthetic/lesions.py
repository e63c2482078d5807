"""Draw lesions that look dermoscopic, from nothing but a random generator.

Serves the golden photo, the smoke runs and the tests. The structures drawn per class are those of the standard
terminology (Kittler et al., J Am Acad Dermatol 2016;74:1093-1106); what a network makes of them says nothing about
skin.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from training.synthetic import structures
from training.synthetic.structures import blend, noise, smoothstep

SKIN_TONES = np.array([(0.93, 0.78, 0.71), (0.90, 0.72, 0.62), (0.86, 0.66, 0.54), (0.92, 0.74, 0.69)])


@dataclass(frozen=True)
class Scene:
    """Where things are: positions in units of the frame's shorter side, origin at the lesion.

    x, y, angle, depth have shape (H, W); depth is 1 at the lesion's centre, 0 on its border,
    below 0 outside.
    """

    x: np.ndarray
    y: np.ndarray
    angle: np.ndarray
    depth: np.ndarray
    radius: float
    random: np.random.Generator

    @property
    def shape(self) -> tuple[int, int]:
        return self.x.shape

    def field(self, cells: float) -> np.ndarray:
        """Smooth noise of about ``cells`` bumps along the shorter side, (H, W), zero mean, unit deviation."""
        return noise(self.random, self.shape, cells)

    def inside(self, softness: float, inset: float = 0.0) -> np.ndarray:
        """Lesion mask (H, W) in [0, 1]; its edge is ``softness`` of a radius wide."""
        return smoothstep((self.depth - inset) / softness + 0.5)

    def points(self, count: int, reach: float = 0.85) -> np.ndarray:
        """Random positions within ``reach`` of the radius, shape (count, 2)."""
        turn = self.random.uniform(0, 2 * np.pi, count)
        away = np.sqrt(self.random.uniform(0, 1, count)) * self.radius * reach
        return np.stack([away * np.cos(turn), away * np.sin(turn)], axis=1)


def _scene(random, shape, centre, irregularity: float) -> Scene:
    height, width = shape
    short = min(shape)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = (x - centre[0] * width) / short, (y - centre[1] * height) / short
    angle = np.arctan2(y, x)
    border = np.ones_like(x)
    for wave in range(2, 9):
        border += irregularity / wave * random.normal() * np.cos(wave * angle + random.uniform(0, 2 * np.pi))
    radius = random.uniform(0.24, 0.32)
    depth = 1 - np.hypot(x, y) / (radius * np.clip(border, 0.55, 1.5))
    depth += irregularity * 0.18 * noise(random, shape, 14)
    return Scene(x, y, angle, depth, radius, random)


def _skin(scene: Scene) -> np.ndarray:
    tone = SKIN_TONES[scene.random.integers(len(SKIN_TONES))] + scene.random.normal(0, 0.012, 3)
    skin: np.ndarray = np.broadcast_to(tone, (*scene.shape, 3)).astype(np.float32)
    mottle = 0.018 * scene.field(4) + 0.012 * scene.field(18)
    furrows = structures.network(scene, spacing=0.05, thickness=0.09, jitter=0.45)
    skin = skin + mottle[..., None] * (0.7, 1.0, 1.1) - 0.045 * furrows[..., None] * (0.6, 1.0, 1.0)
    return blend(skin, (0.80, 0.48, 0.45), 0.10 * smoothstep(scene.field(7) - 0.3))


def _nevus(image: np.ndarray, scene: Scene) -> np.ndarray:
    body = scene.inside(0.5)
    image = blend(image, (0.60, 0.38, 0.24), 0.72 * body)
    image = blend(image, (0.42, 0.25, 0.15), 0.45 * smoothstep(scene.depth * 1.3))
    image = blend(image, (0.70, 0.47, 0.31), 0.35 * body * smoothstep(scene.field(6) * 0.7))
    mesh = structures.network(scene, spacing=0.030, thickness=0.20, jitter=0.5)
    strength = (0.35 + 0.35 * smoothstep(scene.field(8) * 0.6 + 0.5)) * scene.inside(0.8, inset=0.08)
    image = blend(image, (0.30, 0.16, 0.09), strength * mesh)
    dots = structures.blobs(scene, scene.points(18, reach=0.45), size=(0.006, 0.011))
    return blend(image, (0.26, 0.14, 0.08), 0.6 * dots)


def _melanoma(image: np.ndarray, scene: Scene) -> np.ndarray:
    image = blend(image, (0.50, 0.31, 0.22), 0.85 * scene.inside(0.3))
    image = blend(image, (0.20, 0.11, 0.08), 0.85 * scene.inside(0.3) * smoothstep(scene.field(4.5) * 0.6 + 0.35))
    mesh = structures.network(scene, spacing=0.042, thickness=0.24, jitter=0.5)
    image = blend(image, (0.13, 0.07, 0.05), 0.55 * mesh * scene.inside(0.25) * smoothstep(scene.field(4) + 0.3))
    rays = structures.streaks(scene, count=22)
    image = blend(image, (0.20, 0.11, 0.08), 0.7 * rays)
    veil = scene.inside(0.3, inset=0.3) * smoothstep(scene.field(3.5) * 0.6 + 0.3)
    image = blend(image, (0.45, 0.52, 0.62), 0.72 * veil)
    scar = scene.inside(0.3, inset=0.12) * smoothstep(scene.field(5) - 0.9)
    image = blend(image, (0.84, 0.70, 0.66), 0.65 * scar)
    specks = structures.blobs(scene, scene.points(34, reach=1.0), size=(0.004, 0.011))
    return blend(image, (0.07, 0.04, 0.04), 0.85 * specks)


def _basal_cell_carcinoma(image: np.ndarray, scene: Scene) -> np.ndarray:
    image = blend(image, (0.91, 0.66, 0.64), 0.75 * scene.inside(0.35))
    image = blend(image, (0.97, 0.84, 0.82), 0.4 * scene.inside(0.5, inset=0.2) * smoothstep(scene.field(6)))
    nests = structures.blobs(scene, scene.points(9, reach=0.9), size=(0.02, 0.045))
    image = blend(image, (0.38, 0.39, 0.50), 0.78 * nests)
    sore = structures.blobs(scene, scene.points(1, reach=0.3), size=(0.04, 0.06))
    image = blend(image, (0.62, 0.22, 0.13), 0.75 * sore * smoothstep(scene.field(14) + 0.9))
    return blend(image, (0.72, 0.14, 0.16), 0.8 * structures.vessels(scene, count=5))


def _benign_keratosis(image: np.ndarray, scene: Scene) -> np.ndarray:
    image = blend(image, (0.66, 0.52, 0.37), 0.9 * scene.inside(0.07))
    ridges = smoothstep(np.sin(4 * scene.field(11)) * 0.8 + 0.4)
    image = blend(image, (0.44, 0.32, 0.21), 0.5 * ridges * scene.inside(0.12))
    openings = structures.blobs(scene, scene.points(22), size=(0.008, 0.018))
    image = blend(image, (0.22, 0.14, 0.09), 0.85 * openings)
    cysts = structures.blobs(scene, scene.points(30), size=(0.006, 0.012))
    return blend(image, (0.98, 0.95, 0.82), 0.9 * cysts)


def _dermatofibroma(image: np.ndarray, scene: Scene) -> np.ndarray:
    image = blend(image, (0.74, 0.52, 0.40), 0.6 * scene.inside(0.7))
    mesh = structures.network(scene, spacing=0.028, thickness=0.13, jitter=0.2)
    image = blend(image, (0.50, 0.31, 0.20), 0.6 * mesh * scene.inside(0.7, inset=0.1))
    scar = smoothstep((scene.depth - 0.55 + 0.06 * scene.field(7)) * 2.4 + 0.5)
    image = blend(image, (0.95, 0.86, 0.82), 0.8 * scar)
    strands = structures.network(scene, spacing=0.07, thickness=0.10, jitter=0.8)
    return blend(image, (1.0, 0.97, 0.95), 0.35 * strands * smoothstep((scene.depth - 0.4) * 3 + 0.5))


def _vascular_lesion(image: np.ndarray, scene: Scene) -> np.ndarray:
    image = blend(image, (0.72, 0.22, 0.26), 0.85 * scene.inside(0.15))
    septa = structures.network(scene, spacing=0.10, thickness=0.16, jitter=0.6)
    lacunae = (1 - septa) * scene.inside(0.2, inset=0.06)
    image = blend(image, (0.45, 0.05, 0.12), 0.9 * lacunae)
    image = blend(image, (0.30, 0.10, 0.28), 0.6 * lacunae * smoothstep(scene.field(5)))
    return blend(image, (0.90, 0.68, 0.70), 0.45 * septa * scene.inside(0.2))


def _actinic_keratosis(image: np.ndarray, scene: Scene) -> np.ndarray:
    image = blend(image, (0.80, 0.36, 0.34), 0.6 * scene.inside(1.0))
    follicles = structures.blobs(scene, scene.points(80, reach=1.1), size=(0.009, 0.015))
    image = blend(image, (0.93, 0.74, 0.62), 0.7 * follicles)
    plugs = structures.blobs(scene, scene.points(24), size=(0.004, 0.007))
    image = blend(image, (0.72, 0.52, 0.34), 0.8 * plugs)
    scale = scene.inside(0.6, inset=0.1) * smoothstep(scene.field(13) - 0.6)
    return blend(image, (0.98, 0.93, 0.86), 0.75 * scale)


@dataclass(frozen=True)
class Style:
    """How a class is drawn: ``paint(image, scene)`` on a lesion whose border varies by ``irregularity``."""

    paint: Callable[[np.ndarray, Scene], np.ndarray]
    irregularity: float


STYLES = {
    "akiec": Style(_actinic_keratosis, 0.22),
    "bcc": Style(_basal_cell_carcinoma, 0.16),
    "bkl": Style(_benign_keratosis, 0.20),
    "df": Style(_dermatofibroma, 0.08),
    "mel": Style(_melanoma, 0.30),
    "nv": Style(_nevus, 0.10),
    "vasc": Style(_vascular_lesion, 0.14),
}


def _optics(image: np.ndarray, scene: Scene) -> np.ndarray:
    """Surface relief, hairs, gel bubbles, uneven light, a dark rim and sensor noise."""
    relief = 1 + 0.018 * scene.field(26) + 0.018 * scene.field(60)
    image = cv2.GaussianBlur(image * relief[..., None], (0, 0), max(0.4, min(scene.shape) / 500))
    hairs = structures.hairs(scene, count=int(scene.random.integers(0, 6)))
    image = blend(image, (0.17, 0.12, 0.10), 0.8 * hairs)
    image = structures.bubbles(image, scene, count=int(scene.random.integers(0, 4)))
    height, width = scene.shape
    across, down = np.linspace(-1, 1, width), np.linspace(-1, 1, height)
    from_middle = np.hypot(across[None, :] * width, down[:, None] * height) / np.hypot(width, height)
    light = 1.04 - 0.22 * from_middle**2 - 0.5 * smoothstep((from_middle - 0.98) * 6)
    grain = scene.random.normal(0, 0.008, image.shape)
    return image * light[..., None] + grain


def render_frame(
    label_code: str,
    random: np.random.Generator,
    shape: tuple[int, int],
    centre: tuple[float, float] = (0.5, 0.5),
) -> np.ndarray:
    """Draw one photo of any shape with the lesion's middle at ``centre`` (share of width, share of height).

    Returns
    -------
    numpy.ndarray
        uint8, shape (height, width, 3), RGB.
    """
    style = STYLES[label_code]
    scene = _scene(random, shape, centre, style.irregularity)
    image = _optics(style.paint(_skin(scene), scene), scene)
    return (np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8)


def render_lesion(label_code: str, random: np.random.Generator, size: int = 256) -> np.ndarray:
    """Draw one square photo: uint8, shape (size, size, 3), RGB; equal generators give equal pixels."""
    centre = tuple(random.uniform(0.44, 0.56, 2))
    return render_frame(label_code, random, (size, size), centre)
