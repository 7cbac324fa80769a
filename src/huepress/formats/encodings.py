"""RGB color spaces given by numbers (PNG's gAMA, cHRM and cICP; nclx of AVIF and HEIC), to sRGB."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from huepress.colors.arrays import linear1_of_srgb1, product

Floats = npt.NDArray[np.float64]
Point = tuple[float, float]
Transfer = Literal["srgb", "linear", "gamma", "pq", "hlg"]

_D65: Point = (0.3127, 0.3290)
_BT709 = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
# ITU-T H.273 (2023), table 2: color primaries by code point; the white is D65 unless it is given.
_PRIMARIES: dict[int, tuple[tuple[Point, Point, Point], Point]] = {
    1: (_BT709, _D65),
    4: (((0.67, 0.33), (0.21, 0.71), (0.14, 0.08)), (0.310, 0.316)),
    5: (((0.64, 0.33), (0.29, 0.60), (0.15, 0.06)), _D65),
    6: (((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)), _D65),
    7: (((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)), _D65),
    8: (((0.681, 0.319), (0.243, 0.692), (0.145, 0.049)), (0.310, 0.316)),
    9: (((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)), _D65),
    11: (((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)), (0.314, 0.351)),
    12: (((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)), _D65),
    22: (((0.630, 0.340), (0.295, 0.605), (0.155, 0.077)), _D65),
}
_PRIMARIES_NAMES = {9: "BT.2020", 11: "DCI-P3", 12: "Display P3"}
# ITU-T H.273, table 3: transfer characteristics by code point. Those of television (1, 6, 14, 15)
# are made for displays that are near sRGB's curve, so their codes are taken as sRGB's.
_TRANSFERS: dict[int, tuple[Transfer, float]] = {
    **dict.fromkeys((1, 6, 13, 14, 15), ("srgb", 0.0)),
    4: ("gamma", 2.2),
    5: ("gamma", 2.8),
    8: ("linear", 1.0),
    16: ("pq", 0.0),
    18: ("hlg", 0.0),
}
# Gammas that differ by less look the same (libpng's own threshold).
_SAME_GAMMA = 0.05
_SAME_POINT = 0.0015
# ITU-R BT.2408: the luminance of white in a graphic, in cd/m2; the peak of a nominal HLG display.
_HDR_WHITE, _HLG_PEAK, _PQ_PEAK = 203.0, 1000.0, 10000.0
# The cone response of the Bradford adaptation (ICC.1:2022, annex E).
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
D50_XYZ = np.array([0.9642, 1.0, 0.8249])  # ICC.1:2022, 7.2.16
_ROWS_PIXELS = 1 << 20


@dataclass(frozen=True)
class RgbEncoding:
    """An RGB color space: chromaticities of its primaries and its white, and its curve.

    Parameters
    ----------
    primaries : three points (x, y)
    white : point (x, y)
    transfer : {"srgb", "linear", "gamma", "pq", "hlg"}
    gamma : float
        The exponent from code to light, for the curve "gamma".
    name : str
    """

    primaries: tuple[Point, Point, Point] = _BT709
    white: Point = _D65
    transfer: Transfer = "srgb"
    gamma: float = 0.0
    name: str = "sRGB"

    @property
    def is_srgb(self) -> bool:
        """Whether its codes are sRGB's, as far as anybody can see."""
        return self.transfer == "srgb" and self.has_srgb_primaries

    @property
    def has_srgb_primaries(self) -> bool:
        """Whether primaries and white are those of sRGB (ITU-R BT.709)."""
        ours = np.array([*self.primaries, self.white])
        return bool(np.abs(ours - np.array([*_BT709, _D65])).max() < _SAME_POINT)

    @property
    def is_hdr(self) -> bool:
        """Whether codes reach beyond the white of a page."""
        return self.transfer in ("pq", "hlg")


def from_png(gamma: float | None, chromaticities: tuple[float, ...] | None) -> RgbEncoding | None:
    """Return the encoding of gAMA and cHRM (PNG third edition, 11.3.2), None where they make no sense.

    Parameters
    ----------
    gamma : float, optional
        The exponent from light to code: 0.45455 is sRGB's.
    chromaticities : tuple of 8 floats, optional
        x and y of white, red, green and blue.
    """
    primaries, white = _BT709, _D65
    if chromaticities and len(chromaticities) == 8:
        points = [(chromaticities[i], chromaticities[i + 1]) for i in (0, 2, 4, 6)]
        white, primaries = points[0], (points[1], points[2], points[3])
    found = RgbEncoding(primaries, white, name="the colors of gAMA and cHRM")
    if gamma and gamma > 0 and abs(gamma * 2.2 - 1) >= _SAME_GAMMA:
        found = RgbEncoding(primaries, white, "gamma", 1 / gamma, found.name)
    return found if _is_sane(found) else None


def from_code_points(primaries: int, transfer: int) -> RgbEncoding | None:
    """Return the encoding of coding-independent code points (ITU-T H.273), None for unknown ones."""
    if primaries not in _PRIMARIES or transfer not in _TRANSFERS:
        return None
    points, white = _PRIMARIES[primaries]
    curve, gamma = _TRANSFERS[transfer]
    name = _PRIMARIES_NAMES.get(primaries, f"primaries {primaries}")
    name += {"pq": " PQ", "hlg": " HLG", "linear": " linear", "gamma": f" gamma {gamma:g}", "srgb": ""}[curve]
    return RgbEncoding(points, white, curve, gamma, name)


def to_srgb8(codes: npt.NDArray[Any], encoding: RgbEncoding) -> npt.NDArray[np.uint8]:
    """Convert codes to sRGB (IEC 61966-2-1); colors outside it are clipped.

    Parameters
    ----------
    codes : ndarray of uint8 or uint16, (height, width, 3)
    encoding : RgbEncoding

    Returns
    -------
    ndarray of uint8, (height, width, 3)
    """
    largest = np.iinfo(codes.dtype).max
    light = to_light(np.arange(largest + 1) / largest, encoding)
    if encoding.has_srgb_primaries and encoding.transfer != "hlg":
        converted: npt.NDArray[np.uint8] = _srgb8(light)[codes]
        return converted
    matrix = np.linalg.inv(rgb_to_xyz(RgbEncoding(), _D65_XYZ)) @ rgb_to_xyz(encoding, _D65_XYZ)
    luminance = rgb_to_xyz(encoding, _D65_XYZ)[1]
    result = np.empty(codes.shape, dtype=np.uint8)
    step = max(1, _ROWS_PIXELS // codes.shape[1])
    for top in range(0, len(codes), step):
        linear = light[codes[top : top + step]]
        if encoding.transfer == "hlg":
            linear = _hlg_display(linear, luminance)
        result[top : top + step] = _srgb8(product(linear, matrix.T))
    return result


def to_light(codes1: Floats, encoding: RgbEncoding) -> Floats:
    """Return the linear light of codes 0 to 1; 1 is the white of a page (HLG: light of the scene)."""
    if encoding.transfer == "srgb":
        return linear1_of_srgb1(codes1)
    if encoding.transfer == "gamma":
        return np.asarray(codes1**encoding.gamma)
    if encoding.transfer == "pq":  # SMPTE ST 2084, equation 4.1
        m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
        root = codes1 ** (1 / m2)
        return np.asarray(_PQ_PEAK / _HDR_WHITE * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1))
    if encoding.transfer == "hlg":  # ITU-R BT.2100, table 5: inverse OETF
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        return np.where(codes1 <= 0.5, codes1**2 / 3, (np.exp((codes1 - c) / a) + b) / 12)
    return codes1


def rgb_to_xyz(encoding: RgbEncoding, white_xyz: Floats) -> Floats:
    """Return the matrix from linear RGB to XYZ, adapted to a white (SMPTE RP 177; Bradford).

    Parameters
    ----------
    encoding : RgbEncoding
    white_xyz : ndarray of float64, (3,)
        XYZ of the white that RGB (1, 1, 1) becomes.
    """
    columns = np.array([xyz(point) for point in encoding.primaries]).T
    own_white = xyz(encoding.white)
    matrix = columns * np.linalg.solve(columns, own_white)
    cones = (BRADFORD @ white_xyz) / (BRADFORD @ own_white)
    adapted: Floats = np.linalg.inv(BRADFORD) @ np.diag(cones) @ BRADFORD @ matrix
    return adapted


def _hlg_display(scene: Floats, luminance: Floats) -> Floats:
    """Apply the system gamma of a 1000 cd/m2 display (ITU-R BT.2100, table 5: OOTF)."""
    y = np.maximum(product(scene, luminance[:, np.newaxis])[..., 0], 0)
    return np.asarray(_HLG_PEAK / _HDR_WHITE * scene * (y**0.2)[..., np.newaxis])


def _srgb8(linear: Floats) -> npt.NDArray[np.uint8]:
    """Encode linear light (IEC 61966-2-1), clipped to 0 to 1."""
    light = np.clip(linear, 0, 1)
    codes = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    rounded: npt.NDArray[np.uint8] = np.rint(codes * 255).astype(np.uint8)
    return rounded


def xyz(point: Point) -> Floats:
    """Return the XYZ of a chromaticity at Y = 1 (CIE 15)."""
    x, y = point
    return np.array([x / y, 1.0, (1 - x - y) / y])


_D65_XYZ = xyz(_D65)


def _is_sane(encoding: RgbEncoding) -> bool:
    """Tell whether the primaries span a triangle around the white."""
    points = [*encoding.primaries, encoding.white]
    if not all(0 < y <= 1.1 and -0.5 <= x <= 1.1 for x, y in points) or not encoding.gamma < 20:
        return False
    columns = np.array([xyz(point) for point in encoding.primaries]).T
    if abs(np.linalg.det(columns)) < 1e-3:
        return False
    return bool((np.linalg.solve(columns, xyz(encoding.white)) > 0).all())
