#!/usr/bin/env python3
"""Writes torchvision's own state_dict, an input and PyTorch's output for it, to try `netc weights import` end to end:

    python3 torchvision_state.py OUT [resnet18 squeezenet1_1 ...]
    netc weights import OUT/resnet18.safetensors --for models/resnet18.net -o OUT/resnet18.netc.safetensors
    netc run models/resnet18.net --weights OUT/resnet18.netc.safetensors --input OUT/resnet18.input.npy --output OUT/resnet18.npy
    python3 torchvision_state.py OUT --compare resnet18 ...

Writes OUT/NAME.safetensors (torchvision's names, random weights, num_batches_tracked included), NAME.input.npy (f32, NHWC)
and NAME.output.npy (f32, from a float64 run). `--compare` reads OUT/NAME.npy, and exits 1 where an error is above 1e-4 of
the largest output. Nothing is fetched, and the files stay out of the repository."""

import os, sys

import numpy as np, torch, torchvision
from safetensors.torch import save_file
from torch import nn


def write(name, out):
    torch.manual_seed(1)
    model = getattr(torchvision.models, name)(weights=None).eval()
    with torch.no_grad():
        for m in model.modules():  # fresh ones are 0 and 1: a mix-up of them would not show
            if isinstance(m, nn.BatchNorm2d):
                m.running_mean.normal_(0, 0.1)
                m.running_var.uniform_(0.5, 1.5)
                m.weight.uniform_(0.8, 1.2)
                m.bias.normal_(0, 0.1)
            elif isinstance(m, (nn.Conv2d, nn.Linear)) and m.bias is not None:
                m.bias.normal_(0, 0.1)
        save_file({k: v.contiguous() for k, v in model.state_dict().items()}, os.path.join(out, f"{name}.safetensors"))
        x = torch.randn(2, 3, 224, 224)
        y = model.double()(x.double())
    np.save(os.path.join(out, f"{name}.input.npy"), x.permute(0, 2, 3, 1).contiguous().numpy())
    np.save(os.path.join(out, f"{name}.output.npy"), y.float().numpy())
    print(f"{name}: outputs {tuple(y.shape)}, largest {float(y.abs().max()):.4g}, images {float((y[0] - y[1]).abs().max()):.2g} apart")


def compare(name, out):
    want, got = (np.load(os.path.join(out, f)) for f in (f"{name}.output.npy", f"{name}.npy"))
    error = float(np.abs(got.reshape(want.shape) - want).max() / np.abs(want).max())
    print(f"{name}: error {error:.1e} of the largest output")
    return error > 1e-4


if __name__ == "__main__":
    out, *names = sys.argv[1:]
    action = compare if "--compare" in names else write
    names = [n for n in names if n != "--compare"] or ["resnet18", "squeezenet1_1"]
    os.makedirs(out, exist_ok=True)
    torch.set_num_threads(1)
    sys.exit(any([action(n, out) for n in names]))
