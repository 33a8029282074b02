#!/usr/bin/env python3
"""Times netc and tract, an inference engine written in Rust, side by side on this machine's CPU, in turns, on one thread.

    cargo build --release --bin netc
    cargo build --release --manifest-path tests/bench/rust_peers/Cargo.toml
    tests/bench/rust_peers.py --netc target/release/netc --peers tests/bench/rust_peers/target/release/rust-peers [--seconds 1] [--turns 3] [--only NAME ...]

Each network of the catalogue is written as ONNX by `netc export` with random weights, and read by tract (without its own threads, hence one thread for
netc too). A row has the least of the medians of either, as other programs may run beside; the ratio is tract's time / netc's (above 1: netc
is ahead)."""
import argparse, json, math, pathlib, subprocess, tempfile

# Of each network the picture, channels first.
CASES = {
    "lenet5_mnist": ("1x28x28", (1, 32)), "lenet_cifar": ("3x32x32", (1, 32)), "mini_alexnet_mnist": ("1x28x28", (1, 64)), "alexnet_cifar_14": ("3x32x32", (1, 32)),
    "alexnet": ("3x227x227", (1,)), "vgg16": ("3x224x224", (1,)), "resnet18": ("3x224x224", (1, 4)), "resnet50": ("3x224x224", (1,)),
    "squeezenet1_1": ("3x224x224", (1, 4)), "mobilenet_v2": ("3x224x224", (1, 4)),
}  # fmt: skip


def printed(command):
    """What a command prints; None and its complaint on the screen, where it fails."""
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        print(f"{' '.join(map(str, command))}: {run.stderr.strip().splitlines()[-1:]}", flush=True)
        return None
    return run.stdout


def main():
    q = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    q.add_argument("--netc", required=True), q.add_argument("--peers", required=True), q.add_argument("--models", default="models")
    q.add_argument("--seconds", type=float, default=1.0), q.add_argument("--turns", type=int, default=3), q.add_argument("--only", nargs="*")
    a = q.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, (picture, batches) in CASES.items():
            if a.only and name not in a.only:
                continue
            net, weights, onnx = pathlib.Path(a.models, f"{name}.net"), f"{folder}/{name}.safetensors", f"{folder}/{name}.onnx"
            printed([a.netc, "weights", "init", net, "--seed", "1", "-o", weights])
            printed([a.netc, "export", net, "--weights", weights, "-o", onnx])
            for batch in batches:
                ours, theirs = [], []
                for _ in range(a.turns):
                    out = printed([a.netc, "bench", net, "--batch", str(batch), "--threads", "1", "--seconds", str(a.seconds), "--json"])
                    ours += [json.loads(out.strip().splitlines()[-1])["median_ms"]] if out else []
                    out = printed([a.peers, onnx, f"{batch}x{picture}", str(a.seconds)])
                    theirs += [float(out)] if out else []
                if ours and theirs:
                    rows.append(min(theirs) / min(ours))
                    print(f"| {name} | {batch} | {min(ours):.3g} | {min(theirs):.3g} | {rows[-1]:.2f} |", flush=True)
    if rows:
        print(f"geometric mean {math.exp(sum(map(math.log, rows)) / len(rows)):.2f}, ahead in {sum(r > 1 for r in rows)} of {len(rows)}")


main()
