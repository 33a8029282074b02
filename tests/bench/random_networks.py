#!/usr/bin/env python3
"""Networks that nobody tuned for, timed beside ONNX Runtime on this machine's CPU, in turns.

    python3 -m venv venv && venv/bin/pip install torch onnx onnxscript onnxruntime numpy
    cargo build --release --bin netc
    venv/bin/python tests/bench/random_networks.py --netc target/release/netc [--count 10] [--seed 1] [--batch 1] [--threads 2]

Each network is drawn from its seed: odd sizes of pictures (61x47), odd numbers of channels (37, 83), kernels as 5x3, strides, groups, depthwise
convolutions, pooling, BN, residual ADD. It is written as NAME.net, and as NAME.onnx by PyTorch from the same description; with PyTorch's weights
both must give the same numbers before anything is timed. The files stay in --folder. A row has the least time of either, as other
programs may run beside; the ratio is ONNX Runtime's time / netc's (above 1: netc is ahead)."""
import argparse, json, math, pathlib, random, struct, subprocess, tempfile, time, warnings

warnings.filterwarnings("ignore")
import numpy as np
import torch
import torch.nn as nn

CHANNELS = (13, 24, 37, 48, 60, 83, 96)
PICTURES = ((61, 47), (47, 61), (33, 29), (95, 71), (53, 40), (112, 75))
KERNELS = ((3, 3), (3, 3), (5, 3), (1, 1), (3, 5), (1, 7), (5, 5))


class Draw:
    """A network's stages, each as arrow notation and as a PyTorch module."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.text, self.modules, self.names = [], [], []
        self.counts = {}

    def name(self, kind):
        self.counts[kind] = self.counts.get(kind, 0) + 1
        return f"{kind}{self.counts[kind]}"

    def conv(self, channels, filters, kernel, stride=1, groups=1, bias=True):
        (kh, kw), pad = kernel, (kernel[0] // 2, kernel[1] // 2)
        module = nn.Conv2d(channels, filters, kernel, stride, pad, groups=groups, bias=bias)
        size = f"{kh}x{kw}" + (f"/{stride}" if stride > 1 else "")
        options = f"pad=({pad[0]}, {pad[0]}, {pad[1]}, {pad[1]})" + ("" if bias else ", bias=false")
        if groups == channels == filters:
            return self.stage(f"DWCONV({size}, {options})", module, "dwconv")
        groups = f", groups={groups}" if groups > 1 else ""
        return self.stage(f"CONV({filters}, {size}, {options}{groups})", module, "conv")

    def norm(self, channels):
        module = nn.BatchNorm2d(channels)
        with torch.no_grad():
            module.weight.uniform_(0.5, 1.5)
            module.bias.uniform_(-0.5, 0.5)
            module.running_mean.uniform_(-0.5, 0.5)
            module.running_var.uniform_(0.5, 1.5)
        return self.stage("BN(eps=0.00001)", module, "bn")

    def stage(self, text, module, kind=None):
        name = self.name(kind) if kind else None
        return (text, module, [(name, module)] if name else [])

    def add(self, *stages):
        for text, module, named in stages:
            self.text.append(text)
            self.modules.append(module)
            self.names += named

    def block(self, channels, picture):
        """One block; gives its channels and the size of its picture."""
        draw, relu = self.random, lambda: self.stage("RELU", nn.ReLU())
        stride = 2 if min(picture) > 14 and draw.random() < 0.35 else 1
        kernel, kind = draw.choice(KERNELS), draw.random()
        filters = draw.choice(CHANNELS)
        smaller = lambda size: (size - 1) // stride + 1
        if kind < 0.3:
            inner = [self.conv(channels, channels, kernel, bias=False), self.norm(channels), relu()]
            inner += [self.conv(channels, channels, (3, 3))]
            text = " => ".join(text for text, _, _ in inner)
            module = Residual([module for _, module, _ in inner])
            named = [pair for _, _, pairs in inner for pair in pairs]
            self.add((f"[ {text} | SKIP ] => ADD", module, named), relu())
            return channels, picture
        if kind < 0.45:
            self.add(self.conv(channels, channels, (3, 3), stride, groups=channels, bias=False), self.norm(channels), relu())
            self.add(self.conv(channels, filters, (1, 1)), relu())
        elif kind < 0.6:
            groups = draw.choice([g for g in (1, 2, 3, 4, 6) if channels % g == 0])
            self.add(self.conv(channels, filters * groups // math.gcd(filters, groups), kernel, stride, groups=groups), relu())
            filters = filters * groups // math.gcd(filters, groups)
        elif kind < 0.85:
            self.add(self.conv(channels, filters, kernel, stride, bias=False), self.norm(filters), relu())
        else:
            self.add(self.conv(channels, filters, kernel, stride), relu())
        picture = tuple(map(smaller, picture))
        if min(picture) > 14 and draw.random() < 0.3:
            window, step = draw.choice(((2, 2), (3, 2)))
            if draw.random() < 0.7:
                self.add(self.stage(f"POOL({window}x{window}/{step})", nn.MaxPool2d(window, step)))
            else:
                self.add(self.stage(f"AVGPOOL({window}x{window}/{step})", nn.AvgPool2d(window, step)))
            picture = tuple((size - window) // step + 1 for size in picture)
        return filters, picture


class Residual(nn.Module):
    def __init__(self, modules):
        super().__init__()
        self.inner = nn.Sequential(*modules)

    def forward(self, x):
        return x + self.inner(x)


def network(seed):
    """The network of this seed: its name, its text, its module, the layers' names, its input [c, h, w]."""
    torch.manual_seed(seed)
    draw = Draw(seed)
    picture, channels = draw.random.choice(PICTURES), draw.random.choice((1, 3, 4))
    shape = (channels, *picture)
    stem, kernel = draw.random.choice(CHANNELS), draw.random.choice(((3, 3), (5, 3), (7, 7)))
    stride = draw.random.choice((1, 2))
    draw.add(draw.conv(channels, stem, kernel, stride, bias=False), draw.norm(stem), draw.stage("RELU", nn.ReLU()))
    channels, picture = stem, tuple((size - 1) // stride + 1 for size in picture)
    for _ in range(draw.random.randint(4, 9)):
        channels, picture = draw.block(channels, picture)
    classes = draw.random.choice((7, 10, 43, 100))
    fc = draw.stage(f"FC({classes})", nn.Sequential(nn.Flatten(), nn.Linear(channels, classes)), "fc")
    draw.add(draw.stage("GLOBALPOOL", nn.AdaptiveAvgPool2d(1)), fc)
    head = f"INPUT({shape[1]}x{shape[2]}x{shape[0]})"
    name = f"random{seed}"
    text = f"net Random{seed}\n\n{head}\n" + "".join(f"=> {stage}\n" for stage in draw.text)
    return name, text, nn.Sequential(*draw.modules).eval(), draw.names, shape


def weights(path, named):
    """A safetensors file with netc's names."""
    tensors = {}
    for name, module in named:
        for leaf, values in module.state_dict().items():
            leaf = leaf.rsplit(".", 1)[-1]
            if leaf != "num_batches_tracked":
                tensors[f"{name}.{leaf}"] = values.detach().numpy().astype("<f4")
    header, data = {}, b""
    for name, values in tensors.items():
        start, data = len(data), data + values.tobytes()
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [start, len(data)]}
    header = json.dumps(header).encode()
    header += b" " * (-len(header) % 8)
    path.write_bytes(struct.pack("<Q", len(header)) + header + data)


def run_netc(args, *words):
    done = subprocess.run([args.netc, *map(str, words)], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"netc {' '.join(map(str, words))}\n{done.stderr}")
    return done.stdout


def least_ms(run, seconds):
    """As `netc bench` measures its `min_ms`."""
    for _ in range(3):
        run()
    times, end = [], time.perf_counter() + seconds
    while len(times) < 5 or time.perf_counter() < end:
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times) * 1e3


def session(path, threads):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def case(args, folder, seed):
    name, text, module, named, shape = network(seed)
    net, onnx = folder / f"{name}.net", folder / f"{name}.onnx"
    net.write_text(text)
    weights(folder / f"{name}.safetensors", named)
    x = torch.rand(args.batch, *shape)
    torch.onnx.export(module, (x,), str(onnx), input_names=["x"], output_names=["y"], dynamo=False)
    peer = session(onnx, args.threads)
    feed = {"x": x.numpy()}

    np.save(folder / "x.npy", np.ascontiguousarray(np.moveaxis(x.numpy(), 1, -1)))
    files = ["--weights", folder / f"{name}.safetensors", "--input", folder / "x.npy", "--output", folder / "y.npy"]
    run_netc(args, "run", net, *files, "--batch", args.batch)
    expected, found = peer.run(None, feed)[0], np.load(folder / "y.npy")
    error = np.abs(expected - found.reshape(expected.shape)).max() / np.abs(expected).max()
    if not error < 1e-4:
        raise SystemExit(f"{name}: netc's outputs differ from ONNX Runtime's by {error} of the largest")

    ours, theirs = [], []
    bench = ["bench", net, "--batch", args.batch, "--threads", args.threads, "--seconds", args.seconds, "--json"]
    for _ in range(args.turns):
        ours.append(json.loads(run_netc(args, *bench).splitlines()[-1])["min_ms"])
        theirs.append(least_ms(lambda: peer.run(None, feed), args.seconds))
    return name, shape, min(ours), min(theirs)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--netc", default="target/release/netc")
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1, help="of the first network; the others follow")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=0.5, help="of a turn")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--folder", type=pathlib.Path, help="keep the networks here")
    args = parser.parse_args()
    torch.set_num_threads(1)
    folder = args.folder or pathlib.Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    ratios = []
    print("| network | input | netc, ms | ONNX Runtime, ms | ratio |\n| --- | --- | --- | --- | --- |")
    for seed in range(args.seed, args.seed + args.count):
        name, (c, h, w), ours, theirs = case(args, folder, seed)
        ratios.append(theirs / ours)
        print(f"| {name} | {h}x{w}x{c} | {ours:.3f} | {theirs:.3f} | {theirs / ours:.2f} |", flush=True)
    mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
    print(f"\ngeometric mean {mean:.2f}, ahead in {sum(r > 1 for r in ratios)} of {len(ratios)}; files in {folder}")


if __name__ == "__main__":
    main()
