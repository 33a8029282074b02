#!/usr/bin/env python3
"""Writes layers/*.json: each layer and its gradients, by PyTorch in float64. See README.md.

    python3 layers.py [NAME ...]

One function a layer, named as its file; it returns its cases. Pictures are NHWC on both sides of `case`. Numbers of inputs, gradients and tensors are
multiples of 1/128, so that single precision holds them exactly."""

import json, os, sys

import numpy as np
import torch
from torch.nn import functional as F

import seeded

HERE = os.path.dirname(os.path.abspath(__file__))
torch.set_num_threads(1)
LAYERS = []


def layer(cases):
    """Of a function that makes the cases of the layer that it is named after."""
    LAYERS.append(cases)
    return cases


def numbers(name, shape, scale=1.0):
    """Seeded multiples of 1/128 in [-scale, scale)."""
    u = np.round(seeded.uniform(name, shape) * scale * 128) / 128
    return torch.tensor(u, dtype=torch.float64)


def single(x):
    """An option as the plan has it: in single precision."""
    return float(np.float32(x))


def nchw(x):
    return x.permute(0, 3, 1, 2)


def nhwc(x):
    return x.permute(0, 2, 3, 1)


def case(net, function, shapes, tensors=None, whole=None, batch=2):
    """The layer at the end of `net` on inputs of these shapes (of one image), which `function` computes from them and from the layer's tensors
    by name. `tensors` gives their shapes, or their numbers. Where the layer reads several inputs, or another layer stands before it, `whole`
    computes the whole network from its image, whose shape is the first."""
    tensors = {
        name: t if isinstance(t, torch.Tensor) else numbers(f"{net} {name}", t) for name, t in (tensors or {}).items()
    }
    x = [numbers(f"{net} x{i}", (batch, *shape)) for i, shape in enumerate(shapes)]
    image = numbers(f"{net} image", (batch, *shapes[0])) if whole else x[0]
    leaves = [t.requires_grad_() for t in [*x, *tensors.values()]]
    y = function(*x, **tensors)
    dy = numbers(f"{net} dy", tuple(y.shape))
    gradients = torch.autograd.grad((y * dy).sum(), leaves)
    out = whole(image, **tensors) if whole else y

    def flat(t):
        return t.detach().reshape(-1).tolist()

    dx, dtensors = gradients[: len(x)], dict(zip(tensors, gradients[len(x) :]))
    return {
        "net": net, "batch": batch, "tensors": {k: flat(t) for k, t in tensors.items()}, "image": flat(image), "out": flat(out),
        "x": [flat(t) for t in x], "y": flat(y), "dy": flat(dy), "dx": [flat(t) for t in dx],
        "dtensors": {k: flat(t) for k, t in dtensors.items()},
    }  # fmt: skip


@layer
def deconv():
    def cases(shape, filters, layer, kernel, groups=1, bias=True, **options):
        tensors = {"weight": (shape[2], filters // groups, *kernel)} | ({"bias": (filters,)} if bias else {})

        def transposed(x, weight, bias=None):
            return nhwc(F.conv_transpose2d(nchw(x), weight, bias, groups=groups, **options))

        return case(written(shape, layer), transposed, [shape], tensors)

    return [
        cases((3, 4, 5), 6, "DECONV(6, 2x2/2)", (2, 2), stride=2),
        cases((4, 3, 18), 7, "CONVTRANSPOSE2D(7, 4x4, stride=2, padding=1)", (4, 4), stride=2, padding=1),
        cases((3, 5, 6), 4, "DECONV(4, 3x3/2, 1, output_pad=1, groups=2)", (3, 3), 2, stride=2, padding=1, output_padding=1),
        cases((4, 3, 3), 5, "DECONV(5, 3x2, 1, dilation=2, bias=false)", (3, 2), bias=False, padding=1, dilation=2),
        cases((2, 3, 4), 4, "DECONV(4, 3x3/3x2, output_pad=1, groups=4, dilation=2x3)", (3, 3), 4,
              stride=(3, 2), output_padding=1, dilation=(2, 3)),
        cases((1, 1, 3), 2, "DECONV(2, 5x3)", (5, 3)),
        cases((3, 2, 2), 3, "DECONV(3, 1x2/3)", (1, 2), stride=3),
        cases((3, 4, 2), 20, "DECONV(20, 4x4/2, same)", (4, 4), stride=2, padding=1),
    ]  # fmt: skip


@layer
def shuffle():
    def cases(shape, groups):
        net = f"INPUT({'x'.join(map(str, shape))}) => SHUFFLE({groups})"

        def picture(x):
            return nhwc(F.channel_shuffle(nchw(x), groups))

        def vector(x):
            return F.channel_shuffle(x[:, :, None, None], groups).flatten(1)

        return case(net, picture if len(shape) == 3 else vector, [shape])

    return [cases((3, 5, 6), 2), cases((2, 3, 12), 4), cases((1, 1, 6), 3), cases((4, 3, 5), 1), cases((15,), 5)]


def written(shape, text):
    return f"INPUT({'x'.join(map(str, shape))}) => {text}"


@layer
def pool():
    def cases(shape, layer, *args, **options):
        return case(written(shape, layer), lambda x: nhwc(F.max_pool2d(nchw(x), *args, **options)), [shape])

    return [
        cases((8, 7, 5), "POOL(3x3/2, ceil=true)", 3, 2, ceil_mode=True),
        cases((7, 4, 18), "POOL(2x3/2x3, 1, ceil_mode=true)", (2, 3), (2, 3), 1, ceil_mode=True),
        cases((6, 5, 3), "POOL(1x1/4, ceil=true)", 1, 4, ceil_mode=True),
        cases((2, 2, 4), "POOL(3x3/2, ceil=true)", 3, 2, ceil_mode=True),
        cases((5, 6, 2), "POOL(2x2/1, 1)", 2, 1, 1),
    ]


@layer
def avgpool():
    def cases(shape, layer, *args, **options):
        return case(written(shape, layer), lambda x: nhwc(F.avg_pool2d(nchw(x), *args, **options)), [shape])

    def behind_pad(shape, layer, pads, *args, **options):
        top, bottom, left, right = pads

        def pooled(x):
            return nhwc(F.avg_pool2d(nchw(x), *args, **options))

        net = written(shape, f"PAD({pads}) => {layer}")
        padded = (shape[0] + top + bottom, shape[1] + left + right, shape[2])

        def whole(image):
            return pooled(F.pad(image, (0, 0, left, right, top, bottom)))

        made = case(net, pooled, [padded])
        image = numbers(f"{net} image", (2, *shape))
        return made | {"image": image.reshape(-1).tolist(), "out": whole(image).reshape(-1).tolist()}

    return [
        cases((8, 7, 5), "AVGPOOL(3x3/2, ceil=true)", 3, 2, ceil_mode=True, count_include_pad=False),
        cases((8, 7, 5), "AVGPOOL(3x3/2, 1, ceil=true, count_pad=true)", 3, 2, 1, ceil_mode=True),
        cases((7, 4, 18), "AVGPOOL(3x2/2x1, 1, count_include_pad=true)", (3, 2), (2, 1), 1),
        cases((7, 4, 18), "AVGPOOL(3x2/2x1, 1)", (3, 2), (2, 1), 1, count_include_pad=False),
        cases((1, 1, 3), "AVGPOOL(3x3/1, 1, count_pad=true)", 3, 1, 1),
        cases((6, 9, 2), "AVGPOOL(4x4/3, 2, ceil=true)", 4, 3, 2, ceil_mode=True, count_include_pad=False),
        cases((6, 9, 2), "AVGPOOL(4x4/3, 2, ceil=true, count_pad=true)", 4, 3, 2, ceil_mode=True),
        behind_pad((5, 4, 3), "AVGPOOL(3x3/2, 1, ceil=true)", (1, 0, 2, 1), 3, 2, 1, ceil_mode=True, count_include_pad=False),
        behind_pad((5, 5, 3), "AVGPOOL(3x3/1)", (1, 1, 1, 1), 3, 1),
    ]


@layer
def mul():
    def cases(a, b):
        def picture(x):
            return x if x.dim() == 4 else x[:, None, None, :]

        # The whole network multiplies with means of the image.
        def gated(x):
            return x * x.mean((1, 2), keepdim=True)

        if a == b:
            text = "x".join(map(str, a))
            return case(f"INPUT({text}) => [ SKIP | RELU ] => MUL", lambda x, y: x * y, [a, b], whole=lambda x: x * x.relu())
        text = "x".join(map(str, a))
        return case(f"INPUT({text}) => [ SKIP | GLOBALPOOL ] => MUL", lambda x, y: x * picture(y), [a, b], whole=gated)

    return [
        cases((3, 5, 4), (3, 5, 4)), cases((7,), (7,)), cases((1, 1, 3), (1, 1, 3)),
        cases((4, 3, 19), (1, 1, 19)), cases((2, 7, 3), (1, 1, 3)),
    ]  # fmt: skip


@layer
def adaptive_avgpool():
    def cases(shape, size):
        net = written(shape, f"ADAPTIVE_AVGPOOL({size[0]}x{size[1]})")
        return case(net, lambda x: nhwc(F.adaptive_avg_pool2d(nchw(x), size)), [shape])

    return [
        cases((7, 9, 5), (3, 4)), cases((6, 4, 18), (6, 2)), cases((3, 2, 4), (5, 7)), cases((1, 1, 3), (2, 2)), cases((7, 5, 2), (1, 1)),
    ]  # fmt: skip


@layer
def globalpool():
    def cases(shape, layer, function):
        return case(written(shape, layer), lambda x: nhwc(function(nchw(x), 1)), [shape])

    return [
        cases((5, 7, 6), "GLOBALPOOL(max)", F.adaptive_max_pool2d),
        cases((4, 3, 35), "GlobalMaxPool2D".upper(), F.adaptive_max_pool2d),
        cases((1, 1, 3), "GLOBALPOOL(max)", F.adaptive_max_pool2d),
        cases((5, 6, 4), "GLOBALPOOL", F.adaptive_avg_pool2d),
    ]


@layer
def upsample():
    def cases(shape, factor, mode):
        def enlarged(x):
            return nhwc(F.interpolate(nchw(x), scale_factor=factor, mode=mode, **options))

        options = {"align_corners": False} if mode == "bilinear" else {}
        return case(written(shape, f"UPSAMPLE({factor[0]}x{factor[1]}, {mode})"), enlarged, [shape])

    return [
        cases((3, 4, 5), (2, 2), "bilinear"), cases((5, 2, 18), (3, 1), "bilinear"), cases((2, 5, 4), (4, 5), "bilinear"),
        cases((1, 1, 3), (2, 3), "bilinear"), cases((1, 4, 2), (6, 2), "bilinear"), cases((3, 2, 4), (2, 3), "nearest"),
    ]  # fmt: skip


@layer
def slice():
    def cases(shape, layer, start, end):
        return case(written(shape, layer), lambda x: x[..., start:end], [shape])

    return [
        cases((3, 4, 9), "SLICE(2, 7)", 2, 7), cases((2, 3, 20), "SLICE(0, 17)", 0, 17), cases((3, 2, 5), "SLICE(4, 5)", 4, 5),
        cases((12,), "SLICE(3, 12)", 3, 12), cases((2, 2, 12), "SPLIT(3, 1)", 4, 8), cases((10,), "SPLIT(2, 1)", 5, 10),
        cases((1, 1, 4), "CHUNK(4, 0)", 0, 1),
    ]  # fmt: skip


@layer
def crop():
    def cases(shape, cut):
        top, bottom, left, right = cut
        net = written(shape, f"CROP(({top}, {bottom}, {left}, {right}))")
        inside = lambda x: x[:, top : shape[0] - bottom, left : shape[1] - right]
        return case(net, inside, [shape])

    return [cases((6, 7, 3), (1, 2, 0, 3)), cases((3, 3, 20), (1, 1, 1, 1)), cases((5, 4, 2), (0, 0, 0, 0))]


@layer
def scale():
    def cases(shape):
        return case(written(shape, "SCALE"), lambda x, weight: x * weight, [shape], {"weight": [shape[-1]]})

    return [cases((3, 4, 5)), cases((1, 1, 7)), cases((2, 3, 40)), cases((9,))]


SEED, STEP = 1, 2  # of the tests
MASK = (1 << 64) - 1


def kept(p, index, batch):
    """Which images DROP_PATH keeps: the random numbers of runtime/src/cpu/dropout.rs, written again from its head."""

    def mix(z):
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def murmur(h):
        h = ((h ^ (h >> 16)) * 0x85EBCA6B) & 0xFFFFFFFF
        h = ((h ^ (h >> 13)) * 0xC2B2AE35) & 0xFFFFFFFF
        return h ^ (h >> 16)

    base = mix((mix((mix(SEED) + STEP) & MASK) + index) & MASK)
    keys = [mix((base + image) & MASK) for image in range(batch)]
    draws = [(murmur(murmur(key & 0xFFFFFFFF) ^ (key >> 32)) >> 8) / 2**24 for key in keys]
    return torch.tensor([float(u >= single(p)) for u in draws], dtype=torch.float64)


@layer
def drop_path():
    def cases(shape, p, index, batch=6):
        # Inference does nothing; another layer that draws has the numbers before.
        net = written(shape, "DROP_PATH(0.25) => " * index + f"DROP_PATH({p})")

        def function(x):
            # What torchvision's StochasticDepth does with its noise, mode "row".
            noise = kept(p, index, batch).reshape(batch, *[1] * len(shape))
            return x * noise / single(1 - np.float32(p))

        return case(net, function, [shape], whole=lambda image: image, batch=batch)

    return [cases((2, 3, 4), 0.5, 0), cases((5,), 0.2, 1), cases((3, 1, 2), 0.0, 2), cases((1, 1, 3), 0.8, 0)]


def affine(c):
    return {"weight": [c], "bias": [c]}


@layer
def ln():
    def cases(shape, options="", eps=1e-5):
        c = shape[-1]

        def function(x, weight, bias):
            return F.layer_norm(x, [c], weight, bias, single(eps))

        return case(written(shape, f"LN{options}"), function, [shape], affine(c))

    return [
        cases((3, 4, 5)), cases((2, 3, 96), "(1e-6)", 1e-6), cases((1, 1, 33), "(eps=0.5)", 0.5), cases((50,)),
        cases((4, 3, 2)),
    ]  # fmt: skip


@layer
def groupnorm():
    def cases(shape, groups, options="", eps=1e-5):
        c = shape[-1]

        def function(x, weight, bias):
            if len(shape) == 1:
                return F.group_norm(x, groups, weight, bias, single(eps))
            return nhwc(F.group_norm(nchw(x), groups, weight, bias, single(eps)))

        return case(written(shape, f"GROUPNORM({groups}{options})"), function, [shape], affine(c))

    return [
        cases((3, 4, 6), 2), cases((5, 2, 40), 4, ", 0.001", 1e-3), cases((4, 4, 5), 5), cases((4, 3, 7), 1),
        cases((1, 1, 12), 3), cases((12,), 2),
    ]  # fmt: skip


@layer
def prelu():
    def cases(shape, shared):
        def function(x, weight):
            if len(shape) == 1:
                return F.prelu(x, weight)
            return nhwc(F.prelu(nchw(x), weight))

        net = written(shape, "PRELU(shared=true)" if shared else "PRELU")
        return case(net, function, [shape], {"weight": [1] if shared else [shape[-1]]})

    return [cases((3, 4, 5), False), cases((3, 4, 5), True), cases((1, 1, 33), False), cases((7,), False), cases((7,), True)]


def main(names):
    for cases in LAYERS:
        if names and cases.__name__ not in names:
            continue
        path = os.path.join(HERE, "layers", f"{cases.__name__}.json")
        with open(path, "w") as file:
            file.write("[\n" + ",\n".join(json.dumps(case) for case in cases()) + "\n]\n")


if __name__ == "__main__":
    main(sys.argv[1:])
