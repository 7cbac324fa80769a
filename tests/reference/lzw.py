"""Textbook LZW of GIF (GIF89a, appendix F): a decoder, and the greedy encoder with an early clear code."""

from __future__ import annotations


def decode(min_code_size: int, data: bytes) -> list[int]:
    """Return the symbols, one list entry each; raises on a code that does not exist yet."""
    clear, end = 1 << min_code_size, (1 << min_code_size) + 1
    held = int.from_bytes(data, "little")
    width, at, table, last, symbols = min_code_size + 1, 0, {}, None, []
    next_code = end + 1
    while at + width <= 8 * len(data):
        code = held >> at & (1 << width) - 1
        at += width
        if code == clear:
            table = {s: [s] for s in range(clear)}
            width, next_code, last = min_code_size + 1, end + 1, None
            continue
        if code == end:
            return symbols
        if last is None:
            string = table[code]
        else:
            string = table[code] if code in table else [*last, last[0]]
            assert code in table or code == next_code, "a code before its time"
            if next_code < 4096:
                table[next_code] = [*last, string[0]]
                next_code += 1
                if next_code == 1 << width and width < 12:
                    width += 1
        symbols += string
        last = string
    raise AssertionError("no end code")


def encode(min_code_size: int, symbols: list[int]) -> bytes:
    """Return the codes of greedy longest matches, the table emptied as soon as it is full."""
    clear = 1 << min_code_size
    value, at = 0, 0
    table: dict[tuple[int, ...], int] = {}
    width = min_code_size + 1
    next_code = clear + 2

    def put(code: int) -> None:
        nonlocal value, at
        value |= code << at
        at += width

    put(clear)
    string: tuple[int, ...] = ()
    for symbol in symbols:
        longer = (*string, symbol)
        if len(longer) == 1 or longer in table:
            string = longer
            continue
        put(string[0] if len(string) == 1 else table[string])
        if next_code < 4096:
            table[longer] = next_code
            if next_code == 1 << width and width < 12:
                width += 1
            next_code += 1
        string = (symbol,)
    if string:
        put(string[0] if len(string) == 1 else table[string])
        if next_code == 1 << width and width < 12:
            width += 1
    put(clear + 1)
    return value.to_bytes((at + 7) // 8, "little")
