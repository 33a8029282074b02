#!/usr/bin/env python3
"""Times int8 inference of netc and of ONNX Runtime side by side on this machine's CPU, in one run, in turns.

    python3 -m venv peers && peers/bin/pip install torch torchvision onnx onnxruntime
    peers/bin/python tests/bench/int8.py --netc target/release/netc [--threads 2] [--only NAME ...]

ONNX Runtime quantises its own model (`quantize_static`, per channel, unsigned activations, signed weights) by the same kind of pictures; both
of its formats are timed, QDQ and QOperator, and the faster one counts. netc is asked by `netc bench --precision int8 --json`, with
`--level avx2` for its kernels for AVX2; ONNX Runtime cannot be told to leave AVX-512 alone. Each is timed in every round, and the least
of the rounds' medians counts, as other work may share the machine. A JSON line a case while it runs; at the end the table as it stands
in BENCHMARKS.md, with the geometric means: ratios above 1 where netc is ahead."""
import argparse, json, math, os, subprocess, tempfile, time, warnings

warnings.filterwarnings("ignore")
import numpy as np
import onnxruntime as ort
import torch
import torch.nn as nn
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

ort.set_default_logger_severity(3)
relu = nn.ReLU


class LRN(nn.Module):  # the paper's: alpha is not divided by n
    def forward(self, x):
        return nn.functional.local_response_norm(x, 5, alpha=5e-4, beta=0.75, k=2.0)


def lenet5():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.MaxPool2d(2), nn.Sigmoid(), nn.Conv2d(6, 16, 5), nn.MaxPool2d(2), nn.Sigmoid(),
        nn.Conv2d(16, 120, 1), nn.Flatten(), nn.Linear(1920, 84), nn.Sigmoid(), nn.Linear(84, 10), nn.Softmax(1))


def lenet_cifar():
    return nn.Sequential(
        nn.Conv2d(3, 32, 3, padding=1), relu(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), relu(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(3136, 512), relu(), nn.Linear(512, 10))


def alexnet_cifar_14():
    layers = []
    for a, b in ((3, 64), (64, 128), (128, 256), (256, 512)):
        layers += [nn.Conv2d(a, b, 3, padding=1), relu(), nn.MaxPool2d(2), nn.BatchNorm2d(b)]
    layers += [nn.Flatten()]
    for a, b in ((2048, 128), (128, 256), (256, 512), (512, 1024)):
        layers += [nn.Linear(a, b), relu(), nn.BatchNorm1d(b)]
    return nn.Sequential(*layers, nn.Linear(1024, 10), nn.Softmax(1))


def alexnet():
    return nn.Sequential(
        nn.Conv2d(3, 96, 11, 4), relu(), LRN(), nn.MaxPool2d(3, 2),
        nn.Conv2d(96, 256, 5, 1, 2, groups=2), relu(), LRN(), nn.MaxPool2d(3, 2),
        nn.Conv2d(256, 384, 3, 1, 1), relu(), nn.Conv2d(384, 384, 3, 1, 1, groups=2), relu(),
        nn.Conv2d(384, 256, 3, 1, 1, groups=2), relu(), nn.MaxPool2d(3, 2), nn.Flatten(),
        nn.Linear(9216, 4096), relu(), nn.Linear(4096, 4096), relu(), nn.Linear(4096, 1000), nn.Softmax(1))


def torchvision(name):
    def make():
        import torchvision.models as models
        return getattr(models, name)()
    return make


# Name of the .net file without its ending: PyTorch's model, its input [c, h, w], batches.
CASES = {
    "lenet5_mnist": (lenet5, (1, 28, 28), (1, 32)),
    "lenet_cifar": (lenet_cifar, (3, 32, 32), (1, 32)),
    "alexnet_cifar_14": (alexnet_cifar_14, (3, 32, 32), (1, 32)),
    "alexnet": (alexnet, (3, 227, 227), (1, 16)),
    "resnet18": (torchvision("resnet18"), (3, 224, 224), (1, 16)),
    "squeezenet1_1": (torchvision("squeezenet1_1"), (3, 224, 224), (1, 16)),
    "mobilenet_v2": (torchvision("mobilenet_v2"), (3, 224, 224), (1, 16)),
}


class Pictures(CalibrationDataReader):
    def __init__(self, shape, count):
        generator = np.random.default_rng(1)
        pictures = [generator.standard_normal((1, *shape)).astype(np.float32) for _ in range(count)]
        self.pictures = iter([{"x": x} for x in pictures])

    def get_next(self):
        return next(self.pictures, None)


def sessions(name, make, shape, threads, folder):
    """ONNX Runtime's sessions of the quantised model, for any batch."""
    torch.manual_seed(0)
    model = make().eval().requires_grad_(False)
    path = f"{folder}/{name}.onnx"
    if not os.path.exists(path):
        torch.onnx.export(model, (torch.randn(1, *shape),), path, dynamo=False, input_names=["x"], output_names=["y"],
                          dynamic_axes={"x": {0: "n"}, "y": {0: "n"}})
        quant_pre_process(path, path + ".ready", skip_symbolic_shape=True)
    made = {}
    for form in ("QDQ", "QOperator"):
        out = f"{path}.{form}"
        if not os.path.exists(out):
            quantize_static(path + ".ready", out, Pictures(shape, 4), quant_format=QuantFormat[form], per_channel=True,
                            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        made[form] = ort.InferenceSession(out, options, providers=["CPUExecutionProvider"])
    return made


def median_ms(run, seconds):
    run(), run()
    times, end = [], time.perf_counter() + seconds
    while len(times) < 5 or time.perf_counter() < end:
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return sorted(times)[len(times) // 2] * 1e3


def netc(a, name, batch, precision):
    command = [a.netc, "bench", f"{a.models}/{name}.net", "--batch", str(batch), "--threads", str(a.threads),
               "--precision", precision, "--seconds", str(a.seconds), "--json"]
    if a.level:
        command += ["--level", a.level]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.strip().splitlines()[-1])["median_ms"]


def mean(ratios):
    return math.exp(sum(map(math.log, ratios)) / max(len(ratios), 1))


def table(rows):
    """Of (network, batch, times, ratio)."""
    print("\n| network | batch | netc | ONNX Runtime | ONNX Runtime / netc | netc f32 / int8 |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, batch, times, ratio in rows:
        peer = min(times["QDQ"], times["QOperator"])
        faster = times["f32"] / times["int8"]
        print(f"| {name} | {batch} | {times['int8']:.3g} | {peer:.3g} | {ratio:.2f} | {faster:.2f} |")
    ratios = [row[3] for row in rows]
    print(f"\ngeometric mean {mean(ratios):.2f}, behind in {sum(r < 1 for r in ratios)} of {len(ratios)}")
    for batch, word in ((1, "batch 1"), (None, "larger batches")):
        some = [row[3] for row in rows if (row[1] == 1) == (batch == 1)]
        if some:
            print(f"{word}: {mean(some):.2f}, least {min(some):.2f}")


def main():
    q = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    q.add_argument("--netc", default="target/release/netc")
    q.add_argument("--models", default="models")
    q.add_argument("--only", nargs="*")
    q.add_argument("--threads", type=int, default=2)
    q.add_argument("--rounds", type=int, default=5)
    q.add_argument("--seconds", type=float, default=0.5)
    q.add_argument("--level", help="netc's instructions: avx2")
    a = q.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, (make, shape, batches) in CASES.items():
            if a.only and name not in a.only:
                continue
            peers = sessions(name, make, shape, a.threads, folder)
            for batch in batches:
                x = np.random.default_rng(2).standard_normal((batch, *shape)).astype(np.float32)
                runs = {form: (lambda s=s: median_ms(lambda: s.run(None, {"x": x}), a.seconds)) for form, s in peers.items()}
                runs |= {p: (lambda p=p: netc(a, name, batch, p)) for p in ("int8", "f32")}
                times = {}
                for _ in range(a.rounds):
                    for what, run in runs.items():
                        times[what] = min(times.get(what, math.inf), run())
                ratio = min(times["QDQ"], times["QOperator"]) / times["int8"]
                rows.append((name, batch, times, ratio))
                shown = {"case": f"{name}, batch {batch}", "ms": {k: round(v, 4) for k, v in times.items()},
                         "ahead": round(ratio, 3), "int8_over_f32": round(times["f32"] / times["int8"], 3)}
                print(json.dumps(shown), flush=True)
    table(rows)


if __name__ == "__main__":
    main()
