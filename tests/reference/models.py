#!/usr/bin/env python3
"""Writes models.json: reference outputs of the catalogue's networks that golden/models.json has not. See README.md."""

import json, os, sys

import torch, torchvision
from torch import nn

from modules import FlattenHwc, LecunTanh, Lrn, Rbf, Subsample, TableConv, image, rounded, seed, totals

HERE = os.path.dirname(os.path.abspath(__file__))
TABLE = [
    [0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5], [0, 4, 5], [0, 1, 5], [0, 1, 2, 3], [1, 2, 3, 4], [2, 3, 4, 5], [0, 3, 4, 5],
    [0, 1, 4, 5], [0, 1, 2, 5], [0, 1, 3, 4], [1, 2, 4, 5], [0, 2, 3, 5], [0, 1, 2, 3, 4, 5],
]  # fmt: skip


def relu(i, o, k, **more):
    return nn.Sequential(nn.Conv2d(i, o, k, **more), nn.ReLU())


class Inception(nn.Module):
    def __init__(self, i, direct, r3, c3, r5, c5, pooled):
        super().__init__()
        self.branches = nn.ModuleList([
            relu(i, direct, 1),
            nn.Sequential(relu(i, r3, 1), relu(r3, c3, 3, padding=1)),
            nn.Sequential(relu(i, r5, 1), relu(r5, c5, 5, padding=2)),
            nn.Sequential(nn.MaxPool2d(3, 1, 1), relu(i, pooled, 1)),
        ])  # fmt: skip

    def forward(self, x):
        return torch.cat([b(x) for b in self.branches], 1)


def googlenet():
    def halve():
        return nn.MaxPool2d(3, 2, ceil_mode=True)

    def norm():
        return Lrn(n=5, k=1.0, alpha=2e-5)

    return nn.Sequential(
        relu(3, 64, 7, stride=2, padding=3), halve(), norm(),
        relu(64, 64, 1), relu(64, 192, 3, padding=1), norm(), halve(),
        Inception(192, 64, 96, 128, 16, 32, 32), Inception(256, 128, 128, 192, 32, 96, 64), halve(),
        Inception(480, 192, 96, 208, 16, 48, 64), Inception(512, 160, 112, 224, 24, 64, 64),
        Inception(512, 128, 128, 256, 24, 64, 64), Inception(512, 112, 144, 288, 32, 64, 64),
        Inception(528, 256, 160, 320, 32, 128, 128), halve(),
        Inception(832, 256, 160, 320, 32, 128, 128), Inception(832, 384, 192, 384, 48, 128, 128),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.4), nn.Linear(1024, 1000),
    )  # fmt: skip


def allcnn_c():
    return nn.Sequential(
        nn.Dropout(0.2), relu(3, 96, 3, padding=1), relu(96, 96, 3, padding=1), relu(96, 96, 3, stride=2, padding=1),
        nn.Dropout(0.5), relu(96, 192, 3, padding=1), relu(192, 192, 3, padding=1), relu(192, 192, 3, stride=2, padding=1),
        nn.Dropout(0.5), relu(192, 192, 3), relu(192, 192, 1), relu(192, 10, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    )  # fmt: skip


def lenet5_1998():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), LecunTanh(), Subsample(6), LecunTanh(), TableConv(6, TABLE, 5), LecunTanh(), Subsample(16),
        LecunTanh(), nn.Conv2d(16, 120, 5), LecunTanh(), nn.Flatten(), nn.Linear(120, 84), LecunTanh(), Rbf(84, 10),
    )  # fmt: skip


def alexnet_cifar_bare():
    return nn.Sequential(
        relu(3, 48, 5, padding=2), nn.MaxPool2d(3, 2), relu(48, 128, 5, padding=2), nn.MaxPool2d(3, 2),
        relu(128, 192, 3, padding=1), relu(192, 192, 3, padding=1), relu(192, 128, 3, padding=1), FlattenHwc(),
        nn.Linear(6272, 1024), nn.ReLU(), nn.Linear(1024, 1024), nn.ReLU(), nn.Linear(1024, 10),
    )  # fmt: skip


def lenet_digits():
    return nn.Sequential(
        relu(1, 16, 3, padding=1), nn.MaxPool2d(2), relu(16, 32, 3, padding=1), nn.MaxPool2d(2), FlattenHwc(),
        nn.Linear(128, 64), nn.ReLU(), nn.Dropout(0.25), nn.Linear(64, 10),
    )  # fmt: skip


def bn(i, o, k, stride=1, pad=(1, 1, 1, 1), groups=1):
    """Keras' CONV and BN; pad: left, right, top, bottom, as `same` has it there."""
    left, right, top, bottom = pad
    norm = nn.BatchNorm2d(o, eps=1e-3)
    if (left, top) == (right, bottom):
        return nn.Sequential(nn.Conv2d(i, o, k, stride, (top, left), groups=groups), norm)
    return nn.Sequential(nn.ZeroPad2d(pad), nn.Conv2d(i, o, k, stride, groups=groups), norm)


class Residual(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        stride, pad = (1, (1, 1, 1, 1)) if i == o else (2, (0, 1, 0, 1))
        self.body = nn.Sequential(bn(i, o, 3, stride, pad), nn.ReLU(), bn(o, o, 3))
        self.skip = nn.Identity() if i == o else nn.Conv2d(i, o, 1, 2)

    def forward(self, x):
        return torch.relu(self.body(x) + self.skip(x))


def resnet8():
    return nn.Sequential(
        bn(3, 16, 3), nn.ReLU(), Residual(16, 16), Residual(16, 32), Residual(32, 64),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10),
    )  # fmt: skip


def separable(i, o, stride=1):
    pad = (1, 1, 1, 1) if stride == 1 else (0, 1, 0, 1)
    none = (0, 0, 0, 0)
    return nn.Sequential(bn(i, i, 3, stride, pad, groups=i), nn.ReLU(), bn(i, o, 1, pad=none), nn.ReLU())


def ds_cnn():
    return nn.Sequential(
        bn(1, 64, (10, 4), 2, pad=(1, 1, 4, 5)), nn.ReLU(), nn.Dropout(0.2),
        *[separable(64, 64) for _ in range(4)], nn.Dropout(0.4),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 12),
    )  # fmt: skip


def mobilenet_v1_025():
    sizes = [(8, 16, 1), (16, 32, 2), (32, 32, 1), (32, 64, 2), (64, 64, 1), (64, 128, 2)]
    sizes += [(128, 128, 1)] * 5 + [(128, 256, 2), (256, 256, 1)]
    return nn.Sequential(
        bn(3, 8, 3, 2, pad=(0, 1, 0, 1)), nn.ReLU(), *[separable(*size) for size in sizes],
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, 2),
    )  # fmt: skip


def autoencoder():
    layers, i = [], 640
    for o in [128, 128, 128, 128, 8, 128, 128, 128, 128]:
        layers += [nn.Linear(i, o), nn.BatchNorm1d(o, eps=1e-3), nn.ReLU()]
        i = o
    return nn.Sequential(nn.Flatten(), *layers, nn.Linear(i, 640))


def tv(name, **more):
    return lambda: getattr(torchvision.models, name)(weights=None, **more)


# Stem of the .net file: (network, input HWC, input_scale). Large inputs where LRN, or the biases of many layers, would
# otherwise hide the picture from the output.
CASES = {
    "resnet18": (tv("resnet18"), (224, 224, 3), 1.0),
    "resnet50": (tv("resnet50"), (224, 224, 3), 1.0),
    "squeezenet1_1": (tv("squeezenet1_1"), (224, 224, 3), 100.0),
    "mobilenet_v2": (tv("mobilenet_v2"), (224, 224, 3), 1.0),
    "densenet121": (tv("densenet121"), (224, 224, 3), 1.0),
    "vgg16": (tv("vgg16"), (224, 224, 3), 100.0),
    "alexnet_torchvision": (tv("alexnet"), (224, 224, 3), 10.0),
    "googlenet": (googlenet, (224, 224, 3), 100.0),
    "allcnn_c": (allcnn_c, (32, 32, 3), 1.0),
    "lenet5_1998": (lenet5_1998, (32, 32, 1), 1.0),
    "alexnet_cifar_bare": (alexnet_cifar_bare, (32, 32, 3), 1.0),
    "lenet_digits": (lenet_digits, (8, 8, 1), 1.0),
    "resnet8": (resnet8, (32, 32, 3), 1.0),
    "ds_cnn": (ds_cnn, (49, 10, 1), 30.0),
    "mobilenet_v1_025": (mobilenet_v1_025, (96, 96, 3), 1000.0),
    "autoencoder": (autoencoder, (1, 1, 640), 1.0),
}


def main(only):
    torch.set_num_threads(1)
    models = {}
    for name, (make, shape, scale) in CASES.items():
        if only and name not in only:
            continue
        model = seed(make())
        y = model(image(shape, 2, scale))
        params, trainable = totals(model)
        m = {"input": shape, "input_scale": scale, "batch": 2, "params": params, "trainable": trainable}
        m["logits"] = [rounded(row[:16]) for row in y]
        if name == "lenet5_1998":
            m["argmin"] = y.argmin(1).tolist()
        else:
            m["argmax"] = y.argmax(1).tolist()
            m["max_probability"] = rounded(y.softmax(1).amax(1))
        models[name] = m
        apart = float((y[0] - y[1]).abs().max() / y.abs().max())
        print(f"{name:20} params {params:11,} trainable {trainable:11,}  largest {float(y.abs().max()):.4g}  apart {apart:.2g}")
    if not only:
        note = "logits: the first 16 of both images, before any softmax, inference mode; of lenet5_1998 the distances, where the smallest wins (argmin). Weights and inputs: seeded.py, the input multiplied by input_scale, float64."
        with open(os.path.join(HERE, "models.json"), "w") as f:
            rows = ",\n".join(f'  "{k}": {json.dumps(v)}' for k, v in models.items())
            f.write(f'{{\n "note": {json.dumps(note)},\n "models": {{\n{rows}\n }}\n}}\n')


if __name__ == "__main__":
    main(sys.argv[1:])
