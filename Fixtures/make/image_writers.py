"""Writers of pictures of kinds that Pillow does not write: PNG of all depths and interlaced, bitmaps of all headers and
compressions, JPEG of all samplings and scans. They are for tests, so they are short, not fast."""

import math
import struct
import zlib

import numpy as np

# MARK: PNG


def png_chunk(kind, contents):
    return struct.pack(">I", len(contents)) + kind + contents + struct.pack(">I", zlib.crc32(kind + contents))


def paeth(left, up, corner):
    estimate = left + up - corner
    return min((abs(estimate - value), index, value) for index, value in enumerate((left, up, corner)))[2]


def filtered(rows, distance):
    """Rows of bytes, each with another filter than the one above."""
    output = bytearray()
    above = bytes(len(rows[0])) if rows else b""
    for number, row in enumerate(rows):
        kind = (number + 1) % 5
        output.append(kind)
        for index, value in enumerate(row):
            left = row[index - distance] if index >= distance else 0
            corner = above[index - distance] if index >= distance else 0
            up = above[index]
            guess = [0, left, up, (left + up) // 2, paeth(left, up, corner)][kind]
            output.append((value - guess) & 255)
        above = row
    return bytes(output)


def packed(samples, depth):
    """Rows of bytes from an array [height, width, samples]."""
    rows = []
    for row in samples.reshape(samples.shape[0], -1):
        if depth == 16:
            rows.append(row.astype(">u2").tobytes())
        else:
            bits = "".join(format(int(value), f"0{depth}b") for value in row)
            bits += "0" * (-len(bits) % 8)
            rows.append(bytes(int(bits[at:at + 8], 2) for at in range(0, len(bits), 8)))
    return rows


ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def png(samples, depth, colour_type, interlaced=False, palette=None, transparency=None, parts=1, level=9):
    """samples: [height, width, samples a pixel] of the depth's range."""
    height, width, count = samples.shape
    distance = max(1, count * depth // 8)
    data = b""
    for left, top, across, down in ADAM7 if interlaced else [(0, 0, 1, 1)]:
        part = samples[top::down, left::across]
        if part.size:
            data += filtered(packed(part, depth), distance)
    stream = zlib.compress(data, level)
    file = b"\x89PNG\r\n\x1a\n"
    file += png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, interlaced))
    file += png_chunk(b"tEXt", b"Comment\0an ancillary chunk")
    if palette is not None:
        file += png_chunk(b"PLTE", bytes(palette))
    if transparency is not None:
        file += png_chunk(b"tRNS", bytes(transparency))
    step = -(-len(stream) // parts)
    for at in range(0, len(stream), step):
        file += png_chunk(b"IDAT", stream[at:at + step])
    return file + png_chunk(b"IEND", b"")


# MARK: BMP


def bmp(width, height, depth, pixels, header=40, compression=0, masks=(), palette=(), used=None, top_down=False):
    """pixels: rows as they are stored, or compressed bytes; palette: (red, green, blue) each."""
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, depth)
        colours = b"".join(bytes((b, g, r)) for r, g, b in palette)
    else:
        size = len(pixels)
        info = struct.pack(
            "<IiiHHIIiiII", header, width, -height if top_down else height, 1, depth, compression, size, 2835, 2835,
            len(palette) if used is None else used, 0)
        fields = b"".join(struct.pack("<I", mask) for mask in masks)
        info += fields if header == 40 else fields.ljust(header - 40, b"\0")[:header - 40]
        colours = b"".join(bytes((b, g, r, 0)) for r, g, b in palette)
    start = 14 + len(info) + len(colours)
    return b"BM" + struct.pack("<IHHI", start + len(pixels), 0, 0, start) + info + colours + pixels


def bmp_rows(samples, depth, top_down=False):
    """Rows filled up to four bytes, from the bottom; samples [height, width] of up to 32 bits."""
    rows = []
    for row in samples if top_down else samples[::-1]:
        if depth >= 16:
            data = b"".join(struct.pack("<I", int(value))[:depth // 8] for value in row)
        else:
            data = packed(np.asarray(row).reshape(1, -1, 1), depth)[0]
        rows.append(data + bytes(-len(data) % 4))
    return b"".join(rows)


def run_lengths(indices, depth):
    """RLE8 or RLE4 with runs, literal stretches, and a jump over what has index 0 at the end of rows."""
    output = bytearray()
    for row in indices[::-1]:
        row = [int(value) for value in row]
        while row and row[-1] == 0:
            row.pop()
        at = 0
        while at < len(row):
            run = 1
            while at + run < len(row) and row[at + run] == row[at] and run < 255:
                run += 1
            if run > 2:
                output += bytes((run, row[at] if depth == 8 else row[at] * 17))
                at += run
                continue
            stretch = row[at:at + 5]
            if len(stretch) < 3:
                for value in stretch:
                    output += bytes((1, value if depth == 8 else value * 16))
            else:
                if depth == 8:
                    data = bytes(stretch)
                else:
                    data = packed(np.array(stretch).reshape(1, -1, 1), 4)[0]
                output += bytes((0, len(stretch))) + data + bytes(len(data) % 2)
            at += len(stretch)
        output += b"\0\0"
    return bytes(output + b"\0\1")


# MARK: JPEG

ZIGZAG = sorted(
    ((row, column) for row in range(8) for column in range(8)),
    key=lambda at: (sum(at), at[0] if sum(at) % 2 else at[1]))


def segment(marker, contents):
    return struct.pack(">BBH", 0xFF, marker, len(contents) + 2) + contents


class Bits:
    def __init__(self):
        self.text = []

    def add(self, value, size):
        if size:
            self.text.append(format(value, f"0{size}b"))

    def bytes(self):
        text = "".join(self.text)
        text += "1" * (-len(text) % 8)
        data = bytes(int(text[at:at + 8], 2) for at in range(0, len(text), 8))
        return data.replace(b"\xff", b"\xff\0")


def magnitude(value):
    size = int(abs(value)).bit_length()
    return size, value if value >= 0 else value + (1 << size) - 1


def transform(blocks):
    """The forward cosine transform of [..., 8, 8]."""
    basis = np.array([
        [math.sqrt((1 if k == 0 else 2) / 8) * math.cos((2 * n + 1) * k * math.pi / 16) for n in range(8)]
        for k in range(8)])
    return np.einsum("ki,...ij,lj->...kl", basis, blocks, basis)


def jpeg(planes, samplings, scale=8, restart=0, scans=None, progressive=False, frame=0xC0, markers=b"", identifiers=(
        1, 2, 3), wide_tables=False):
    """planes: each [height, width] of the whole picture; samplings: (across, down) each; scans: lists of components, of
    a progressive picture (components, first, last) with all bits at once. All codes have 4 or 8 bits."""
    height, width = planes[0].shape
    most_across = max(across for across, _ in samplings)
    most_down = max(down for _, down in samplings)
    units_wide = -(-width // (8 * most_across))
    units_high = -(-height // (8 * most_down))
    table = np.array([[min(255, 3 + scale * (row + column + 1) // 4) for column in range(8)] for row in range(8)])

    blocks, sizes = [], []
    for plane, (across, down) in zip(planes, samplings):
        padded = np.pad(
            plane.astype(float),
            ((0, units_high * 8 * most_down - height), (0, units_wide * 8 * most_across - width)), mode="edge")
        step_x, step_y = most_across // across, most_down // down
        small = padded.reshape(padded.shape[0] // step_y, step_y, padded.shape[1] // step_x, step_x).mean((1, 3))
        cut = small.reshape(small.shape[0] // 8, 8, small.shape[1] // 8, 8).swapaxes(1, 2)
        blocks.append(np.rint(transform(cut - 128) / table).astype(int))
        own_width, own_height = -(-width * across // most_across), -(-height * down // most_down)
        sizes.append((-(-own_width // 8), -(-own_height // 8)))

    file = b"\xff\xd8" + markers
    if wide_tables:
        file += segment(0xDB, b"\x10" + b"".join(struct.pack(">H", table[at]) for at in ZIGZAG))
    else:
        file += segment(0xDB, b"\0" + bytes(int(table[at]) for at in ZIGZAG))
    info = struct.pack(">BHHB", 8, height, width, len(planes))
    for identifier, (across, down) in zip(identifiers, samplings):
        info += bytes((identifier, across << 4 | down, 0))
    file += segment(0xC2 if progressive else frame, info)
    first_symbols = list(range(12))
    other_symbols = [run << 4 | size for run in range(16) for size in range(1, 11)] + [0x00, 0xF0]
    file += segment(0xC4, b"\0" + bytes((0, 0, 0, 12)) + bytes(12) + bytes(first_symbols))
    file += segment(0xC4, b"\x10" + bytes((0,) * 7 + (len(other_symbols),)) + bytes(8) + bytes(other_symbols))
    if restart:
        file += segment(0xDD, struct.pack(">H", restart))

    def write(bits, block, last, first_coefficient, last_coefficient):
        if first_coefficient == 0:
            size, value = magnitude(int(block[0, 0]) - last)
            bits.add(first_symbols.index(size), 4)
            bits.add(value, size)
        run = 0
        for at in ZIGZAG[max(first_coefficient, 1):last_coefficient + 1]:
            value = int(block[at])
            if value == 0:
                run += 1
                continue
            while run > 15:
                bits.add(other_symbols.index(0xF0), 8)
                run -= 16
            size, raw = magnitude(value)
            bits.add(other_symbols.index(run << 4 | size), 8)
            bits.add(raw, size)
            run = 0
        if run:
            bits.add(other_symbols.index(0), 8)
        return int(block[0, 0])

    everything = list(range(len(planes)))
    for scan in scans or [everything]:
        parts, low, high = scan if progressive else (scan, 0, 63)
        info = bytes((len(parts),)) + b"".join(bytes((identifiers[part], 0)) for part in parts)
        file += segment(0xDA, info + bytes((low, high, 0)))
        if len(parts) == 1:
            wide, high_count = sizes[parts[0]]
            units = [[(parts[0], row, column)] for row in range(high_count) for column in range(wide)]
        else:
            units = [
                [(part, row * samplings[part][1] + y, column * samplings[part][0] + x) for part in parts
                 for y in range(samplings[part][1]) for x in range(samplings[part][0])]
                for row in range(units_high) for column in range(units_wide)]
        step = restart or len(units)
        for number, at in enumerate(range(0, len(units), step)):
            if number:
                file += bytes((0xFF, 0xD0 + (number - 1) % 8))
            bits = Bits()
            last = [0] * len(planes)
            for unit in units[at:at + step]:
                for part, row, column in unit:
                    last[part] = write(bits, blocks[part][row, column], last[part], low, high)
            file += bits.bytes()
    return file + b"\xff\xd9"


ADOBE = b"Adobe" + struct.pack(">HHHB", 100, 0, 0, 0)
JFIF = segment(0xE0, b"JFIF\0" + struct.pack(">HBHHBB", 0x0102, 0, 1, 1, 0, 0))


def exif(orientation, order="<"):
    mark = b"II*\0" if order == "<" else b"MM\0*"
    entries = struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0)
    data = mark + struct.pack(order + "IH", 8, 1) + entries + struct.pack(order + "I", 0)
    return segment(0xE1, b"Exif\0\0" + data)
