"""Pictures that the project renders itself, for the demonstration and the tests.

Every function returns uint8 sRGB and draws the same picture on every machine up to the
last bits of the C library's sine and exponential.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Pixels = npt.NDArray[np.uint8]


def spheres(width: int = 768, height: int = 512) -> Pixels:
    """Render glossy spheres on a checkered floor at dusk, by ray tracing. (height, width, 3)."""
    x = (np.arange(width) + 0.5) / width * 2 - 1
    y = 1 - (np.arange(height) + 0.5) / height * 2
    directions = np.empty((height, width, 3))
    directions[..., 0] = x[None, :] * width / height
    directions[..., 1] = y[:, None] - 0.28
    directions[..., 2] = 1.9
    origins = np.broadcast_to(np.array([0.0, 1.35, -4.2]), directions.shape)
    light = _trace(origins.reshape(-1, 3), _unit(directions.reshape(-1, 3)), bounces=3)
    return _to_srgb8(light.reshape(height, width, 3))


def sunset(width: int = 768, height: int = 512) -> Pixels:
    """Paint a low sun over ridges in haze and their reflection in a lake. (height, width, 3)."""
    horizon = int(height * 0.62)
    x = np.linspace(0, 1, width)[None, :]
    y = np.linspace(0, 1, height)[:, None] / 0.62
    sky = _gradient(
        np.clip(y, 0, 1) * np.ones_like(x),
        [(0.0, (0.05, 0.09, 0.26)), (0.45, (0.36, 0.20, 0.42)), (0.75, (0.93, 0.42, 0.22)), (1.0, (1.0, 0.78, 0.42))],
    )
    from_sun = np.hypot((x - 0.64) * width / height, (y - 0.80) * 0.62)
    sky += np.exp(-from_sun * 7)[..., None] * np.array([0.9, 0.55, 0.20])
    sky = np.where((from_sun < 0.045)[..., None], np.array([1.0, 0.95, 0.72]), sky)
    clouds = _fractal_noise(height, width, seed=3, stretch=5.0)
    veil = np.clip((clouds - 0.52) * 3.5, 0, 0.75) * np.clip(1.2 - y, 0, 1)
    sky += veil[..., None] * (np.array([0.95, 0.52, 0.42]) - sky) * 0.8
    picture = sky
    for ridge, (base, rough, color) in enumerate(
        [(0.72, 0.20, (0.52, 0.28, 0.38)), (0.83, 0.16, (0.31, 0.18, 0.31)), (0.94, 0.12, (0.12, 0.09, 0.18))]
    ):
        profile = base - rough * (_fractal_noise(1, width, seed=10 + ridge, stretch=0.6)[0] - 0.35)
        depth = (y - profile[None, :]) * 9
        cover = np.clip(depth * height / 9, 0, 1)[..., None]
        haze = np.clip(depth * 0.10, 0, 0.4)[..., None] * np.array([0.9, 0.55, 0.40])
        picture = picture * (1 - cover) + (np.array(color) + haze) * cover
    below = np.arange(height - horizon)
    swell = np.sin(below**1.12 * 0.55)[:, None] * np.sin(x * 23 + below[:, None] * 0.23) * below[:, None] * 0.035
    rows = np.clip(horizon - 1 - below[:, None] * 1.45 + swell * 2.2, 0, horizon - 1).astype(int)
    columns = np.clip(np.arange(width)[None, :] + swell * 3.0, 0, width - 1).astype(int)
    water = picture[rows, columns] * np.array([0.62, 0.66, 0.80]) + np.array([0.01, 0.02, 0.05])
    return _to_srgb8(np.vstack([picture[:horizon], water]), linear=False)


def badge(size: int = 256) -> Pixels:
    """Draw a glossy round badge with a soft shadow on nothing. (size, size, 4), straight alpha."""
    at = (np.arange(size) + 0.5) / size * 2 - 1
    x, y = np.meshgrid(at, at)
    radius = np.hypot(x, y + 0.06)
    disk = np.clip((0.80 - radius) * size / 3, 0, 1)
    shadow = 0.55 / (1 + np.exp((np.hypot(x * 1.02, y - 0.05) - 0.80) * 22))
    color = _gradient((y + 1) / 2, [(0.0, (0.20, 0.75, 0.95)), (0.55, (0.10, 0.35, 0.85)), (1.0, (0.30, 0.08, 0.55))])
    gloss = np.clip(0.55 - np.hypot(x + 0.10, (y + 0.55) * 1.5), 0, 1)
    color = color + gloss[..., None] * 0.9
    ring = np.clip(1 - np.abs(radius - 0.70) * size / 8, 0, 1)
    star = np.cos(5 * np.arctan2(y + 0.06, x) + np.pi / 2) * 0.10 + 0.36
    mark = np.clip((star - radius) * size / 4, 0, 1)
    for cover, paint in ((ring, (1.0, 0.95, 0.85)), (mark, (1.0, 0.83, 0.20))):
        color = color * (1 - cover[..., None]) + np.array(paint) * cover[..., None]
    alpha = disk + shadow * (1 - disk)
    straight = color * (disk / np.maximum(alpha, 1e-9))[..., None]
    return np.dstack([_to_srgb8(straight, linear=False), np.rint(alpha * 255).astype(np.uint8)])


def screen(width: int = 960, height: int = 640) -> Pixels:
    """Draw a window as screens show it: text, a side bar, a chart, soft shadows. (height, width, 3)."""
    from PIL import Image, ImageDraw, ImageFilter, ImageFont

    y, x = np.mgrid[0:height, 0:width]
    desk = _gradient((x / width + y / height) / 2, [(0.0, (0.16, 0.30, 0.48)), (1.0, (0.55, 0.36, 0.52))])
    picture = Image.fromarray(_to_srgb8(desk, linear=False))
    shadow = Image.new("L", picture.size, 0)
    box = (48, 40, width - 48, height - 44)
    ImageDraw.Draw(shadow).rounded_rectangle((box[0], box[1] + 10, box[2], box[3] + 10), 14, fill=150)
    picture.paste((10, 12, 24), mask=shadow.filter(ImageFilter.GaussianBlur(14)))
    pen = ImageDraw.Draw(picture)
    pen.rounded_rectangle(box, 12, fill=(250, 250, 252))
    pen.rounded_rectangle((box[0], box[1], box[2], box[1] + 36), 12, fill=(228, 229, 234))
    pen.rectangle((box[0], box[1] + 24, box[2], box[1] + 36), fill=(228, 229, 234))
    for place, color in enumerate(((255, 95, 87), (254, 188, 46), (40, 200, 64))):
        pen.ellipse((box[0] + 16 + 22 * place, box[1] + 12, box[0] + 28 + 22 * place, box[1] + 24), fill=color)
    pen.rectangle((box[0], box[1] + 36, box[0] + 190, box[3] - 12), fill=(238, 240, 245))
    font, small = ImageFont.load_default(15), ImageFont.load_default(13)
    for line, word in enumerate(("Overview", "Pictures", "Palettes", "Archive", "Reports", "Settings")):
        top = box[1] + 56 + 34 * line
        if line == 1:
            pen.rounded_rectangle((box[0] + 10, top - 6, box[0] + 180, top + 24), 6, fill=(64, 120, 242))
        pen.text((box[0] + 24, top), word, (255, 255, 255) if line == 1 else (60, 64, 80), font)
    inks = ((166, 38, 164), (64, 120, 242), (80, 161, 79), (56, 58, 66), (160, 161, 167))
    words = ["from", "colors", "import", "palette", ";", "weigh", "each", "pixel", "by", "what", "the", "eye", "sees"]
    words += ["and", "what", "the", "file", "takes"]
    rng = np.random.default_rng(4)
    for line in range(11):
        left = box[0] + 216 + 22 * int(rng.integers(0, 3))
        pen.text((box[0] + 198, box[1] + 52 + 21 * line), f"{line + 1:>2}", (180, 182, 190), small)
        for word in rng.choice(words, int(rng.integers(4, 9))):
            pen.text((left + 16, box[1] + 50 + 21 * line), word, inks[int(rng.integers(0, len(inks)))], font)
            left += int(pen.textlength(f"{word} ", font))
    base = box[3] - 40
    for bar, tall in enumerate(rng.integers(40, 190, 14)):
        left = box[0] + 226 + 44 * bar
        for row in range(int(tall)):
            part = row / 190
            color = int(64 + 86 * part), int(120 - 40 * part), int(242 - 22 * part)
            pen.line((left, base - row, left + 28, base - row), fill=color)
        pen.text((left + 6, base + 6), f"{bar + 1}", (110, 112, 124), small)
    return np.asarray(picture, dtype=np.uint8)


@dataclass(frozen=True)
class _Sphere:
    center: tuple[float, float, float]
    radius: float
    color: tuple[float, float, float]
    mirror: float


_SPHERES = (
    _Sphere((-1.75, 0.9, 1.2), 0.9, (0.80, 0.08, 0.06), 0.18),
    _Sphere((0.15, 1.0, 2.4), 1.0, (0.72, 0.74, 0.78), 0.72),
    _Sphere((1.85, 0.75, 0.7), 0.75, (0.03, 0.22, 0.55), 0.22),
    _Sphere((0.55, 0.38, -0.5), 0.38, (0.95, 0.62, 0.05), 0.12),
    _Sphere((-0.70, 0.30, -0.7), 0.30, (0.05, 0.45, 0.12), 0.15),
    _Sphere((1.25, 0.20, -1.1), 0.20, (0.75, 0.15, 0.55), 0.10),
)
_SUN = np.array([-0.55, 0.62, -0.56])


def _trace(origins: Floats, directions: Floats, bounces: int) -> Floats:
    distance, which = _nearest_hit(origins, directions)
    points = origins + distance[:, None] * directions
    sky = _gradient(
        np.clip(directions[:, 1] * 1.4 + 0.18, 0, 1),
        [(0.0, (0.85, 0.52, 0.30)), (0.3, (0.55, 0.48, 0.55)), (1.0, (0.05, 0.10, 0.30))],
    )
    sky += 6 * np.clip(directions @ _SUN, 0, 1)[:, None] ** 400
    normals = np.zeros_like(points)
    normals[:, 1] = 1.0
    squares = (np.floor(points[:, 0] * 0.9) + np.floor(points[:, 2] * 0.9)) % 2
    color = np.where(squares[:, None] == 0, np.array([0.55, 0.50, 0.45]), np.array([0.10, 0.085, 0.08]))
    mirror = np.full(len(points), 0.12)
    for number, sphere in enumerate(_SPHERES):
        on = which == number
        normals[on] = (points[on] - np.array(sphere.center)) / sphere.radius
        color[on] = sphere.color
        mirror[on] = sphere.mirror
    start = points + normals * 1e-4
    facing = np.clip(normals @ _SUN, 0, 1)
    lit = np.where(_nearest_hit(start, np.broadcast_to(_SUN, start.shape), floor=False)[1] >= 0, 0.0, facing)
    ambient = 0.16 + 0.16 * (normals[:, 1] + 1) / 2
    near = np.ones(len(points))
    for sphere in _SPHERES:  # soft contact shadows on the floor
        gap = np.hypot(points[:, 0] - sphere.center[0], points[:, 2] - sphere.center[2]) / sphere.radius
        near = np.where(which == -1, near * (1 - 0.75 * np.exp(-gap * gap * 1.3)), near)
    light = color * (
        lit[:, None] * np.array([1.15, 0.95, 0.75]) + (ambient * near)[:, None] * np.array([0.7, 0.8, 1.0])
    )
    if bounces > 0:
        cosine = -np.sum(directions * normals, axis=1)
        reflected = directions + 2 * cosine[:, None] * normals
        fresnel = mirror + (1 - mirror) * np.clip(1 - cosine, 0, 1) ** 5 * 0.7
        hit = distance < 1e8
        mirrored = np.zeros_like(light)
        mirrored[hit] = _trace(start[hit], reflected[hit], bounces - 1)
        light = light * (1 - fresnel[:, None]) + mirrored * fresnel[:, None]
    fog = 1 - np.exp(-np.minimum(distance, 1e6) * 0.045)
    light += (np.array([0.62, 0.45, 0.38]) - light) * (fog * (which == -1))[:, None]
    return np.where((distance < 1e8)[:, None], light, sky)


def _nearest_hit(origins: Floats, directions: Floats, floor: bool = True) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Return the distance to the first thing hit and which: a sphere's number, -1 floor, -2 nothing."""
    distance = np.full(len(origins), 1e9)
    which = np.full(len(origins), -2)
    if floor:
        with np.errstate(divide="ignore", invalid="ignore"):
            t = -origins[:, 1] / directions[:, 1]
        hit = (t > 1e-4) & (directions[:, 1] < -1e-6)
        distance[hit], which[hit] = t[hit], -1
    for number, sphere in enumerate(_SPHERES):
        offset = origins - np.array(sphere.center)
        half_b = np.sum(offset * directions, axis=1)
        inside = half_b**2 - (np.sum(offset * offset, axis=1) - sphere.radius**2)
        t = -half_b - np.sqrt(np.maximum(inside, 0))
        hit = (inside > 0) & (t > 1e-4) & (t < distance)
        distance[hit], which[hit] = t[hit], number
    return distance, which


def _gradient(position: Floats, stops: list[tuple[float, tuple[float, float, float]]]) -> Floats:
    places = [place for place, _ in stops]
    return np.stack([np.interp(position, places, [color[c] for _, color in stops]) for c in range(3)], axis=-1)


def _fractal_noise(height: int, width: int, seed: int, stretch: float) -> Floats:
    """Sum octaves of smoothly interpolated random lattices; 0 to 1."""
    rng = np.random.default_rng(seed)
    total = np.zeros((height, width))
    weight, norm = 1.0, 0.0
    for octave in range(7):
        cells = 3 * 2**octave
        y = np.linspace(0, max(1.0, cells * stretch * height / width), height, endpoint=False)
        x = np.linspace(0, cells, width, endpoint=False)
        lattice = rng.random((int(y[-1]) + 2, cells + 2))
        (row, fy), (column, fx) = ((v.astype(int), v % 1) for v in (y, x))
        fy, fx = (f * f * (3 - 2 * f) for f in (fy[:, None], fx[None, :]))
        top = lattice[row][:, column] * (1 - fx) + lattice[row][:, column + 1] * fx
        bottom = lattice[row + 1][:, column] * (1 - fx) + lattice[row + 1][:, column + 1] * fx
        total += weight * (top * (1 - fy) + bottom * fy)
        norm += weight
        weight *= 0.52
    return total / norm


def _unit(vectors: Floats) -> Floats:
    lengths: Floats = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / lengths


def _to_srgb8(values: Floats, linear: bool = True) -> Pixels:
    clipped = np.clip(values, 0, None)
    if linear:
        clipped = clipped / (1 + clipped * 0.18)  # a soft shoulder for the highlights
        clipped = np.where(
            clipped <= 0.0031308, clipped * 12.92, 1.055 * np.maximum(clipped, 1e-9) ** (1 / 2.4) - 0.055
        )
    return np.rint(np.clip(clipped, 0, 1) * 255).astype(np.uint8)
