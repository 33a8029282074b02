"""The weights that the page begins with: pictures of digits as the page sees a drawn one, and the rounding of what was learnt from them.

    pip install numpy pillow
    python web/weights.py pictures MNIST OUT      # MNIST: the folder of the gzipped IDX files
    netc train web/lenet5.net --recipe drawn --data OUT --data-format folder --epochs 12 --out RUN
    python web/weights.py round RUN/last.safetensors web/lenet5.safetensors

The pictures are MNIST's and the page's own digits, in 8x8 cells. Writers of the own digits cross their sevens; many hands do not, and MNIST has those.
The own digits' test pictures (each fifth) stay apart, and are the test set here too. Numbers of 16 bits pack well.
"""

import gzip
import json
import pathlib
import struct
import sys

import numpy as np

SIDE = 8
# Each of the page's digits stands so often beside MNIST's 60,000.
TIMES = 8
DIGITS = pathlib.Path(__file__).resolve().parents[1] / "runtime/train/digits/digits.gz"


def cells(picture):
    """`cells` of page/draw.js: the ink's box fills 8x8 cells and keeps its proportions; a cell is the mean of its area."""
    ys, xs = np.nonzero(picture >= 64)
    (top, bottom), (left, right) = (ys.min(), ys.max() + 1), (xs.min(), xs.max() + 1)
    size = max(right - left, bottom - top)
    x0, y0 = (left + right - size) / 2, (top + bottom - size) / 2

    def shares(start, length):
        """How much of each of `length` pixels lies in each cell, as a share of the cell."""
        edges = start + np.arange(SIDE + 1) * size / SIDE
        pixels = np.arange(length)
        low = np.maximum(edges[:-1, None], pixels)
        high = np.minimum(edges[1:, None], pixels + 1)
        return np.maximum(high - low, 0) * SIDE / size

    height, width = picture.shape
    return np.rint(shares(y0, height) @ picture @ shares(x0, width).T).astype(np.uint8)


def mnist(folder):
    with gzip.open(folder / "train-images-idx3-ubyte.gz") as file:
        pictures = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 28, 28)
    with gzip.open(folder / "train-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(), np.uint8, offset=8)
    return ((label, cells(picture)) for label, picture in zip(labels, pictures))


def digits():
    records = np.frombuffer(gzip.decompress(DIGITS.read_bytes()), np.uint8).reshape(-1, 1 + SIDE * SIDE)
    greys = (records[:, 1:].astype(np.uint16) * 255 + 8) // 16
    return list(zip(records[:, 0], greys.astype(np.uint8).reshape(-1, SIDE, SIDE)))


def pictures(folder, out):
    from PIL import Image

    own = digits()
    test = [digit for i, digit in enumerate(own) if i % 5 == 4]
    train = [digit for i, digit in enumerate(own) if i % 5 != 4] * TIMES
    for part, pairs in [("train", [*mnist(folder), *train]), ("test", test)]:
        for i, (label, picture) in enumerate(pairs):
            to = out / part / str(label)
            to.mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture).save(to / f"{i:05}.png")


def rounded(weights, out):
    """The nearest numbers whose lower 16 bits are zero."""
    data = weights.read_bytes()
    start = 8 + struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:start])
    assert all(tensor["dtype"] == "F32" for name, tensor in header.items() if name != "__metadata__")
    bits = np.frombuffer(data, "<u4", offset=start).astype(np.uint64)
    bits = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
    out.write_bytes(data[:start] + bits.astype("<u4").tobytes())


if __name__ == "__main__":
    {"pictures": pictures, "round": rounded}[sys.argv[1]](pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]))
