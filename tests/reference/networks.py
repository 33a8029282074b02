#!/usr/bin/env python3
"""Writes networks.json: reference outputs of ../networks/*.net, written here a second time in PyTorch. See README.md."""

import json, os

import torch
from torch import nn
from torch.nn import functional as F

from modules import FlattenHwc, Lrn, image, named, rounded, seed, totals

HERE = os.path.dirname(os.path.abspath(__file__))


def same(x, kernel, stride=(1, 1)):
    """TensorFlow's padding: (left, right, top, bottom) for F.pad, the odd cell at the bottom and right."""
    pad = []
    for n, k, s in zip(x.shape[:1:-1], kernel[::-1], stride[::-1]):
        total = max((-(-n // s) - 1) * s + k - n, 0)
        pad += [total // 2, total - total // 2]
    return pad


class Pad(nn.Module):
    """netc's (top, bottom, left, right)."""

    def __init__(self, top, bottom, left, right, value=0.0):
        super().__init__()
        self.pad, self.value = (left, right, top, bottom), value

    def forward(self, x):
        return F.pad(x, self.pad, value=self.value)


class Same(nn.Module):
    """`of` after the padding that `same` means for it; `value` is what the padded cells hold."""

    def __init__(self, of, kernel, stride=(1, 1), value=0.0):
        super().__init__()
        self.of, self.kernel, self.stride, self.value = of, kernel, stride, value

    def forward(self, x):
        return self.of(F.pad(x, same(x, self.kernel, self.stride), value=self.value))


class AvgSame(nn.Module):
    """Average pooling of stride 1 whose padded cells do not count: the sum over the number of real cells."""

    def forward(self, x):
        return F.avg_pool2d(x, 3, 1, 1, divisor_override=1) / F.avg_pool2d(torch.ones_like(x), 3, 1, 1, divisor_override=1)


class Sum(nn.Module):
    """[ a | b ] => ADD"""

    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x):
        return sum(b(x) for b in self.branches)


class Concat(Sum):
    def forward(self, x):
        return torch.cat([b(x) for b in self.branches], 1)


def seq(*layers):
    return nn.Sequential(*layers)


def same_conv(i, o, kernel, **more):
    return Same(nn.Conv2d(i, o, kernel, **more), kernel)


def tapped(module, name):
    module.tap = name
    return module


# ---- sepnet ------------------------------------------------------------------------------------------------------------


def separable(c, kernel):
    inner = seq(
        same_conv(c, c, kernel, groups=c, bias=False), nn.BatchNorm2d(c, eps=1e-4), nn.ReLU6(),
        nn.Conv2d(c, c, 1, bias=False), nn.BatchNorm2d(c, eps=1e-4),
    )  # fmt: skip
    return seq(Sum(inner, nn.Identity()), nn.GELU())


def mixed(i, wide, kernel):
    return Concat(
        seq(nn.Conv2d(i, wide, 1), nn.GELU()),
        seq(nn.Conv2d(i, wide // 2, 1), nn.LeakyReLU(0.2), same_conv(wide // 2, wide, kernel, groups=2), nn.ELU()),
        seq(nn.Conv2d(i, wide, 3, padding=2, dilation=2), Concat(nn.SiLU(), nn.Sigmoid())),
        seq(AvgSame(), nn.Conv2d(i, i, 3, padding=2, dilation=2, groups=i), nn.BatchNorm2d(i, eps=1e-4)),
    )


class SepNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = seq(Pad(2, 1, 1, 2), tapped(nn.Conv2d(3, 12, (5, 4), 2), "stem"))
        self.body = seq(
            nn.LeakyReLU(0.01), mixed(12, 8, (3, 3)), Lrn(n=3, k=1.0, alpha=0.1, beta=0.5), nn.Conv2d(44, 12, 1),
        )  # fmt: skip
        self.tail = seq(
            separable(12, (5, 3)), separable(12, (5, 3)),
            Same(nn.MaxPool2d(3, 2), (3, 3), (2, 2), value=-torch.inf), mixed(12, 4, (1, 5)),
        )  # fmt: skip
        self.gate = seq(nn.Conv2d(28, 28, 1), nn.ELU())
        self.gated = seq(same_conv(28, 28, (3, 3)), nn.Sigmoid())
        self.join = seq(
            Pad(1, 0, 0, 1), nn.Conv2d(56, 56, (3, 2), (2, 1), groups=56), nn.ReLU(),
            Concat(nn.MaxPool2d((2, 3), (2, 1)), nn.AvgPool2d((2, 3), (2, 1)), nn.Conv2d(56, 6, (2, 3), (2, 1), groups=2)),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(118, 7),
        )  # fmt: skip

    def forward(self, x):
        stem = self.stem(x)
        deep = self.tail(self.body(stem) + stem)
        gate = self.gate(deep)
        return self.join(torch.cat([self.gated(gate) + gate, deep], 1))


# ---- unet --------------------------------------------------------------------------------------------------------------


def twice(i, o):
    return seq(*(
        m for c in (i, o) for m in (nn.Conv2d(c, o, 3, padding=1, bias=False), nn.BatchNorm2d(o, eps=1e-3), nn.SiLU())
    ))  # fmt: skip


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        w = 6
        self.pad, self.fine, self.middle, self.coarse = Pad(1, 2, 0, 3), twice(2, w), twice(w, 2 * w), twice(2 * w, 4 * w)
        self.bottom = tapped(nn.Conv2d(4 * w, 8 * w, 3, padding=2, dilation=2), "bottom")
        self.up1, self.up2, self.up3 = twice(12 * w, 4 * w), twice(6 * w, 2 * w), twice(3 * w, w)
        self.last = nn.Conv2d(w, 5, 1)

    def forward(self, x):
        fine = self.fine(self.pad(x))
        middle = self.middle(F.max_pool2d(fine, 2))
        coarse = self.coarse(F.max_pool2d(middle, 2))
        x = F.elu(self.bottom(F.avg_pool2d(coarse, (3, 2))))
        for factor, tap, up in (((3, 2), coarse, self.up1), ((2, 2), middle, self.up2), ((2, 2), fine, self.up3)):
            x = up(torch.cat([F.interpolate(x, scale_factor=factor, mode="nearest"), tap], 1))
        return self.last(x).softmax(1)


# ---- striped, residual_mlp ---------------------------------------------------------------------------------------------


def striped():
    return seq(
        Same(nn.Conv2d(4, 12, (5, 2), (1, 2), groups=2), (5, 2), (1, 2)), nn.Tanh(), Pad(1, 1, 1, 1),
        nn.Conv2d(12, 10, (1, 7), 2, bias=False), Lrn(n=7, alpha=0.01), AvgSame(),
        nn.Conv2d(10, 8, 3, dilation=2), nn.ReLU6(), nn.Conv2d(8, 18, 3, padding=1), nn.ReLU6(),
        Same(nn.Conv2d(18, 18, 3, 2, groups=18), (3, 3), (2, 2)), nn.ELU(), nn.MaxPool2d((2, 1)),
        nn.Flatten(), nn.Dropout(0.5), nn.Linear(108, 37), nn.Sigmoid(), nn.BatchNorm1d(37, eps=1e-3), nn.Linear(37, 9),
        nn.Softmax(1),
    )  # fmt: skip


class ResidualMlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.wide = seq(nn.Linear(784, 96), nn.GELU())
        self.body = seq(*(
            seq(Sum(seq(nn.Linear(96, 96), nn.BatchNorm1d(96, eps=1e-3), nn.ELU(), nn.Linear(96, 96, bias=False)), nn.Identity()), nn.SiLU())
            for _ in range(2)
        ))  # fmt: skip
        self.fan = Concat(seq(nn.Linear(96, 17), nn.Tanh()), seq(nn.Linear(96, 5), nn.Softmax(1)), nn.Identity())
        self.last = nn.Linear(214, 11)

    def forward(self, x):
        wide = self.wide(x)
        return self.last(torch.cat([self.fan(self.body(wide)), wide], 1)).softmax(1)


# ---- heads -------------------------------------------------------------------------------------------------------------


def inception(i, direct, reduced, wide):
    return Concat(
        seq(nn.Conv2d(i, direct, 1), nn.ReLU()),
        seq(nn.Conv2d(i, reduced, 1), nn.ReLU(), nn.Conv2d(reduced, wide, 3, padding=1), nn.ReLU()),
    )


class Heads(nn.Module):
    """DROPOUT left out: the tests leave it out as well."""

    def __init__(self):
        super().__init__()
        self.stem = seq(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), inception(8, 8, 4, 8))
        self.late = seq(nn.MaxPool2d(2), inception(16, 12, 6, 12))
        self.last = seq(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(24, 10))
        self.aux = seq(
            nn.AvgPool2d(2), nn.Conv2d(16, 6, 1), nn.ReLU(), FlattenHwc(), nn.Linear(96, 24), nn.ReLU(), nn.Linear(24, 10)
        )  # fmt: skip
        self.boxes = nn.Conv2d(24, 6, 1)

    def forward(self, x):
        return self.last(self.late(self.stem(x))).softmax(1)

    def outputs(self, x):
        return {"boxes": self.boxes(self.late(self.stem(x)))}

    def loss(self, x, labels):
        middle = self.stem(x)
        return F.cross_entropy(self.last(self.late(middle)), labels) + 0.3 * F.cross_entropy(self.aux(middle), labels)


def training(model, x):
    """The loss of labels, and the norm of the gradient of each parameter that has one, under netc's names."""
    labels = [(7 * i + 3) % 10 for i in range(len(x))]
    model.requires_grad_(True)
    loss = model.loss(x, torch.tensor(labels))
    loss.backward()
    norms = {
        f"{name}.{leaf}": rounded(p.grad.norm())[0]
        for name, module in named(model)
        for leaf, p in module.named_parameters(recurse=False)
        if p.grad is not None
    }
    return {"labels": labels, "train_loss": rounded(loss.detach())[0], "grad_l2": norms}


CASES = {
    "heads": (Heads, (16, 16, 3)),
    "sepnet": (SepNet, (33, 29, 3)),
    "unet": (UNet, (45, 37, 2)),
    "striped": (striped, (19, 41, 4)),
    "residual_mlp": (ResidualMlp, (784,)),
}


def main():
    torch.set_num_threads(1)
    rows = []
    for name, (make, shape) in CASES.items():
        model = seed(make())
        y = model(image(shape, 3, 4.0))
        y = y.permute(0, 2, 3, 1) if y.dim() == 4 else y
        params, trainable = totals(model)
        case = {"input": shape, "input_scale": 4.0, "batch": 3, "params": params, "trainable": trainable}
        case |= {"shape": list(y.shape[1:]), "output": [rounded(i.flatten()[:64]) for i in y]}
        case |= {"sum": rounded(y.flatten(1).sum(1)), "sum_of_squares": rounded((y * y).flatten(1).sum(1))}
        case["last"] = [rounded(i.flatten()[-8:]) for i in y]
        if hasattr(model, "outputs"):
            others = model.outputs(image(shape, 3, 4.0)).items()
            case["outputs"] = {k: [rounded(i.flatten()) for i in v.permute(0, 2, 3, 1)] for k, v in others}
        if hasattr(model, "loss"):
            case |= training(model, image(shape, 3, 4.0))
        rows.append(f'  "{name}": {json.dumps(case)}')
        print(f"{name:16} params {params:9,} trainable {trainable:9,}  output {tuple(y.shape[1:])}  {rounded(y[0].flatten()[:4], 4)} {rounded(y[1].flatten()[:4], 4)}")
    note = "output: of each image the first 64 numbers in NHWC order, what the file's last layer gives (so after its SOFTMAX); last: the last 8; outputs: whole; train_loss and grad_l2 (norms): one step by the labels; sum and sum_of_squares: over each whole image. Weights and inputs: seeded.py, the input multiplied by input_scale, float64."
    with open(os.path.join(HERE, "networks.json"), "w") as f:
        f.write(f'{{\n "note": {json.dumps(note)},\n "networks": {{\n' + ",\n".join(rows) + "\n }\n}\n")


if __name__ == "__main__":
    main()
