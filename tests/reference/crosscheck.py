#!/usr/bin/env python3
"""Runs the .net files themselves (read by count.py) in PyTorch and holds them against every reference file here: that the
networks written in the language are the networks the figures were made with. See README.md."""

import json, os, sys

import torch
from torch.nn import functional as F

import count, seeded
from modules import image

HERE = os.path.dirname(os.path.abspath(__file__))
UNARY = {
    "RELU": F.relu, "RELU6": F.relu6, "ELU": F.elu, "GELU": F.gelu, "SILU": F.silu, "SIGMOID": torch.sigmoid,
    "TANH": torch.tanh, "LECUN_TANH": lambda x: 1.7159 * torch.tanh(2 * x / 3), "SOFTMAX": lambda x: x.softmax(-1),
    "DROPOUT": lambda x: x,
}  # fmt: skip


def run(net, x, logits):
    """Activations are NHWC, as in netc. `logits`: without a last SOFTMAX."""
    values = []
    for n, l in enumerate(net.layers):
        a, k = l.args, l.kind
        t = {leaf: torch.from_numpy(seeded.tensor(f"{l.name}.{leaf}", s)).double() for leaf, s in l.tensors.items()}
        v = [values[i] for i in l.inputs]
        if k == "INPUT":
            y = x
        elif k in ("ADD", "CONCAT"):
            y = sum(v) if k == "ADD" else torch.cat(v, -1)
        elif k == "SOFTMAX" and logits and n == net.out:
            y = v[0]
        elif k in UNARY:
            y = UNARY[k](v[0])
        elif k == "LEAKY_RELU":
            y = F.leaky_relu(v[0], a.get("slope", 0.01))
        elif k in ("CONV", "DWCONV"):
            for out, seen in enumerate(a.get("connect", ())):
                t["weight"][out, [i for i in range(t["weight"].shape[1]) if i not in seen]] = 0
            top, bottom, left, right = a["pad"]
            p = F.pad(v[0], (0, 0, left, right, top, bottom)).permute(0, 3, 1, 2)
            y = F.conv2d(p, t["weight"], t.get("bias"), a["stride"], 0, a["dilation"], a["groups"]).permute(0, 2, 3, 1)
        elif k == "FC":
            y = F.linear(v[0].flatten(1), t["weight"], t.get("bias"))
        elif k in ("POOL", "AVGPOOL", "SUBSAMPLE"):
            top, bottom, left, right = a["pad"]
            fill = -torch.inf if k == "POOL" else torch.nan
            p = F.pad(v[0], (0, 0, left, right, top, bottom), value=fill)
            w = p.unfold(1, a["window"][0], a["stride"][0]).unfold(2, a["window"][1], a["stride"][1])
            y = {"POOL": lambda: w.amax((-1, -2)), "AVGPOOL": lambda: w.nanmean((-1, -2)), "SUBSAMPLE": lambda: w.sum((-1, -2))}[k]()
            if k == "SUBSAMPLE":
                y = y * t["coefficient"] + t["bias"]
        elif k == "GLOBALPOOL":
            y = v[0].mean((1, 2))
        elif k == "BN":
            y = (v[0] - t["running_mean"]) / (t["running_var"] + a.get("eps", 1e-3)).sqrt() * t["weight"] + t["bias"]
        elif k == "LRN":
            r = a.get("n", 5) // 2
            s = F.pad(v[0] ** 2, (r, r)).unfold(-1, 2 * r + 1, 1).sum(-1)
            y = v[0] / (a.get("k", 2.0) + a.get("alpha", 1e-4) * s) ** a.get("beta", 0.75)
        elif k == "FLATTEN":
            y = (v[0].permute(0, 3, 1, 2) if a.get("order") == "chw" else v[0]).flatten(1)
        elif k == "PAD":
            top, bottom, left, right = a["pad"]
            y = F.pad(v[0], (0, 0, left, right, top, bottom))
        elif k == "UPSAMPLE":
            y = v[0].repeat_interleave(a["factor"][0], 1).repeat_interleave(a["factor"][1], 2)
        elif k == "RBF":
            y = (v[0][:, None] - t["prototypes"]).square().sum(-1)
        assert tuple(y.shape[1:]) == l.shape, (l, y.shape)
        values.append(y)
        used = {i for later in net.layers[n + 1 :] for i in later.inputs}
        for i in range(n):
            if i not in used:
                values[i] = None
    return values[net.out]


def main(only):
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    worst = 0.0
    for folder, file, key, field in (
        ("../../models", "golden/models.json", "models", "logits"),
        ("../../models", "models.json", "models", "logits"),
        ("../networks", "networks.json", "networks", "output"),
    ):
        with open(os.path.join(HERE, file)) as f:
            cases = json.load(f)[key]
        for name, case in cases.items():
            if only and name not in only:
                continue
            net = count.load(os.path.join(HERE, folder, name + ".net"))
            x = image(case["input"], case["batch"], case["input_scale"])
            y = run(net, x.permute(0, 2, 3, 1) if x.dim() == 4 else x, logits=field == "logits").flatten(1)
            want = torch.tensor(case[field], dtype=torch.float64)
            error = float((y[: len(want), : want.shape[1]] - want).abs().max() / y.abs().max())
            if "sum_of_squares" in case:
                want = torch.tensor(case["sum_of_squares"], dtype=torch.float64)
                error = max(error, float(((y * y).sum(1) / want - 1).abs().max()))
            t = net.totals()
            same = (t["params"], t["trainable"]) == (case["params"], case["trainable"])
            worst = max(worst, error if same else 1.0)
            print(f"{name:24} error {error:.1e} of the largest  totals {'agree' if same else 'DIFFER'}", flush=True)
    return 1 if worst > 1e-6 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
