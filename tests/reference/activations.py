#!/usr/bin/env python3
"""Writes activations.json: values and derivatives of activations that ops.json lacks. See README.md."""

import json, os

import torch
from torch.nn import functional as F

HERE = os.path.dirname(os.path.abspath(__file__))
X = [-40, -6, -3.25, -3, -2.75, -2.5, -1, -0.5, -0.0625, 0, 0.125, 0.5, 1, 1.875, 2.5, 2.75, 3, 3.5, 6, 40]

cases = []
for name, function in [("HARD_SIGMOID", F.hardsigmoid), ("HARD_SWISH", F.hardswish)]:
    x = torch.tensor(X, dtype=torch.float64, requires_grad=True)
    y = function(x)
    (dx,) = torch.autograd.grad(y.sum(), x)
    cases.append({"name": name, "x": X, "y": y.tolist(), "dx": dx.tolist()})
with open(os.path.join(HERE, "activations.json"), "w") as file:
    json.dump(cases, file, indent=1)
    file.write("\n")
