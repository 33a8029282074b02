"""What the reference networks share: the modules PyTorch lacks, and weights from seeded.py under netc's names."""

import torch
from torch import nn
from torch.nn import functional as F

import seeded


class FlattenHwc(nn.Module):
    """netc's flatten: the order of HWC, where PyTorch's is CHW."""

    def forward(self, x):
        return x.permute(0, 2, 3, 1).flatten(1)


class Lrn(nn.Module):
    """The paper's: alpha is not divided by n, as PyTorch does."""

    def __init__(self, n=5, k=2.0, alpha=1e-4, beta=0.75):
        super().__init__()
        self.n, self.k, self.alpha, self.beta = n, k, alpha, beta

    def forward(self, x):
        return F.local_response_norm(x, self.n, alpha=self.alpha * self.n, beta=self.beta, k=self.k)


class LecunTanh(nn.Module):
    def forward(self, x):
        return 1.7159 * torch.tanh(2 / 3 * x)


class Subsample(nn.Module):
    """LeNet-5's S layers: the sum of a window times the map's coefficient, plus its bias; no squashing."""

    def __init__(self, channels, window=2):
        super().__init__()
        self.window = window
        self.coefficient = nn.Parameter(torch.empty(channels))
        self.bias = nn.Parameter(torch.empty(channels))

    def forward(self, x):
        total = F.avg_pool2d(x, self.window, divisor_override=1)
        return total * self.coefficient[:, None, None] + self.bias[:, None, None]


class Rbf(nn.Module):
    """Squared distances to the prototypes, which are no parameters; the smallest wins."""

    def __init__(self, inputs, classes):
        super().__init__()
        self.register_buffer("prototypes", torch.empty(classes, inputs))

    def forward(self, x):
        return ((x[:, None] - self.prototypes) ** 2).sum(-1)


class TableConv(nn.Conv2d):
    """A convolution whose output maps see some input maps; the kernel is dense, with zeros."""

    def __init__(self, channels, table, kernel):
        super().__init__(channels, len(table), kernel)
        self.table = table

    def cut(self):
        """Sets the missing connections to zero."""
        with torch.no_grad():
            for out, seen in enumerate(self.table):
                self.weight[out, [i for i in range(self.in_channels) if i not in seen]] = 0


def kind(m):
    if isinstance(m, nn.Conv2d):
        return "dwconv" if m.groups == m.in_channels == m.out_channels > 1 else "conv"
    if hasattr(m, "layer_scale"):  # ConvNeXt's block
        return "scale"
    if getattr(m, "per_pixel", False):  # a Linear over channels last
        return "conv"
    norms = {"bn": (nn.BatchNorm1d, nn.BatchNorm2d), "ln": nn.LayerNorm}
    for k, t in {"fc": nn.Linear, **norms, "subsample": Subsample, "rbf": Rbf}.items():
        if isinstance(m, t):
            return k
    return None


def named(model):
    """(netc's layer name, module) of everything that holds weights: each kind counts from 1 in the order in which the
    modules were made, which in every network here is netc's order of expansion. A module's `tap` renames it."""
    counts, out = {}, []
    for m in model.modules():
        if k := kind(m):
            counts[k] = counts.get(k, 0) + 1
            out.append((getattr(m, "tap", k + str(counts[k])), m))
    return out


def seed(model):
    """Gives `model` the seeded weights, in float64 and inference mode."""
    model.double().eval().requires_grad_(False)
    for name, m in named(model):
        for leaf, t in (*m.named_parameters(recurse=False), *m.named_buffers(recurse=False)):
            if leaf == "layer_scale":
                leaf, t = "weight", t[:, 0, 0]
            if leaf != "num_batches_tracked":
                t.copy_(torch.from_numpy(seeded.tensor(f"{name}.{leaf}", tuple(t.shape))))
        if isinstance(m, TableConv):
            m.cut()
    return model


def totals(model):
    """params (all stored numbers) and trainable, missing connections not counted."""
    trainable = sum(p.numel() for p in model.parameters())
    for _, m in named(model):
        if isinstance(m, TableConv):
            trainable += (sum(map(len, m.table)) - m.out_channels * m.in_channels) * m.kernel_size[0] * m.kernel_size[1]
    stored = sum(b.numel() for n, b in model.named_buffers() if not n.endswith("num_batches_tracked"))
    return trainable + stored, trainable


def image(shape, batch, scale=1.0):
    """The tensor `input` as PyTorch takes it: drawn in netc's order (NHWC), handed over as NCHW."""
    x = torch.from_numpy(seeded.tensor("input", (batch, *shape))).double() * scale
    return x.permute(0, 3, 1, 2) if len(shape) == 3 else x


def rounded(t, digits=9):
    return [float(f"{v:.{digits}g}") for v in t.flatten().tolist()]
