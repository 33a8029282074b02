#!/usr/bin/env python3
"""Every CNN of torchvision, from its own state_dict to PyTorch's output, in one table:

    cargo build --release --bin netc
    python3 tests/reference/torchvision_table.py [--netc target/release/netc] [--record models/torchvision/RESULTS.md] [NAME ...]

For each network of models/torchvision: torchvision's model with seeded random weights writes its state_dict, `netc weights
import` takes it, `netc run` and PyTorch get one image of the size in the .net file. A row holds

    error    largest difference of the 1000 outputs, as a share of the largest output of PyTorch, which computes in float64
             (float32 above 300 million parameters)
    float32  the same of PyTorch's own float32: what the network does to rounding errors
    maps     whether the import needed `--map` (it never gets any, so `no` or a failure)
    ms       PyTorch's and netc's time for the image in float32, one thread each: to inform, not to compare (netc bench's
             median; PyTorch's best of three), and worth nothing where the machine had other work

Exit code 1 where a network of torchvision is missing, a count differs or an error is above 1e-4. Nothing is fetched. A network's
files lie in a temporary folder and are deleted with its row. `--record` replaces these networks' rows in the file."""

import argparse, json, math, os, platform, re, subprocess, sys, tempfile, time, warnings

import numpy as np, torch, torchvision
from safetensors.torch import save_file
from torch import nn
from torchvision.models.convnext import CNBlock
from torchvision.models.regnet import ResBottleneckBlock
from torchvision.models.resnet import Bottleneck

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
FOLDER = os.path.join(ROOT, "models", "torchvision")
TOLERANCE = 1e-4
TRANSFORMERS = ("vit", "swin", "maxvit")
HEADED = ("googlenet", "inception_v3")
HEAD = ["network", "lines", "trainable", "MACs", "error", "float32", "maps", "ms netc", "ms torch", "commit"]


def last_norm(block):
    """The last normalisation of a residual block before the sum, else None."""
    if isinstance(block, Bottleneck):
        return block.bn3
    if isinstance(block, ResBottleneckBlock) or getattr(block, "use_res_connect", False):
        return [m for m in block.modules() if isinstance(m, nn.BatchNorm2d)][-1]
    return None


def build(name):
    """torchvision's model with weights that keep activations sane and mix-ups visible."""
    torch.manual_seed(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        more = {"aux_logits": True, "init_weights": False} if name in HEADED else {}
        model = torchvision.models.get_model(name, weights=None, **more).eval().requires_grad_(False)
    quiet = {last for block in model.modules() if (last := last_norm(block))}
    for m in model.modules():
        if isinstance(m, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(m.weight, nonlinearity="relu")
            if m.bias is not None:
                m.bias.normal_(0, 0.1)
        elif isinstance(m, (nn.BatchNorm2d, nn.LayerNorm)):
            # A block adds little to what passes it by, as trained ones do: deep stacks of equals are chaotic, in float32 anywhere.
            low, high = (0.2, 0.4) if m in quiet else (0.8, 1.2)
            m.weight.uniform_(low, high)
            m.bias.normal_(0, 0.1)
        elif isinstance(m, CNBlock):  # 1e-6 would leave nothing of the block
            m.layer_scale.uniform_(0.2, 0.6)
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    for m in norms:  # the statistics of two random images, moved a little
        m.train().momentum = 1.0
    model(torch.randn(2, 3, 160, 160))
    for m in norms:
        m.eval()
        m.running_mean += 0.1 * m.running_var.sqrt() * torch.randn_like(m.running_mean)
        m.running_var *= torch.empty_like(m.running_var).uniform_(0.8, 1.25)
    return model


def counts(model):
    """trainable and stored numbers."""
    trainable = sum(p.numel() for p in model.parameters())
    buffers = (b for k, b in model.named_buffers() if not k.endswith("num_batches_tracked"))
    return trainable, trainable + sum(b.numel() for b in buffers)


def timed(model, x):
    """The output, and the best of three times in ms (fewer where one takes seconds)."""
    times = []
    while len(times) < 3 and sum(times) < 5:
        start = time.perf_counter()
        y = model(x)
        times.append(time.perf_counter() - start)
    return y.double().numpy().ravel(), 1000 * min(times)


def share(got, want):
    """The largest difference as a share of the largest wanted number."""
    return float(np.abs(got - want).max() / np.abs(want).max()) if got.shape == want.shape else math.inf


def netc(args, *words):
    done = subprocess.run([args.netc, *words], capture_output=True, text=True, cwd=ROOT)
    if done.returncode != 0:
        raise RuntimeError(f"netc {' '.join(words)}\n{done.stderr.strip()}")
    return done.stdout


def row(args, name, folder):
    net = os.path.join("models", "torchvision", f"{name}.net")
    with open(os.path.join(ROOT, net)) as f:
        lines = sum(1 for line in f if line.strip())
    told = json.loads(netc(args, "summary", net, "--json"))
    at = lambda file: os.path.join(folder, file)
    model = build(name)
    trainable, params = counts(model)
    if (told["trainable"], told["params"]) != (trainable, params):
        raise RuntimeError(f"{told['trainable']} of {told['params']} numbers trainable, torchvision has {trainable} of {params}")
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, at("torchvision.safetensors"))
    height, width, channels = told["input"]
    x = torch.randn(1, channels, height, width)
    np.save(at("x.npy"), x.permute(0, 2, 3, 1).contiguous().numpy())
    float32, torch_ms = timed(model, x)
    want = float32 if params > 300_000_000 else model.double()(x.double()).numpy().ravel()
    del model
    netc(args, "weights", "import", at("torchvision.safetensors"), "--for", net, "-o", at("netc.safetensors"))
    os.remove(at("torchvision.safetensors"))
    netc(args, "run", net, "--weights", at("netc.safetensors"), "--input", at("x.npy"), "--output", at("y.npy"), "--threads", "1")
    os.remove(at("netc.safetensors"))
    error = share(np.load(at("y.npy")).astype(np.float64).ravel(), want)
    bench = netc(args, "bench", net, "--batch", "1", "--threads", "1", "--json")
    netc_ms = json.loads(bench.strip().splitlines()[-1])["median_ms"]
    own = "-" if want is float32 else f"{share(float32, want):.1e}"
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=ROOT).stdout.strip()
    cells = [name, str(lines), f"{trainable:,}", f"{told['macs']:,}", f"{error:.1e}", own, "no"]
    return [*cells, f"{netc_ms:.0f}", f"{torch_ms:.0f}", args.commit or commit], error


def record(args, rows):
    """Writes the table, keeping the rows of other networks that the file has."""
    old = {}
    if os.path.exists(args.record):
        with open(args.record) as f:
            cells = ([c.strip() for c in line.strip().strip("|").split("|")] for line in f if line.startswith("|"))
            old = {c[0]: c for c in cells if len(c) == len(HEAD) and c[0] not in ("network", "---")}
    old |= {cells[0]: cells for cells in rows}
    natural = lambda name: [int(w) if w.isdigit() else w for w in re.split(r"(\d+)", name)]
    body = [old[name] for name in sorted(old, key=natural)]
    aligned = ["---"] + ["---:"] * (len(HEAD) - 1)
    table = "\n".join("| " + " | ".join(cells) + " |" for cells in [HEAD, aligned, *body])
    with open(args.record, "w") as f:
        f.write(f"""# Every CNN of torchvision

What `python3 tests/reference/torchvision_table.py --record models/torchvision/RESULTS.md` gave: torchvision's own state_dict
(random weights), taken by `netc weights import` without a `--map`, against PyTorch's output. The script's head says what the
columns mean. `lines` are those of the .net file that are not empty; the files share the libraries in blocks/. `trainable` and `MACs`
are claims of the files, and those that torchvision publishes with its weights (`num_params`, `_ops`; for googlenet without its
auxiliary heads). The auxiliary heads of googlenet and inception_v3 are imported and counted, and run in training alone.

Torch {torch.__version__.split("+")[0]}, torchvision {torchvision.__version__.split("+")[0]}, {args.machine}, one thread each.

{table}
""")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--netc", default=os.path.join(ROOT, "target", "release", "netc"))
    parser.add_argument("--record")
    parser.add_argument("--commit", help="that netc was built from, for the record (HEAD)")
    parser.add_argument("--machine", default=platform.machine(), help="in words, for the record")
    args = parser.parse_args()
    args.netc = os.path.abspath(args.netc)
    torch.set_num_threads(1)
    theirs = torchvision.models.list_models(module=torchvision.models)
    theirs = [name for name in theirs if not name.startswith(TRANSFORMERS)]
    ours = {file[:-4] for file in os.listdir(FOLDER) if file.endswith(".net")}
    bad = [] if args.names else [f"{name}: no .net file" for name in theirs if name not in ours]
    rows = []
    print("  ".join(HEAD), flush=True)
    for name in args.names or [name for name in theirs if name in ours]:
        with tempfile.TemporaryDirectory() as folder:
            try:
                cells, error = row(args, name, folder)
            except (RuntimeError, OSError) as e:
                bad.append(f"{name}: {e}")
                print(f"{name}: {e}", flush=True)
                continue
        print("  ".join(cells), flush=True)
        rows.append(cells)
        if args.record:
            record(args, rows)
        if not error <= TOLERANCE:
            bad.append(f"{name}: error {cells[4]}")
    print(f"{len(rows)} of {len(theirs)} networks of torchvision ran", *bad, sep="\n")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
