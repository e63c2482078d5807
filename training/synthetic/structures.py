"""The marks that synthetic lesions are drawn with; each returns a mask (H, W) in [0, 1] over a scene.

A scene gives positions in units of the frame's shorter side (see ``training.synthetic.lesions.Scene``), so a mark
keeps its look at any pixel size.
"""

import cv2
import numpy as np
from scipy.spatial import cKDTree

SUBPIXEL_BITS = 4


def smoothstep(values: np.ndarray) -> np.ndarray:
    """Ease from 0 (values <= 0) to 1 (values >= 1) without a corner."""
    clipped = np.clip(values, 0, 1)
    return clipped * clipped * (3 - 2 * clipped)


def blend(image: np.ndarray, colour: tuple[float, float, float], alpha: np.ndarray) -> np.ndarray:
    """Lay a colour over an image (H, W, 3) with opacity ``alpha`` (H, W) in [0, 1]."""
    return image + (np.asarray(colour, np.float32) - image) * alpha[..., None]


def noise(random: np.random.Generator, shape: tuple[int, int], cells: float) -> np.ndarray:
    """Smooth noise with about ``cells`` bumps along the shorter side, zero mean, unit deviation."""
    total = np.zeros(shape, np.float32)
    for octave, weight in ((1, 1.0), (2, 0.5)):
        grid = [max(2, round(octave * cells * side / min(shape)) + 3) for side in shape]
        coarse = random.normal(size=grid).astype(np.float32)
        total += weight * cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC)
    return (total - total.mean()) / (total.std() + 1e-6)


def network(scene, spacing: float, thickness: float, jitter: float) -> np.ndarray:
    """A net of lines around cells ``spacing`` wide: the borders between the nearest of scattered points."""
    reach_x, reach_y = np.abs(scene.x).max() + spacing, np.abs(scene.y).max() + spacing
    columns, rows = np.arange(-reach_x, reach_x, spacing), np.arange(-reach_y, reach_y, spacing * 0.87)
    grid_x, grid_y = np.meshgrid(columns, rows)
    grid_x = grid_x + spacing / 2 * (np.arange(len(rows)) % 2)[:, None]
    seeds = np.stack([grid_x.ravel(), grid_y.ravel()], axis=1)
    seeds += scene.random.normal(0, jitter * spacing * 0.5, seeds.shape)
    warp = 0.35 * spacing
    positions = np.stack([scene.x + warp * scene.field(16), scene.y + warp * scene.field(16)], axis=-1)
    nearest, _ = cKDTree(seeds).query(positions.reshape(-1, 2), k=2)
    gap = (nearest[:, 1] - nearest[:, 0]).reshape(scene.shape) / spacing
    return smoothstep(1 - gap / (2 * thickness)).astype(np.float32)


def blobs(scene, points: np.ndarray, size: tuple[float, float]) -> np.ndarray:
    """Round spots at ``points`` (N, 2) with radii drawn between the two of ``size``, slightly uneven."""
    mask = np.zeros(scene.shape, np.float32)
    wobble = 1 + 0.18 * scene.field(24)
    for across, down in points:
        radius = scene.random.uniform(*size)
        squash = scene.random.uniform(0.75, 1.3)
        distance = np.hypot((scene.x - across) * squash, (scene.y - down) / squash) * wobble / radius
        mask = np.maximum(mask, smoothstep(1.5 - distance))
    return mask


def _draw(scene, path: np.ndarray, width: float, mask: np.ndarray) -> None:
    """Draw a line through ``path`` (N, 2) on ``mask`` (H, W, uint8), in place."""
    short = min(scene.shape)
    origin = np.array([-scene.x[0, 0], -scene.y[0, 0]]) * short
    pixels = np.round((path * short + origin) * 2**SUBPIXEL_BITS).astype(np.int32)
    thickness = max(1, round(width * short))
    cv2.polylines(mask, [pixels], False, 255, thickness, cv2.LINE_AA, SUBPIXEL_BITS)


def _walk(random, start: np.ndarray, heading: float, length: float, bend: float, steps: int = 24) -> np.ndarray:
    """A path (steps, 2) that sets out from ``start`` and keeps turning a little."""
    headings = heading + np.cumsum(random.normal(0, bend, steps))
    moves = np.stack([np.cos(headings), np.sin(headings)], axis=1) * length / steps
    return start + np.cumsum(moves, axis=0)


def _finish(mask: np.ndarray) -> np.ndarray:
    blurred = cv2.GaussianBlur(mask, (0, 0), max(0.5, min(mask.shape) / 700))
    return blurred.astype(np.float32) / 255


def hairs(scene, count: int) -> np.ndarray:
    """Long thin curved lines across the frame."""
    mask = np.zeros(scene.shape, np.uint8)
    for start in scene.random.uniform(-0.6, 0.6, (count, 2)):
        heading = scene.random.uniform(0, 2 * np.pi)
        path = _walk(scene.random, start, heading, scene.random.uniform(0.6, 1.2), bend=0.04)
        _draw(scene, path, 0.005, mask)
    return _finish(mask)


def ink(scene, count: int) -> np.ndarray:
    """Broad strokes of a skin marker around the lesion, each along its border."""
    mask = np.zeros(scene.shape, np.uint8)
    for turn in scene.random.uniform(0, 2 * np.pi, count):
        start = scene.radius * scene.random.uniform(1.0, 1.4) * np.array([np.cos(turn), np.sin(turn)])
        path = _walk(scene.random, start, turn + np.pi / 2, scene.random.uniform(0.12, 0.3), bend=0.06)
        _draw(scene, path, scene.random.uniform(0.018, 0.03), mask)
    return _finish(mask)


def streaks(scene, count: int) -> np.ndarray:
    """Short radial lines that leave one side of the border, as in a superficial spreading melanoma."""
    mask = np.zeros(scene.shape, np.uint8)
    side = scene.random.uniform(0, 2 * np.pi)
    for turn in scene.random.normal(side, 0.7, count):
        on_ray = np.abs(np.angle(np.exp(1j * (scene.angle - turn)))) < 0.03
        edge = np.where(on_ray, np.abs(scene.depth), np.inf).argmin()
        start = np.array([scene.x.flat[edge], scene.y.flat[edge]]) * 0.9
        path = _walk(scene.random, start, turn, scene.random.uniform(0.03, 0.07), bend=0.06)
        _draw(scene, path, scene.random.uniform(0.006, 0.012), mask)
    return _finish(mask)


def vessels(scene, count: int) -> np.ndarray:
    """Tree-like vessels: sharp stems that enter from the border and split into ever thinner branches."""
    mask = np.zeros(scene.shape, np.uint8)
    for turn in scene.random.uniform(0, 2 * np.pi, count):
        start = scene.radius * np.array([np.cos(turn), np.sin(turn)]) * scene.random.uniform(0.5, 1.05)
        _branch(scene, start, turn + np.pi + scene.random.normal(0, 0.5), 0.0058, mask)
    return _finish(mask)


def _branch(scene, start: np.ndarray, heading: float, width: float, mask: np.ndarray) -> None:
    if width < 0.0018:
        return
    path = _walk(scene.random, start, heading, scene.random.uniform(0.08, 0.15), bend=0.14)
    _draw(scene, path, width, mask)
    for joint in scene.random.integers(6, 24, 3):
        turn = scene.random.choice([-1, 1]) * scene.random.uniform(0.4, 1.0)
        _branch(scene, path[joint], heading + turn, width * 0.62, mask)


def bubbles(image: np.ndarray, scene, count: int) -> np.ndarray:
    """Gel bubbles: a thin bright ring with a darker foot and a highlight; returns the image (H, W, 3)."""
    for across, down in scene.random.uniform(-0.55, 0.55, (count, 2)):
        radius = scene.random.uniform(0.012, 0.035)
        x, y = (scene.x - across) / radius, (scene.y - down) / radius
        distance = np.hypot(x, y)
        image = blend(image, (0.35, 0.28, 0.26), 0.30 * smoothstep(1 - np.abs(distance - 1.05) / 0.16))
        image = blend(image, (1.0, 0.98, 0.96), 0.40 * smoothstep(1 - np.abs(distance - 0.90) / 0.12))
        image = blend(image, (1.0, 1.0, 1.0), 0.9 * smoothstep(1.4 - np.hypot(x + 0.4, y + 0.4) / 0.22))
    return image
