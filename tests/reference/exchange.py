"""Exchange with other tools, checked by what they compute: `netc import` and `netc export` against ONNX Runtime.

    pip install torch torchvision onnx onnxscript onnxruntime openvino && cargo build --release
    python tests/reference/exchange.py torchvision        # every CNN of torchvision, exported by PyTorch with random weights
    python tests/reference/exchange.py light              # the classics that ship with the onnx package
    python tests/reference/exchange.py catalogue          # every network of models/, exported and read by ONNX Runtime
    python tests/reference/exchange.py files A.onnx ...   # any models

Each row says how far the outputs are apart, as a share of the largest number; 1e-5 is the limit. NETC names the binary.
`docs/exchange.md` keeps what was measured. Networks whose names are given after the first word are the only ones tried.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
NETC = os.environ.get("NETC", str(ROOT / "target/release/netc"))
LIMIT = 1e-5

TORCHVISION = """alexnet vgg11 vgg11_bn vgg16 resnet18 resnet50 resnext50_32x4d wide_resnet50_2 squeezenet1_0 squeezenet1_1 densenet121
inception_v3 googlenet mobilenet_v2 mobilenet_v3_large mobilenet_v3_small mnasnet0_5 mnasnet1_0 shufflenet_v2_x0_5 shufflenet_v2_x1_0
efficientnet_b0 efficientnet_b1 efficientnet_v2_s regnet_y_400mf regnet_x_400mf convnext_tiny""".split()


def netc(*args):
    done = subprocess.run([NETC, *map(str, args)], capture_output=True, text=True, timeout=900)
    if done.returncode:
        raise RuntimeError(done.stderr.strip())
    return done.stdout


def runtime(path):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def apart(ours, theirs):
    """The largest difference, as a share of the largest number. Pictures may have their channels elsewhere."""
    theirs = np.asarray(theirs)
    if ours.ndim == 4 and theirs.ndim == 4 and ours.shape != theirs.shape:
        theirs = np.moveaxis(theirs, 1, 3)
    theirs = theirs.reshape(ours.shape)
    return float(np.abs(ours - theirs).max() / max(np.abs(theirs).max(), 1e-30))


def imported(path, folder, feed=None):
    """Imports a model, runs both, and says how far they are apart."""
    session = runtime(path)
    entry = session.get_inputs()[0]
    shape = [n if isinstance(n, int) and n > 0 else 1 for n in entry.shape]
    x = feed if feed is not None else np.random.default_rng(7).standard_normal(shape, np.float32)
    wanted = session.run(None, {entry.name: x})
    net, weights = folder / "m.net", folder / "m.safetensors"
    netc("import", path, "-o", net, "--weights", weights)
    ours = np.moveaxis(x, 1, 3) if x.ndim == 4 else x
    if f"INPUT({x.shape[1]}x{x.shape[2]}x{x.shape[3]}" in net.read_text() if x.ndim == 4 else False:
        ours = x
    np.save(folder / "x.npy", np.ascontiguousarray(ours))
    netc("run", net, "-w", weights, "-i", folder / "x.npy", "-o", folder / "y.npy")
    return apart(np.load(folder / "y.npy"), wanted[0]), len(net.read_text().splitlines())


def exported(net, folder):
    """Exports a network with random weights, runs both, and says how far they are apart."""
    import onnx

    netc("weights", "init", net, "--seed", 1, "-o", folder / "w.safetensors")
    path = folder / "m.onnx"
    netc("export", net, "-w", folder / "w.safetensors", "-o", path)
    onnx.checker.check_model(str(path), full_check=True)
    session = runtime(path)
    entry = session.get_inputs()[0]
    x = np.random.default_rng(7).standard_normal([2, *entry.shape[1:]], np.float32)
    wanted = session.run(None, {entry.name: x})
    ours = np.moveaxis(x, 1, 3) if x.ndim == 4 else x
    np.save(folder / "x.npy", np.ascontiguousarray(ours))
    netc("run", net, "-w", folder / "w.safetensors", "-i", folder / "x.npy", "-o", folder / "y.npy")
    return apart(np.load(folder / "y.npy"), wanted[0]), path.stat().st_size


def settled(model):
    """BN's running statistics as after some training, so that activations neither vanish nor explode."""
    import torch

    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    return model.eval()


def torchvision_models(names, folder):
    import torch
    import torchvision

    for name in names or TORCHVISION:
        torch.manual_seed(1)
        model = settled(torchvision.models.get_model(name, weights=None))
        size = 299 if name == "inception_v3" else 64 if name != "alexnet" and not name.startswith("vgg") else 224
        path = folder / f"{name}.onnx"
        for dynamo in (False, True):
            try:
                x = torch.randn(1, 3, size, size)
                torch.onnx.export(model, (x,), str(path), dynamo=dynamo, verbose=False)
                break
            except Exception as error:
                print(f"{name}: PyTorch cannot export it ({'new' if dynamo else 'old'} exporter): {str(error)[:100]}")
        else:
            continue
        yield name, path
        path.unlink()


def light_models(names, folder):
    import onnx

    light = pathlib.Path(onnx.__file__).parent / "backend/test/data/light"
    for path in sorted(light.glob("*.onnx")):
        if not names or path.stem in names:
            yield path.stem, path


def rows(pairs, check, folder):
    failed = 0
    for name, path in pairs:
        try:
            far, size = check(path, folder)
            verdict = "ok" if far <= LIMIT else "TOO FAR"
            print(f"{name:28} {far:9.1e} {size:>12,}  {verdict}", flush=True)
            failed += far > LIMIT
        except Exception as error:
            print(f"{name:28} {str(error)[:3000]}", flush=True)
            failed += 1
    return failed


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    what, *names = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        if what == "torchvision":
            failed = rows(torchvision_models(names, folder), imported, folder)
        elif what == "light":
            failed = rows(light_models(names, folder), imported, folder)
        elif what == "catalogue":
            nets = [p for p in sorted(ROOT.glob("models/**/*.net")) if "blocks" not in p.parts and (not names or p.stem in names)]
            failed = rows([(p.stem, p) for p in nets], exported, folder)
        else:
            failed = rows([(pathlib.Path(n).stem, n) for n in names], imported, folder)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
