"""Slow twin of the symbol counter: RFC 1951, section 3."""

import numpy as np

LENGTH_EXTRA = [0] * 8 + [1] * 4 + [2] * 4 + [3] * 4 + [4] * 4 + [5] * 4 + [0]
DISTANCE_EXTRA = [0, 0, *(n for n in range(14) for _ in range(2))]
CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]


class Bits:
    def __init__(self, data: bytes) -> None:
        self.bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little").tolist()
        self.at = 0

    def read(self, n: int) -> int:
        value = sum(bit << i for i, bit in enumerate(self.bits[self.at : self.at + n]))
        self.at += n
        return value

    def symbol(self, codes: dict[str, int]) -> int:
        word = ""
        while word not in codes:
            word += str(self.read(1))
        return codes[word]


def prefix_code(lengths: list[int]) -> dict[str, int]:
    codes, code, last = {}, 0, 0
    for length, symbol in sorted((n, s) for s, n in enumerate(lengths) if n):
        code <<= length - last
        codes[f"{code:0{length}b}"] = symbol
        code, last = code + 1, length
    return codes


def dynamic_codes(bits: Bits) -> tuple[dict[str, int], dict[str, int]]:
    n_main, n_distances, n_lengths = bits.read(5) + 257, bits.read(5) + 1, bits.read(4) + 4
    code_lengths = [0] * 19
    for place in CODE_LENGTH_ORDER[:n_lengths]:
        code_lengths[place] = bits.read(3)
    codes = prefix_code(code_lengths)
    lengths: list[int] = []
    while len(lengths) < n_main + n_distances:
        symbol = bits.symbol(codes)
        if symbol < 16:
            lengths.append(symbol)
        elif symbol == 16:
            lengths += [lengths[-1]] * (3 + bits.read(2))
        else:
            lengths += [0] * (3 + bits.read(3) if symbol == 17 else 11 + bits.read(7))
    return prefix_code(lengths[:n_main]), prefix_code(lengths[n_main:])


def count_symbols(stream: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Return the counts of literals, ends and lengths, and of distances, in a zlib stream."""
    main, distances = np.zeros(286, np.int64), np.zeros(30, np.int64)
    bits = Bits(stream[2:])
    last = False
    while not last:
        last = bool(bits.read(1))
        kind = bits.read(2)
        if kind == 0:
            bits.at = -(-bits.at // 8) * 8
            n = bits.read(16)
            bits.read(16)
            for _ in range(n):
                main[bits.read(8)] += 1
            continue
        fixed = [8] * 144 + [9] * 112 + [7] * 24 + [8] * 8
        codes, far = (prefix_code(fixed), prefix_code([5] * 30)) if kind == 1 else dynamic_codes(bits)
        while (symbol := bits.symbol(codes)) != 256:
            main[symbol] += 1
            if symbol > 256:
                bits.read(LENGTH_EXTRA[symbol - 257])
                distance = bits.symbol(far)
                distances[distance] += 1
                bits.read(DISTANCE_EXTRA[distance])
        main[256] += 1
    return main, distances
