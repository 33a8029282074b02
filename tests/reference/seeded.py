"""Weights and inputs that any language can make again from their names, so that reference values need no weight file.

value(name, i): z = splitmix64(fnv1a64(name) + (i + 1) * 0x9E3779B97F4A7C15), u = (z >> 40) / 2**23 - 1, in [-1, 1).
i counts elements in row-major order: OIHW for convolutions, [out, in] for FC, NHWC for the input. Computed in float64,
stored as float32. What u becomes:

    NAME.weight of CONV, DWCONV, FC      u * sqrt(3 / fan_in), fan_in = elements of one output
    NAME.bias                            0.1 u
    bnN, lnN, scaleN: .weight, .bias     1 + 0.1 u, 0.1 u
    bnN.running_mean, .running_var       0.1 u, 1 + 0.5 u
    subsampleN.coefficient               1 + 0.1 u
    rbfN.prototypes                      +1 where u >= 0, else -1
    input                                u

A CONV with a connection table is drawn dense, with the fan-in of the dense kernel; then the missing connections become 0."""

import numpy as np

MASK = (1 << 64) - 1


def fnv1a64(name):
    h = 0xCBF29CE484222325
    for byte in name.encode():
        h = ((h ^ byte) * 0x100000001B3) & MASK
    return h


def uniform(name, shape):
    n = int(np.prod(shape))
    with np.errstate(over="ignore"):
        z = np.uint64(fnv1a64(name)) + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return ((z >> np.uint64(40)).astype(np.float64) / 2**23 - 1).reshape(shape)


def tensor(name, shape):
    """The scaled tensor `name`, float32."""
    u, leaf = uniform(name, shape), name.rsplit(".", 1)[-1]
    if name.startswith(("bn", "ln", "scale")):
        u = {"weight": 1 + 0.1 * u, "bias": 0.1 * u, "running_mean": 0.1 * u, "running_var": 1 + 0.5 * u}[leaf]
    elif leaf == "weight":
        u = u * (3 / np.prod(shape[1:])) ** 0.5
    elif leaf == "bias":
        u = u * 0.1
    elif leaf == "coefficient":
        u = 1 + 0.1 * u
    elif leaf == "prototypes":
        u = np.where(u >= 0, 1.0, -1.0)
    return u.astype(np.float32)


if __name__ == "__main__":
    print(tensor("conv1.weight", (2, 1, 2, 2)).ravel().tolist())
    print(tensor("bn1.running_var", (4,)).tolist(), tensor("input", (3,)).tolist())
