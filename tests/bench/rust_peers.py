#!/usr/bin/env python3
"""Times netc and three engines written in Rust, tract, candle and burn, side by side on this machine's CPU, in turns.

    cargo build --release --bin netc
    RUSTFLAGS="-C target-cpu=native" cargo build --release --manifest-path tests/bench/rust_peers/Cargo.toml
    python3 tests/bench/rust_peers.py --netc target/release/netc --peers tests/bench/rust_peers/target/release/rust-peers \\
        [--threads 2] [--seconds 1] [--turns 3] [--only NAME ...] [--engines NAME ...]

It needs Python with NumPy. Each network of the catalogue is written as ONNX by `netc export` with random weights, and read by the peers, each
a process of its own that is told when to compute. A peer's answer must be netc's, or it is not timed. Each is timed in every turn, and the
least of the turns' medians counts, as other programs may run beside. The table is as it stands in BENCHMARKS.md; a ratio is the best peer's
time / netc's (above 1: netc is ahead), a dash is a peer that could not compute the network, and below the table stands why."""
import argparse, json, math, os, pathlib, subprocess, tempfile

import numpy as np

# Of each network the picture, channels first, and the batches.
CASES = {
    "lenet5_mnist": ((1, 28, 28), (1, 32)), "lenet_cifar": ((3, 32, 32), (1, 32)), "mini_alexnet_mnist": ((1, 28, 28), (1, 64)), "alexnet_cifar_14": ((3, 32, 32), (1, 32)),
    "alexnet_keras": ((3, 224, 224), (1,)), "alexnet": ((3, 227, 227), (1,)), "vgg16": ((3, 224, 224), (1,)), "resnet18": ((3, 224, 224), (1, 4)),
    "resnet50": ((3, 224, 224), (1,)), "squeezenet1_1": ((3, 224, 224), (1, 4)), "mobilenet_v2": ((3, 224, 224), (1, 4)),
}  # fmt: skip
# The last one is a feature that rust_peers is built with or without.
ENGINES = ("tract", "candle", "burn-flex", "burn-ndarray")


class Peer:
    """An engine in a process of its own, which has computed its answer and waits to be timed."""

    def __init__(self, a, engine, onnx, pictures, folder):
        self.complaints = tempfile.TemporaryFile("w+")
        answer, raw = folder / "answer", folder / "pictures"
        pictures.tofile(raw)
        shape = "x".join(map(str, pictures.shape))
        environment = os.environ | {"RAYON_NUM_THREADS": str(a.threads), "MATMUL_NUM_THREADS": str(a.threads)}
        command = [a.peers, engine, onnx, shape, raw, answer]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.complaints, text=True, env=environment)
        self.milliseconds(0)
        self.answer = np.fromfile(answer, np.float32)

    def milliseconds(self, seconds):
        try:
            print(seconds, file=self.process.stdin, flush=True)
            return float(self.process.stdout.readline())
        except (BrokenPipeError, ValueError):
            self.process.wait()
            self.complaints.seek(0)
            raise RuntimeError(" ".join(self.complaints.read().split())[:300])

    def end(self):
        self.process.communicate()


def netc(a, *arguments):
    run = subprocess.run([a.netc, *map(str, arguments)], capture_output=True, text=True)
    if run.returncode:
        raise SystemExit(f"netc {' '.join(map(str, arguments))}: {run.stderr}")
    return run.stdout


def right_answer(a, net, weights, pictures, folder):
    np.save(folder / "x.npy", pictures.transpose(0, 2, 3, 1))
    netc(a, "run", net, "-w", weights, "-i", folder / "x.npy", "-o", folder / "y.npy", "--threads", a.threads)
    return np.load(folder / "y.npy").ravel()


def peers(a, onnx, pictures, right, folder):
    """The engines that give the right answer, and why the others do not."""
    ready, failed = {}, {}
    for engine in a.engines:
        try:
            peer = Peer(a, engine, onnx, pictures, folder)
        except RuntimeError as error:
            failed[engine] = str(error)
            continue
        # By the spread of the answer: probabilities of random weights are all but the same.
        error = np.abs(peer.answer - right).max() / np.ptp(right) if peer.answer.size == right.size else math.inf
        if error < 1e-3:
            ready[engine] = peer
        else:
            peer.end()
            failed[engine] = f"its answer differs by {error:.1e} of the answer's spread"
    return ready, failed


def case(a, net, weights, onnx, pictures, folder):
    """The least of the medians of each, and why engines are missing."""
    ready, failed = peers(a, onnx, pictures, right_answer(a, net, weights, pictures, folder), folder)
    times = {name: math.inf for name in ("netc", *ready)}
    for _ in range(a.turns):
        out = netc(a, "bench", net, "--batch", len(pictures), "--threads", a.threads, "--seconds", a.seconds, "--json")
        times["netc"] = min(times["netc"], json.loads(out.strip().splitlines()[-1])["median_ms"])
        for engine, peer in ready.items():
            times[engine] = min(times[engine], peer.milliseconds(a.seconds))
    for peer in ready.values():
        peer.end()
    return times, failed


def mean(ratios):
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def main():
    q = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    q.add_argument("--netc", required=True), q.add_argument("--peers", required=True), q.add_argument("--models", default="models")
    q.add_argument("--threads", type=int, default=2), q.add_argument("--seconds", type=float, default=1.0), q.add_argument("--turns", type=int, default=3)
    q.add_argument("--only", nargs="*", choices=CASES), q.add_argument("--engines", nargs="*", choices=ENGINES, default=ENGINES[:3])
    a = q.parse_args()
    print(f"| network | batch | netc | {' | '.join(a.engines)} | best / netc |", f"| --- |{' ---: |' * (len(a.engines) + 3)}", sep="\n", flush=True)
    ratios, complaints = {name: [] for name in ("best", *a.engines)}, {}
    for name in a.only or CASES:
        picture, batches = CASES[name]
        with tempfile.TemporaryDirectory() as temporary:
            folder = pathlib.Path(temporary)
            net, weights, onnx = pathlib.Path(a.models, f"{name}.net"), folder / "weights.safetensors", folder / "model.onnx"
            netc(a, "weights", "init", net, "--seed", 1, "-o", weights)
            netc(a, "export", net, "--weights", weights, "-o", onnx)
            for batch in batches:
                pictures = np.random.default_rng(1).random((batch, *picture), np.float32)
                times, failed = case(a, net, weights, onnx, pictures, folder)
                ours = times.pop("netc")
                ratio = {engine: time / ours for engine, time in times.items()}
                ratio |= {"best": min(ratio.values())} if ratio else {}
                for engine, one in ratio.items():
                    ratios[engine].append(one)
                complaints |= {f"{engine} cannot compute {name} at batch {batch}": why for engine, why in failed.items()}
                columns = " | ".join(f"{times[engine]:.3g}" if engine in times else "-" for engine in a.engines)
                print(f"| {name} | {batch} | {ours:.3g} | {columns} | {ratio.get('best', math.nan):.2f} |", flush=True)
    print()
    for name, cases in ratios.items():
        if cases:
            print(f"{name} / netc: geometric mean {mean(cases):.2f}, the least {min(cases):.2f}, netc is ahead in {sum(one > 1 for one in cases)} of {len(cases)}")
    for what, why in complaints.items():
        print(f"{what}: {why}")


main()
