#!/usr/bin/env python3
"""Writes torchvision.json: reference outputs of small networks of models/torchvision, one of each family. See README.md."""

import json, os, sys, warnings

import torch, torchvision
from torchvision.models.convnext import CNBlock

from modules import image, rounded, seed, totals

HERE = os.path.dirname(os.path.abspath(__file__))

# Network: (side of the picture, input_scale). Large inputs where the biases of many layers would hide the picture.
CASES = {
    "squeezenet1_0": (224, 100.0),
    "mnasnet0_5": (224, 1000.0),
    "regnet_x_400mf": (224, 1.0),
    "googlenet": (224, 100.0),
    "inception_v3": (299, 1000.0),
    "shufflenet_v2_x0_5": (224, 100.0),
    "mobilenet_v3_small": (224, 100.0),
    "regnet_y_400mf": (224, 1.0),
    "efficientnet_b0": (224, 1e6),
    "convnext_tiny": (224, 1.0),
}


def build(name, heads=False):
    """The seeded model; without auxiliary heads, whose weights come after the others' in netc, not in torchvision."""
    warnings.simplefilter("ignore")
    more = {"aux_logits": heads, "init_weights": False} if name in ("googlenet", "inception_v3") else {}
    model = torchvision.models.get_model(name, weights=None, **more)
    for m in model.modules():
        if isinstance(m, CNBlock):  # its Linears are convolutions of 1x1
            m.block[3].per_pixel = m.block[5].per_pixel = True
    return seed(model)


def main(only):
    torch.set_num_threads(1)
    rows = []
    for name, (side, scale) in CASES.items():
        if only and name not in only:
            continue
        model = build(name)
        shape = (side, side, 3)
        y = model(image(shape, 2, scale))
        params, trainable = totals(build(name, heads=True))
        case = {"input": shape, "input_scale": scale, "batch": 2, "params": params, "trainable": trainable}
        rows.append(f'  "{name}": {json.dumps(case | {"logits": [rounded(row[:16]) for row in y]})}')
        apart = float((y[0] - y[1]).abs().max() / y.abs().max())
        print(f"{name:20} params {params:11,} trainable {trainable:11,}  largest {float(y.abs().max()):.4g}  apart {apart:.2g}")
    if not only:
        note = "logits: the first 16 of both images, inference mode. Weights and inputs: seeded.py, the input multiplied by input_scale, float64."
        with open(os.path.join(HERE, "torchvision.json"), "w") as f:
            f.write(f'{{\n "note": {json.dumps(note)},\n "models": {{\n' + ",\n".join(rows) + "\n }\n}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
