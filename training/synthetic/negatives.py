"""Pictures that are no dermoscopic photo, drawn by rule: what the gate of `model.answer.gate` learns to refuse.

Every kind is varied in layout, colours and size, because a gate that has learnt one drawing by heart refuses that
drawing only. `training.gate` also leaves each kind out once and measures it as something never seen.
"""

import string
from collections.abc import Callable

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

Random = np.random.Generator
FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX)


def _size(random: Random) -> tuple[int, int]:
    """Return a height and a width in pixels, from square to wide or tall."""
    side = int(random.integers(240, 640))
    other = round(side * random.choice([1.0, 1.33, 1.5, 1.78]))
    height, width = (int(edge) for edge in random.permutation([side, other]))
    return height, width


def _colour(random: Random, low: int = 0, high: int = 256) -> tuple[int, int, int]:
    red, green, blue = (int(value) for value in random.integers(low, high, 3))
    return red, green, blue


def _skin(random: Random) -> np.ndarray:
    """Return a skin colour, from light to dark: float64, shape (3,)."""
    light, dark = np.array([240, 205, 185]), np.array([80, 50, 38])
    share = random.uniform()
    return light * (1 - share) + dark * share + random.normal(0, 8, 3)


def _paper(random: Random) -> np.ndarray:
    height, width = _size(random)
    page = np.empty((height, width, 3), np.uint8)
    page[:] = _colour(random, 215) if random.random() < 0.75 else _colour(random, 0, 60)
    return page


def _word(random: Random) -> str:
    return "".join(random.choice(list(string.ascii_letters + string.digits), int(random.integers(2, 10))))


def text(random: Random) -> np.ndarray:
    """Draw a page of print: lines, a heading, one or two columns, now and then turned."""
    page = _paper(random)
    height, width = page.shape[:2]
    ink = (20, 20, 25) if page.mean() > 127 else (230, 230, 235)
    picture = Image.fromarray(page)
    draw = ImageDraw.Draw(picture)
    size = int(random.integers(9, max(10, height // 14)))
    font, columns = ImageFont.load_default(size), int(random.choice([1, 1, 2]))
    for column in range(columns):
        left, top = width * column / columns + 0.04 * width, float(random.uniform(0, 0.15)) * height
        while top < height:
            line = ""
            while draw.textlength(line, font) < (0.9 * width / columns) * random.uniform(0.6, 1.0):
                line += _word(random) + " "
            if random.random() < 0.9:
                draw.text((left, top), line, ink, font)
            top += size * random.uniform(1.2, 1.6)
    return _turned(np.asarray(picture), random, 6) if random.random() < 0.4 else np.asarray(picture)


def _turned(picture: np.ndarray, random: Random, degrees: float) -> np.ndarray:
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), random.uniform(-degrees, degrees), random.uniform(1, 1.2))
    return cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)


def screen(random: Random) -> np.ndarray:
    """Draw a window of a program: bars, panels, buttons, labels."""
    page = _paper(random)
    height, width = page.shape[:2]
    cv2.rectangle(page, (0, 0), (width, int(height * random.uniform(0.05, 0.14))), _colour(random), -1)
    for _ in range(int(random.integers(4, 24))):
        left, top = int(random.integers(0, width)), int(random.integers(0, height))
        right, bottom = left + int(random.integers(20, width // 2)), top + int(random.integers(10, height // 3))
        cv2.rectangle(page, (left, top), (right, bottom), _colour(random), -1 if random.random() < 0.6 else 1)
        scale = float(random.uniform(0.3, 1.0))
        cv2.putText(page, _word(random), (left + 4, top + 18), int(random.choice(FONTS)), scale, _colour(random), 1)
    return page


def chart(random: Random) -> np.ndarray:
    """Draw a diagram: bars, lines or points, with axes."""
    page = _paper(random)
    height, width = page.shape[:2]
    ink, kind, count = (
        _colour(random, 0, 120),
        random.choice(["bar", "line", "points", "pie"]),
        int(random.integers(4, 20)),
    )
    values = random.uniform(0.1, 0.85, count) * height
    places = np.linspace(0.1 * width, 0.92 * width, count).astype(int)
    if kind == "pie":
        angles = np.cumsum(random.dirichlet(np.ones(5))) * 360
        for start, end in zip([0, *angles], angles, strict=False):
            cv2.ellipse(page, (width // 2, height // 2), (height // 3,) * 2, 0, start, end, _colour(random), -1)
        return page
    for place, value in zip(places, values, strict=True):
        if kind == "bar":
            corner = (int(place + 0.5 * width / count), height - 20)
            cv2.rectangle(page, (int(place), int(height - value)), corner, _colour(random), -1)
        else:
            cv2.circle(page, (int(place), int(height - value)), int(random.integers(2, 7)), _colour(random), -1)
    if kind == "line":
        points = np.stack([places, (height - values).astype(int)], 1)
        cv2.polylines(page, [points.astype(np.int32)], False, _colour(random), int(random.integers(1, 5)))
    cv2.line(page, (int(0.07 * width), 0), (int(0.07 * width), height - 20), ink, 2)
    cv2.line(page, (int(0.07 * width), height - 20), (width, height - 20), ink, 2)
    return page


def drawing(random: Random) -> np.ndarray:
    """Draw a face, an animal or a scene of plain shapes with outlines, as in a cartoon."""
    page = _paper(random)
    height, width = page.shape[:2]
    page[:] = _colour(random, 100)
    line, thick = _colour(random, 0, 70), int(random.integers(1, 6))
    for _ in range(int(random.integers(1, 5))):  # bodies with two ears and two eyes
        x, y = int(random.integers(width // 5, 4 * width // 5)), int(random.integers(height // 5, 4 * height // 5))
        across, down = (int(random.integers(min(height, width) // 9, min(height, width) // 3)) for _ in "xy")
        fill = _colour(random)
        for side in (-1, 1):
            tip = (x + side * int(0.8 * across), y - int(1.5 * down))
            ear = np.array([tip, (x + side * int(0.2 * across), y - down // 2), (x + side * across, y)], np.int32)
            if random.random() < 0.7:
                cv2.fillPoly(page, [ear], fill)
                cv2.polylines(page, [ear], True, line, thick)
        cv2.ellipse(page, (x, y), (across, down), 0, 0, 360, fill, -1)
        cv2.ellipse(page, (x, y), (across, down), 0, 0, 360, line, thick)
        for side in (-1, 1):
            cv2.circle(page, (x + side * across // 3, y - down // 4), max(2, across // 8), line, -1)
        cv2.ellipse(page, (x, y + down // 3), (across // 3, down // 5), 0, 0, 180, line, thick)
    for _ in range(int(random.integers(0, 14))):
        first, second = ((int(random.integers(0, width)), int(random.integers(0, height))) for _ in "ab")
        cv2.line(page, first, second, _colour(random), int(random.integers(1, 6)))
    return page


def plain(random: Random) -> np.ndarray:
    """Draw an even surface of any colour, a third of them of skin's, with a little grain and a soft light."""
    height, width = _size(random)
    colour = _skin(random) if random.random() < 0.35 else random.uniform(0, 255, 3)
    page = np.broadcast_to(colour, (height, width, 3)) + random.normal(0, random.uniform(0, 7), (height, width, 1))
    if random.random() < 0.5:
        page = page * _light(height, width, random)
    return np.clip(page, 0, 255).astype(np.uint8)


def _light(height: int, width: int, random: Random) -> np.ndarray:
    rows, columns = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    return 1 + random.uniform(-0.35, 0.35) * rows[..., None] + random.uniform(-0.35, 0.35) * columns[..., None]


def skin(random: Random) -> np.ndarray:
    """Draw skin without a lesion: furrows, mottle, pores and hairs."""
    height, width = _size(random)
    page = np.broadcast_to(_skin(random), (height, width, 3)) * _light(height, width, random)
    colours = random.uniform(0, 1, 3) if random.random() < 0.5 else np.ones(3)  # mottle of one or of other tones
    for scale in (3, 8, 25, 70, 160):
        grain = cv2.resize(
            random.normal(0, 1, (height // scale + 2, width // scale + 2)), (width, height),
            interpolation=cv2.INTER_CUBIC if random.random() < 0.5 else cv2.INTER_LINEAR,
        )  # fmt: skip
        page = page + grain[..., None] * colours * random.uniform(1, 14)
    page = np.clip(page, 0, 255).astype(np.uint8)
    for _ in range(int(random.integers(0, 50))):
        x, y = int(random.integers(0, width)), int(random.integers(0, height))
        end = (x + int(random.normal(0, 50)), y + int(random.normal(0, 50)))
        cv2.line(page, (x, y), end, tuple(int(v) for v in page[y, x] * random.uniform(0.6, 0.95)), 1, cv2.LINE_AA)
    return page


def gradient(random: Random) -> np.ndarray:
    """Draw a passage between two to four colours, along a line or from a centre."""
    height, width = _size(random)
    rows, columns = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    angle = random.uniform(0, 2 * np.pi)
    along = rows * np.sin(angle) + columns * np.cos(angle)
    along = along if random.random() < 0.5 else np.hypot(rows - random.uniform(-1, 1), columns - random.uniform(-1, 1))
    stops = np.linspace(along.min(), along.max(), int(random.integers(2, 5)))
    colours = random.uniform(0, 255, (len(stops), 3))
    return np.stack([np.interp(along, stops, channel) for channel in colours.T], -1).astype(np.uint8)


def noise(random: Random) -> np.ndarray:
    """Draw noise: fine or coarse, grey or coloured, even or normal, salt and pepper."""
    height, width = _size(random)
    coarse, channels = int(random.choice([1, 2, 4, 9, 24, 60])), int(random.choice([1, 3]))
    shape = (height // coarse + 1, width // coarse + 1, channels)
    kind = random.choice(["uniform", "normal", "sparse"])
    if kind == "uniform":
        values = random.uniform(0, 255, shape)
    elif kind == "normal":
        values = random.normal(random.uniform(60, 200), random.uniform(10, 80), shape)
    else:
        values = np.where(random.random(shape) < random.uniform(0.01, 0.3), random.choice([0, 255]), 128.0)
    page = np.clip(np.broadcast_to(values, (*shape[:2], 3)), 0, 255).astype(np.uint8)
    smooth = cv2.INTER_CUBIC if random.random() < 0.5 else cv2.INTER_NEAREST
    return cv2.resize(page, (width, height), interpolation=smooth)


def pattern(random: Random) -> np.ndarray:
    """Draw something that repeats: stripes, squares, dots, rings, a code of black and white cells."""
    height, width = _size(random)
    rows, columns = np.mgrid[0:height, 0:width]
    step = int(random.integers(6, 90))
    kind = random.choice(["stripes", "squares", "dots", "rings", "code", "bars"])
    first, second = (np.array(_colour(random)) for _ in "ab")
    if kind == "stripes":
        chosen = ((rows * random.normal() + columns * random.normal()) // step) % 2 < 1
    elif kind == "squares":
        chosen = (rows // step + columns // step) % 2 == 0
    elif kind == "dots":
        chosen = np.hypot(rows % step - step / 2, columns % step - step / 2) < step * random.uniform(0.15, 0.45)
    elif kind == "rings":
        chosen = (np.hypot(rows - height / 2, columns - width / 2) // step) % 2 < 1
    elif kind == "code":
        cells = random.random((height // step + 1, width // step + 1)) < 0.5
        chosen = cells[rows // step, columns // step]
    else:
        chosen = (random.random(width // max(2, step // 5) + 1) < 0.5)[columns // max(2, step // 5)]
    return np.where(chosen[..., None], first, second).astype(np.uint8)


def shapes(random: Random) -> np.ndarray:
    """Draw a few plain shapes on a plain ground, a dark disc in the middle among them: a lesion only in outline."""
    height, width = _size(random)
    page = np.empty((height, width, 3), np.uint8)
    page[:] = np.clip(_skin(random), 0, 255) if random.random() < 0.5 else _colour(random)
    for _ in range(int(random.integers(1, 6))):
        centre = (int(random.normal(width / 2, width / 6)), int(random.normal(height / 2, height / 6)))
        radius = int(random.integers(min(height, width) // 12, min(height, width) // 3))
        if random.random() < 0.6:
            cv2.circle(page, centre, radius, _colour(random), -1, cv2.LINE_AA)
        else:
            corners = np.array(centre) + random.normal(0, radius, (int(random.integers(3, 6)), 2))
            cv2.fillPoly(page, [corners.astype(np.int32)], _colour(random), cv2.LINE_AA)
    return page


DRAWN: dict[str, Callable[[Random], np.ndarray]] = {
    "text": text, "screen": screen, "chart": chart, "drawing": drawing, "plain": plain, "skin": skin,
    "gradient": gradient, "noise": noise, "pattern": pattern, "shapes": shapes,
}  # fmt: skip


def inverted(pixels: np.ndarray, random: Random) -> np.ndarray:
    """Turn light into dark."""
    return 255 - pixels


def recoloured(pixels: np.ndarray, random: Random) -> np.ndarray:
    """Exchange the channels: blue or green skin."""
    orders = [(2, 1, 0), (1, 0, 2), (2, 0, 1), (1, 2, 0)]
    return np.ascontiguousarray(pixels[..., orders[int(random.integers(len(orders)))]])


def shuffled(pixels: np.ndarray, random: Random) -> np.ndarray:
    """Cut the photo into tiles and mix them up."""
    count = int(random.choice([4, 6, 8, 14]))
    side = min(pixels.shape[:2]) // count
    tiles = [pixels[r * side : (r + 1) * side, c * side : (c + 1) * side] for r in range(count) for c in range(count)]
    order = random.permutation(len(tiles))
    return np.vstack([np.hstack([tiles[i] for i in order[r * count : (r + 1) * count]]) for r in range(count)])


def posterised(pixels: np.ndarray, random: Random) -> np.ndarray:
    """Leave two levels a channel."""
    return ((pixels > np.median(pixels, axis=(0, 1)) + random.normal(0, 12, 3)) * 255).astype(np.uint8)


def mosaic(pixels: np.ndarray, random: Random) -> np.ndarray:
    """Leave a few large squares, as a censored photo."""
    cells = int(random.integers(4, 9))
    coarse = cv2.resize(pixels, (cells, cells), interpolation=cv2.INTER_AREA)
    return cv2.resize(coarse, pixels.shape[1::-1], interpolation=cv2.INTER_NEAREST)


IMPOSSIBLE: dict[str, Callable[[np.ndarray, Random], np.ndarray]] = {
    "inverted": inverted, "recoloured": recoloured, "shuffled": shuffled, "posterised": posterised, "mosaic": mosaic,
}  # fmt: skip
