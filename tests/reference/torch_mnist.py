#!/usr/bin/env python3
"""Trains lenet5_mnist or allconv_mnist in PyTorch, where models/RESULTS.md asks what decides: the form of RMSprop, or the augmentation.

    python3 -m venv torch && torch/bin/pip install torch scipy keras-preprocessing
    torch/bin/python tests/reference/torch_mnist.py --data DIR [--network NAME] [--optimizer NAME] [--augment NAME] [--seed N] [--epochs N]
        [--first N]

DIR holds MNIST's gzipped IDX files, of which the first N training pictures are used, or all. The same seed gives the same initial weights and batches whatever the optimizer. Prints a line an epoch:
training loss, test accuracy, seconds."""

import argparse
import gzip
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

PARSER = argparse.ArgumentParser()
PARSER.add_argument("--data", type=Path, required=True)
PARSER.add_argument("--network", choices=["lenet5", "allconv"], default="lenet5")
PARSER.add_argument("--optimizer", choices=["sgd", "rmsprop", "rmsprop-keras3"], default="sgd")
PARSER.add_argument("--augment", choices=["none", "own", "keras-preprocessing"], default="none")
PARSER.add_argument("--seed", type=int, default=1)
PARSER.add_argument("--epochs", type=int, default=20)
PARSER.add_argument("--first", type=int)


def mnist(folder, name):
    images = gzip.open(folder / f"{name}-images-idx3-ubyte.gz").read()
    labels = gzip.open(folder / f"{name}-labels-idx1-ubyte.gz").read()
    x = np.frombuffer(images, np.uint8, offset=16).reshape(-1, 28, 28).astype(np.float32) / 255
    return x, torch.from_numpy(np.frombuffer(labels, np.uint8, offset=8).astype(np.int64))


def lenet5():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.MaxPool2d(2), nn.Sigmoid(), nn.Conv2d(6, 16, 5), nn.MaxPool2d(2), nn.Sigmoid(), nn.Dropout(0.5),
        nn.Conv2d(16, 120, 1), nn.Flatten(), nn.Linear(1920, 84), nn.Sigmoid(), nn.Linear(84, 10),
    )


def allconv():
    return nn.Sequential(
        nn.Conv2d(1, 96, 5), nn.MaxPool2d(3, 2), nn.ReLU(), nn.Conv2d(96, 192, 5), nn.MaxPool2d(3, 2), nn.ReLU(),
        nn.Conv2d(192, 192, 3), nn.ReLU(), nn.Conv2d(192, 192, 1), nn.ReLU(), nn.Conv2d(192, 10, 1), nn.ReLU(), nn.Flatten(),
    )


def network(name):
    net = {"lenet5": lenet5, "allconv": allconv}[name]()
    for layer in net:
        if hasattr(layer, "weight"):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    return net


class Keras3RmsProp(torch.optim.Optimizer):
    """w -= lr g / sqrt(v + eps): netc and PyTorch divide by sqrt(v) + eps."""

    def __init__(self, params):
        super().__init__(params, {})

    @torch.no_grad()
    def step(self):
        for p in (p for group in self.param_groups for p in group["params"]):
            v = self.state[p].setdefault("v", torch.zeros_like(p))
            v.mul_(0.9).addcmul_(p.grad, p.grad, value=0.1)
            p.addcdiv_(p.grad, (v + 1e-7).sqrt(), value=-1e-3)


def variation(name):
    """Rotation by up to 25 degrees, shifts by up to a tenth; keras-preprocessing turns about a point a cell off the centre."""
    if name == "none":
        return lambda picture: picture
    if name == "keras-preprocessing":
        from keras_preprocessing.image import ImageDataGenerator

        generator = ImageDataGenerator(rotation_range=25, width_shift_range=0.1, height_shift_range=0.1)
        return lambda picture: generator.random_transform(picture[..., None])[..., 0]
    from scipy.ndimage import affine_transform

    def own(picture):
        angle, shift = np.deg2rad(np.random.uniform(-25, 25)), np.random.uniform(-2.8, 2.8, 2)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        centre = np.array([13.5, 13.5])
        return affine_transform(picture, turn, centre + turn @ (shift - centre), order=1, mode="nearest")

    return own


def schedule(epoch):
    return next(f for start, f in [(12, 0.08), (8, 0.2), (5, 0.4), (2, 0.8), (0, 1.0)] if epoch >= start)


def main():
    args = PARSER.parse_args()
    torch.manual_seed(args.seed)
    np.random.seed(args.seed)
    torch.set_num_threads(1)
    (x, y), (test_x, test_y) = mnist(args.data, "train"), mnist(args.data, "t10k")
    test_x, vary, net = torch.from_numpy(test_x)[:, None], variation(args.augment), network(args.network)
    x = x[: args.first]
    optimizer = {
        "sgd": lambda: torch.optim.SGD(net.parameters(), lr=1.0),
        "rmsprop": lambda: torch.optim.RMSprop(net.parameters(), lr=1e-3, alpha=0.9, eps=1e-7),
        "rmsprop-keras3": lambda: Keras3RmsProp(net.parameters()),
    }[args.optimizer]()
    for epoch in range(args.epochs):
        if args.optimizer == "sgd":
            optimizer.param_groups[0]["lr"] = schedule(epoch)
        start, total, order = time.time(), 0.0, torch.randperm(len(x))
        net.train()
        for batch in order.split(32):
            pictures = np.stack([vary(x[i]) for i in batch.tolist()])
            optimizer.zero_grad()
            loss = F.cross_entropy(net(torch.from_numpy(pictures)[:, None]), y[batch])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
        net.eval()
        with torch.no_grad():
            accuracy = (net(test_x).argmax(1) == test_y).float().mean().item()
        print(f"{epoch + 1} {total / len(x):.4f} {accuracy:.4f} {time.time() - start:.1f}", flush=True)


if __name__ == "__main__":
    main()
