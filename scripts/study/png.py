"""Pictures of numbers from 0 to 1 as PNG with a palette."""

import struct
import zlib

# control colours of viridis: perceptually uniform, ordered in lightness
VIRIDIS = (0x440154, 0x472D7B, 0x3B528B, 0x2C728E, 0x21918C, 0x28AE80, 0x5EC962, 0xADDC30, 0xFDE725)
GREY = (0x000000, 0xFFFFFF)


def colour(controls, value):
    place = value * (len(controls) - 1)
    below = min(int(place), len(controls) - 2)
    low, high = ([control >> shift & 255 for shift in (16, 8, 0)] for control in controls[below : below + 2])
    return bytes(round(a + (place - below) * (b - a)) for a, b in zip(low, high, strict=True))


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def encode(lines, controls=VIRIDIS, shades=48):
    """Lines of numbers, the top one first."""
    header = struct.pack(">IIBBBBB", len(lines[0]), len(lines), 8, 3, 0, 0, 0)
    palette = b"".join(colour(controls, shade / (shades - 1)) for shade in range(shades))
    # each line begins with its filter, none
    pixels = b"".join(b"\0" + bytes(round(value * (shades - 1)) for value in line) for line in lines)
    chunks = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(pixels, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, content) for kind, content in chunks)
