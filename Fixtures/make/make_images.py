#!/usr/bin/env python3
"""Makes small pictures in every format that ImageFiles reads, with the pixels that Pillow reads from them.

    make_images.py [FOLDER]

FOLDER is ../images unless given. It gets the pictures; expected.bin, all expected pixels one after the other; and
index.json: for each picture its size, its channels, the place of its pixels, and who says them ("Pillow", or "writer"
where Pillow reads fewer bits than there are or leaves out transparency); resized pictures by Pillow's filters; pictures
that must be refused; and the versions of Pillow and libjpeg.

All content is computed here: gradients, circles and noise. Needs numpy and pillow (requirements.txt).
"""
import io
import json
import os
import sys

import numpy as np
import PIL
from PIL import Image, ImageOps, features

import image_writers as write

HERE = os.path.dirname(os.path.abspath(__file__))
RANDOM = np.random.default_rng(20)
EXPECTED = bytearray()
PICTURES, RESIZED, REFUSED = [], [], []
FOLDER = ""


def scene(width, height, channels=3):
    """Gradients, a disc with hard edges, and some noise."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [
        255 * x / max(width - 1, 1), 255 * y / max(height - 1, 1), 255 * (x + y) / max(width + height - 2, 1),
        40 + 200 * ((x // 3 + y // 2) % 2)]
    picture = np.stack(planes[:channels], -1)
    disc = (x - width * 0.6) ** 2 + (y - height * 0.4) ** 2 < (min(width, height) * 0.3) ** 2
    picture[disc] = [230, 20, 120, 90][:channels]
    noise = RANDOM.normal(0, 12, picture.shape)
    return np.clip(picture + noise * (x < width / 2)[..., None], 0, 255).astype(np.uint8)


def keep(pixels):
    """Enters expected pixels; returns where they begin."""
    start = len(EXPECTED)
    EXPECTED.extend(np.ascontiguousarray(pixels, np.uint8).tobytes())
    return start


def save(name, data):
    with open(os.path.join(FOLDER, name), "wb") as file:
        file.write(data)


def add(name, data, mode, pixels=None):
    """A picture, and its pixels in Pillow's mode L, LA, RGB or RGBA; those given are the writer's own."""
    save(name, data)
    channels = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4}[mode]
    origin = "writer"
    if pixels is None:
        origin = "Pillow"
        with Image.open(io.BytesIO(data)) as image:
            pixels = np.array(ImageOps.exif_transpose(image).convert(mode))
    pixels = pixels.reshape(pixels.shape[0], pixels.shape[1], channels)
    PICTURES.append({
        "file": name, "width": pixels.shape[1], "height": pixels.shape[0], "channels": channels,
        "offset": keep(pixels), "from": origin})


def refuse(name, data, code, reason):
    save(name, data)
    REFUSED.append({"file": name, "code": code, "reason": reason})


def saved(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def with_alpha(grey, transparent):
    return np.where(grey == transparent, 0, 255)


def make_png():
    kinds = {0: ("L", [1, 2, 4, 8, 16]), 2: ("RGB", [8, 16]), 3: ("RGB", [1, 2, 4, 8]), 4: ("LA", [8, 16]),
             6: ("RGBA", [8, 16])}
    for kind, (mode, depths) in kinds.items():
        for depth in depths:
            for interlaced in (False, True):
                width, height = (21, 14) if interlaced else (19, 13)
                count = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[kind]
                samples = scene(width, height, count).astype(int)
                samples = samples * 257 + RANDOM.integers(-128, 128, samples.shape) if depth == 16 else (
                    samples >> (8 - depth))
                samples = np.clip(samples, 0, (1 << depth) - 1)
                palette = RANDOM.integers(0, 256, 3 << depth).tolist() if kind == 3 else None
                data = write.png(samples, depth, kind, interlaced, palette, parts=1 + depth % 3)
                # Pillow keeps 16 bits of grey.
                pixels = samples >> 8 if depth == 16 and kind == 0 else None
                name = mode.lower() + "p" * (kind == 3)
                add(f"png-{name}-{depth}{'-adam7' * interlaced}.png", data, mode, pixels)
    for width, height in [(1, 1), (2, 5), (5, 2), (8, 8), (9, 1), (1, 9)]:
        data = write.png(scene(width, height), 8, 2, True)
        add(f"png-adam7-{width}x{height}.png", data, "RGB")
    for depth in (1, 2, 4, 8, 16):
        samples = scene(17, 9, 1).astype(int) * 257 >> (16 - depth)
        samples[3:6, 4:9] = key = int(samples[4, 4, 0])
        data = write.png(samples, depth, 0, depth == 4, transparency=key.to_bytes(2, "big"))
        grey = samples >> 8 if depth == 16 else samples * (255 // ((1 << depth) - 1))
        add(f"png-l-{depth}-trns.png", data, "LA", np.concatenate([grey, with_alpha(samples, key)], -1))
    for depth in (8, 16):
        samples = scene(17, 9).astype(int) * (257 if depth == 16 else 1)
        samples[2:5, 3:11] = key = samples[3, 3].copy()
        # One that differs in the low byte alone.
        samples[6, 6] = key + [0, 0, 1 if key[2] % 256 < 255 else -1]
        data = write.png(samples, depth, 2, depth == 16, transparency=b"".join(int(v).to_bytes(2, "big") for v in key))
        alpha = np.where((samples == key).all(-1, keepdims=True), 0, 255)
        add(f"png-rgb-{depth}-trns.png", data, "RGBA", np.concatenate([samples >> (depth - 8), alpha], -1))
    for depth in (2, 8):
        samples = scene(15, 11, 1).astype(int) >> (8 - depth)
        palette = RANDOM.integers(0, 256, 3 << depth).tolist()
        data = write.png(samples, depth, 3, False, palette, transparency=[0, 80, 200][:1 << depth])
        add(f"png-rgbp-{depth}-trns.png", data, "RGBA")
    add("png-stored.png", write.png(scene(20, 12), 8, 2, level=0), "RGB")
    add("png-fixed.png", write.png(np.zeros((3, 3, 3), int), 8, 2), "RGB")
    add("png-pillow.png", saved(Image.fromarray(scene(40, 30)), "PNG", optimize=True), "RGB")
    add("png-flat.png", saved(Image.new("RGB", (200, 150), (9, 80, 200)), "PNG"), "RGB", np.full((150, 200, 3), (
        9, 80, 200)))


def make_bmp():
    grey = [(value, value, value) for value in range(256)]
    colours = [tuple(int(v) for v in RANDOM.integers(0, 256, 3)) for _ in range(256)]
    for depth in (1, 4, 8):
        indices = scene(21, 10, 1)[..., 0] >> (8 - depth)
        for name, palette in (("grey", grey[::255 // ((1 << depth) - 1)][:1 << depth]), ("", colours[:1 << depth])):
            data = write.bmp(21, 10, depth, write.bmp_rows(indices, depth), palette=palette)
            add(f"bmp-{depth}{name and '-' + name}.bmp", data, "L" if name else "RGB")
        rows = write.bmp_rows(indices, depth)
        add(f"bmp-{depth}-core.bmp", write.bmp(21, 10, depth, rows, header=12, palette=colours[:1 << depth]), "RGB")
    few = scene(18, 9, 1)[..., 0] % 5
    add("bmp-8-few.bmp", write.bmp(18, 9, 8, write.bmp_rows(few, 8), palette=colours[:5]), "RGB")
    for depth in (4, 8):
        indices = scene(27, 12, 1)[..., 0] >> (8 - depth) >> 2
        indices[:, 20:] = 0
        data = write.run_lengths(indices, depth)
        file = write.bmp(27, 12, depth, data, compression=1 if depth == 8 else 2, palette=colours[:1 << depth])
        add(f"bmp-rle{depth}.bmp", file, "RGB")
    jump = bytes((3, 1, 0, 2, 4, 2, 5, 2, 0, 0, 4, 3, 0, 1))
    indices = np.zeros((7, 14), int)
    indices[6, :3], indices[4, 7:12], indices[3, :4] = 1, 2, 3
    # Pillow wants the last row to its end.
    file = write.bmp(14, 7, 8, jump, compression=1, palette=colours)
    add("bmp-rle8-jump.bmp", file, "RGB", np.array(colours)[indices])

    rgb = scene(19, 11).astype(int)
    five = (rgb[..., 0] >> 3) << 10 | (rgb[..., 1] >> 3) << 5 | rgb[..., 2] >> 3
    six = (rgb[..., 0] >> 3) << 11 | (rgb[..., 1] >> 2) << 5 | rgb[..., 2] >> 3
    eight = rgb[..., 0] << 16 | rgb[..., 1] << 8 | rgb[..., 2]
    turned = rgb[..., 2] << 16 | rgb[..., 1] << 8 | rgb[..., 0]
    add("bmp-16.bmp", write.bmp(19, 11, 16, write.bmp_rows(five, 16)), "RGB")
    masks = (0xF800, 0x7E0, 0x1F)
    add("bmp-16-565.bmp", write.bmp(19, 11, 16, write.bmp_rows(six, 16), compression=3, masks=masks), "RGB")
    add("bmp-16-565-v4.bmp", write.bmp(
        19, 11, 16, write.bmp_rows(six, 16), header=108, compression=3, masks=masks + (0,)), "RGB")
    for depth in (24, 32):
        rows = write.bmp_rows(eight, depth)
        add(f"bmp-{depth}.bmp", write.bmp(19, 11, depth, rows), "RGB")
        rows = write.bmp_rows(eight, depth, top_down=True)
        add(f"bmp-{depth}-down.bmp", write.bmp(19, 11, depth, rows, top_down=True), "RGB")
    add("bmp-24-core.bmp", write.bmp(19, 11, 24, write.bmp_rows(eight, 24), header=12), "RGB")
    add("bmp-24-v5.bmp", write.bmp(19, 11, 24, write.bmp_rows(eight, 24), header=124), "RGB")
    add("bmp-32-masks.bmp", write.bmp(
        19, 11, 32, write.bmp_rows(turned, 32), compression=3, masks=(0xFF, 0xFF00, 0xFF0000)), "RGB", rgb)
    alpha = scene(19, 11, 4)[..., 3].astype(int)
    for header in (56, 108, 124):
        rows = write.bmp_rows(alpha << 24 | eight, 32)
        masks = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)
        add(f"bmp-32-alpha-{header}.bmp", write.bmp(
            19, 11, 32, rows, header=header, compression=3, masks=masks), "RGBA")
    ten = rgb * 4
    rows = write.bmp_rows(ten[..., 0] << 20 | ten[..., 1] << 10 | ten[..., 2], 32)
    add("bmp-32-10bits.bmp", write.bmp(
        19, 11, 32, rows, compression=3, masks=(0x3FF00000, 0xFFC00, 0x3FF)), "RGB", ten * 255 // 1023)


def make_pnm():
    grey, rgb = scene(13, 9, 1)[..., 0].astype(int), scene(13, 9).astype(int)
    bits = grey > 127

    def text(values):
        return "\n".join(" ".join(str(value) for value in row.ravel()) for row in values).encode() + b"\n"

    add("pnm-p1.pbm", b"P1\n# bits\n13 9\n" + text(bits.astype(int)).replace(b" ", b""), "L")
    add("pnm-p2.pgm", b"P2 13 # width\n9\n255\n" + text(grey), "L")
    add("pnm-p2-100.pgm", b"P2 13 9 100\n" + text(grey * 100 // 255), "L")
    add("pnm-p3.ppm", b"P3\n13\t9\r\n255\n" + text(rgb), "RGB")
    add("pnm-p4.pbm", b"P4\n13 9\n" + np.packbits(bits, 1).tobytes(), "L")
    add("pnm-p5.pgm", b"P5\n# a\n# b\n13 9\n255\n" + grey.astype(np.uint8).tobytes(), "L")
    add("pnm-p5-77.pgm", b"P5 13 9 77\n" + (grey * 77 // 255).astype(np.uint8).tobytes(), "L")
    add("pnm-p6.ppm", b"P6 13 9 255\n" + rgb.astype(np.uint8).tobytes(), "RGB")
    for most in (300, 1023, 65535):
        add(f"pnm-p6-{most}.ppm", f"P6 13 9 {most}\n".encode() + (rgb * most // 255).astype(">u2").tobytes(), "RGB")
    wide = grey * 257 + RANDOM.integers(-100, 100, grey.shape)
    wide = np.clip(wide, 0, 65535)
    # Pillow keeps 16 bits of grey.
    add("pnm-p5-65535.pgm", b"P5 13 9 65535\n" + wide.astype(">u2").tobytes(), "L", np.rint(wide / 257))


def make_jpeg():
    for width, height in [(40, 30), (33, 17), (16, 16), (7, 5), (1, 1), (3, 2), (5, 9)]:
        image = Image.fromarray(scene(width, height))
        for sampling in (0, 1, 2):
            for progressive in (False, True):
                kind = ["444", "422", "420"][sampling]
                data = saved(image, "JPEG", quality=85, subsampling=sampling, progressive=progressive)
                add(f"jpeg-{kind}-{width}x{height}{'-progressive' * progressive}.jpg", data, "RGB")
    for quality in (5, 30, 98):
        data = saved(Image.fromarray(scene(35, 27)), "JPEG", quality=quality, subsampling=2, progressive=quality == 98)
        add(f"jpeg-quality-{quality}.jpg", data, "RGB")
    grey = Image.fromarray(scene(29, 21, 1)[..., 0])
    add("jpeg-grey.jpg", saved(grey, "JPEG", quality=90), "L")
    add("jpeg-grey-progressive.jpg", saved(grey, "JPEG", quality=90, progressive=True, optimize=True), "L")
    image = Image.fromarray(scene(41, 25))
    add("jpeg-optimized.jpg", saved(image, "JPEG", quality=92, optimize=True), "RGB")
    for rows in (False, True):
        option = {"restart_marker_rows" if rows else "restart_marker_blocks": 1 if rows else 2}
        for progressive in (False, True):
            data = saved(image, "JPEG", quality=80, progressive=progressive, **option)
            add(f"jpeg-restart-{'rows' if rows else 'blocks'}{'-progressive' * progressive}.jpg", data, "RGB")
    add("jpeg-rgb-pillow.jpg", saved(image, "JPEG", quality=80, keep_rgb=True), "RGB")

    planes = list(np.array(image.convert("YCbCr")).transpose(2, 0, 1))
    ones = [(1, 1), (1, 1)]
    samplings = {
        "440": [(1, 2)] + ones, "411": [(4, 1)] + ones, "14": [(1, 4)] + ones, "42": [(4, 2)] + ones,
        "24": [(2, 4)] + ones, "31": [(3, 1)] + ones, "13": [(1, 3)] + ones, "mixed": [(2, 2), (2, 1), (1, 2)],
        "fine-chroma": [(1, 1), (2, 2), (1, 2)], "22-each": [(2, 2)] * 3, "42-21": [(4, 2), (2, 1), (1, 2)]}
    for name, sampling in samplings.items():
        # A scan may have ten blocks a unit.
        scans = [[0], [1, 2]] if sum(across * down for across, down in sampling) > 10 else None
        add(f"jpeg-sampling-{name}.jpg", write.jpeg(planes, sampling, scans=scans), "RGB")
    small = [plane[:11, :6] for plane in planes]
    for name in ("440", "411", "mixed", "24"):
        add(f"jpeg-sampling-{name}-small.jpg", write.jpeg(small, samplings[name]), "RGB")
    add("jpeg-sampling-44-scans.jpg", write.jpeg(planes, [(4, 4)] + ones, scans=[[0], [1], [2]]), "RGB")
    add("jpeg-scans.jpg", write.jpeg(planes, [(2, 2)] + ones, scans=[[2], [0, 1]], restart=3), "RGB")
    add("jpeg-extended.jpg", write.jpeg(planes, [(2, 1)] + ones, frame=0xC1, wide_tables=True), "RGB")
    add("jpeg-restart-411.jpg", write.jpeg(planes, [(4, 1)] + ones, restart=1), "RGB")
    bands = [([0, 1, 2], 0, 0), ([0], 1, 9), ([1], 1, 63), ([2], 1, 20), ([0], 10, 63), ([2], 21, 63)]
    for name in ("440", "411", "mixed"):
        data = write.jpeg(planes, samplings[name], scans=bands, progressive=True, restart=4)
        add(f"jpeg-bands-{name}.jpg", data, "RGB")
    rgb = list(scene(30, 20).transpose(2, 0, 1))
    add("jpeg-rgb-adobe.jpg", write.jpeg(rgb, [(1, 1)] * 3, markers=write.segment(0xEE, write.ADOBE)), "RGB")
    add("jpeg-rgb-letters.jpg", write.jpeg(rgb, [(1, 1)] * 3, identifiers=(82, 71, 66)), "RGB")
    add("jpeg-jfif-and-adobe.jpg", write.jpeg(
        planes, [(2, 2)] + ones, markers=write.JFIF + write.segment(0xEE, write.ADOBE)), "RGB")
    add("jpeg-grey-sampled.jpg", write.jpeg(planes[:1], [(2, 2)]), "L")
    for orientation in range(1, 9):
        markers = write.exif(orientation, "<>"[orientation % 2])
        add(f"jpeg-turned-{orientation}.jpg", write.jpeg(planes, [(1, 1)] * 3, markers=markers), "RGB")
    add("jpeg-turned-grey.jpg", write.jpeg(planes[:1], [(1, 1)], markers=write.exif(6)), "L")


def make_refused():
    image = Image.fromarray(scene(16, 16))
    refuse("refused-cmyk.jpg", saved(image.convert("CMYK"), "JPEG"), "unsupported", "CMYK")
    ordinary = saved(image, "JPEG", subsampling=0)
    at = ordinary.index(b"\xff\xc0")
    for marker, name, reason in [(0xC3, "lossless", "lossless"), (0xC5, "hierarchical", "hierarchical"), (
            0xC9, "arithmetic", "arithmetic"), (0xCA, "arithmetic-progressive", "arithmetic")]:
        data = ordinary[:at + 1] + bytes((marker,)) + ordinary[at + 2:]
        refuse(f"refused-{name}.jpg", data, "unsupported", reason)
    data = ordinary[:at + 4] + b"\x0c" + ordinary[at + 5:]
    refuse("refused-12bit.jpg", data, "unsupported", "12 bits")
    planes = list(scene(16, 16).transpose(2, 0, 1))
    whole = write.jpeg(planes, [(2, 1), (1, 1), (1, 1)])
    fraction = whole.replace(b"\x01\x21\0\x02\x11\0", b"\x01\x31\0\x02\x21\0")
    refuse("refused-fraction.jpg", fraction, "unsupported", "multiples")
    refuse("refused.gif", saved(image, "GIF"), "unknownFormat", "GIF")
    refuse("refused.tiff", saved(image, "TIFF")[:64], "unknownFormat", "TIFF")
    refuse("refused.pam", b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 1\nMAXVAL 255\nENDHDR\nx", "unsupported", "P7")
    bits = write.png(np.full((4, 4, 1), 3, int), 2, 3, palette=[1, 2, 3, 4, 5, 6])
    refuse("refused-palette.png", bits, "damaged", "palette")


def make_resized():
    for name in ("png-pillow.png", "pnm-p5.pgm", "png-rgba-8.png", "png-la-8.png", "jpeg-420-33x17.jpg"):
        entry = next(picture for picture in PICTURES if picture["file"] == name)
        mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[entry["channels"]]
        size = entry["width"] * entry["height"] * entry["channels"]
        pixels = np.frombuffer(bytes(EXPECTED[entry["offset"]:entry["offset"] + size]), np.uint8)
        image = Image.frombytes(mode, (entry["width"], entry["height"]), pixels.tobytes())
        for method, kind in [("bilinear", Image.Resampling.BILINEAR), ("area", Image.Resampling.BOX), (
                "nearest", Image.Resampling.NEAREST)]:
            sizes = [(1, 1), (7, 5), (20, 15), (23, 31), (entry["width"], 4), (6, entry["height"]), (50, 3)]
            for width, height in sizes:
                resized = np.array(image.resize((width, height), kind))
                RESIZED.append({
                    "file": name, "method": method, "width": width, "height": height, "offset": keep(resized)})


def main():
    global FOLDER
    FOLDER = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(HERE), "images")
    os.makedirs(FOLDER, exist_ok=True)
    for make in (make_png, make_bmp, make_pnm, make_jpeg, make_refused, make_resized):
        make()
    save("expected.bin", bytes(EXPECTED))
    versions = {"pillow": PIL.__version__, "libjpeg": features.version("jpg"),
                "libjpeg-turbo": features.version("libjpeg_turbo")}
    lists = {"pictures": PICTURES, "resized": RESIZED, "refused": REFUSED}
    text = ['{"made with": ' + json.dumps(versions)]
    for name, entries in lists.items():
        text.append(f'"{name}": [\n' + ",\n".join(json.dumps(entry) for entry in entries) + "\n]")
    save("index.json", (",\n".join(text) + "\n}\n").encode())


if __name__ == "__main__":
    main()
