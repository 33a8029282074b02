"""Keras' models in netc, checked by what they compute: `netc import` of .keras and .h5 against Keras.

    pip install keras jax h5py numpy safetensors && cargo build --release
    python tests/reference/exchange_keras.py check               # made-up models of all layers
    python tests/reference/exchange_keras.py applications [NAME ...]   # keras.applications with random weights
    python tests/reference/exchange_keras.py formats             # one model in the forms that HDF5 has for groups and arrays
    python tests/reference/exchange_keras.py files A.keras ...   # any models
    python tests/reference/exchange_keras.py write               # writes the small models in tests/reference/keras, and their numbers

Each model is saved in both formats, imported, run, and compared on the same random numbers: each row says how far the outputs are apart,
as a share of the largest number. 1e-5 is the limit. NETC names the binary. Nothing is fetched. `docs/exchange.md` keeps what was measured.
"""

import io
import os
import pathlib
import subprocess
import sys
import tempfile
import zipfile

# Its pools count no padded cell, as TensorFlow's; those of the torch backend count copies of the edge where padding is uneven.
os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np
from absl import logging
from keras import layers

# That .h5 is an old format is said at each file otherwise.
logging.set_verbosity(logging.ERROR)

ROOT = pathlib.Path(__file__).resolve().parents[2]
NETC = os.environ.get("NETC", str(ROOT / "target/release/netc"))
KEPT = ROOT / "tests/reference/keras"
LIMIT = 1e-5

APPLICATIONS = """MobileNet MobileNetV2 MobileNetV3Small ResNet50 ResNet50V2 DenseNet121 EfficientNetB0 EfficientNetV2B0 VGG16 InceptionV3
InceptionResNetV2 Xception NASNetMobile ConvNeXtTiny""".split()


def settled(model, seed=1):
    """Weights as after some training, so that no layer is without effect and activations neither vanish nor explode."""
    random = np.random.default_rng(seed)
    for v in model.variables:
        shape, name = tuple(v.shape), v.path.rsplit("/", 1)[-1]
        if "float" not in str(v.dtype):
            continue
        if name in ("gamma", "moving_variance", "variance"):
            v.assign(random.uniform(0.5, 1.5, shape).astype("float32"))
        elif name in ("beta", "moving_mean", "bias", "mean"):
            v.assign((0.1 * random.standard_normal(shape)).astype("float32"))
        elif name == "alpha":
            v.assign(random.uniform(0.1, 0.4, shape).astype("float32"))
        else:
            fan = max(1, int(np.prod(shape[:-1])))
            if "depthwise" in v.path:
                fan = int(np.prod(shape[:2]))
            v.assign((random.standard_normal(shape) * (1.5 / fan) ** 0.5).astype("float32"))
    return model


def sequential():
    model = keras.Sequential(
        [
            layers.Input((9, 9, 3)),
            layers.Rescaling(1 / 127.5, offset=-1),
            layers.Conv2D(4, 3, strides=2, padding="same", activation="relu"),
            layers.BatchNormalization(momentum=0.9, epsilon=1e-5),
            layers.MaxPooling2D(2, padding="same"),
            layers.Flatten(),
            layers.Dropout(0.25),
            layers.Dense(3, activation="softmax"),
        ],
        name="small_sequential",
    )
    return model


def residual():
    x = entry = layers.Input((8, 8, 2), name="picture")
    x = layers.SeparableConv2D(4, 3, padding="same", use_bias=False, depth_multiplier=2)(x)
    x = layers.BatchNormalization(scale=False)(x)
    y = layers.ReLU(max_value=6)(x)
    y = layers.ZeroPadding2D(((0, 1), (0, 1)))(y)
    y = layers.DepthwiseConv2D(3, strides=2, activation="swish")(y)
    short = layers.AveragePooling2D(3, strides=2, padding="same")(x)
    x = layers.Add()([y, short])
    gate = layers.GlobalAveragePooling2D(keepdims=True)(x)
    gate = layers.Conv2D(4, 1, activation="sigmoid")(gate)
    x = layers.Multiply()([x, gate])
    x = layers.Concatenate()([x, layers.LeakyReLU(negative_slope=0.1)(x)])
    x = layers.GlobalMaxPooling2D()(x)
    return keras.Model(entry, layers.Dense(3, name="logits")(x), name="small_residual")


def inner(name, channels, size):
    x = entry = layers.Input((size, size, channels))
    x = layers.Conv2D(4, 3, padding="same", use_bias=False, name=f"{name}_conv")(x)
    x = layers.BatchNormalization(name=f"{name}_bn")(x)
    return keras.Model(entry, layers.Activation("elu")(x), name=name)


def nested():
    x = entry = layers.Input((6, 6, 4))
    block = inner("block", 4, 6)
    x = block(block(x))
    x = keras.Sequential([layers.Conv2D(2, 1), layers.GroupNormalization(2), layers.PReLU(shared_axes=[1, 2])], name="tail")(x)
    x = layers.Conv2DTranspose(3, 3, strides=2, padding="same")(x)
    x = layers.LayerNormalization()(x)
    x = layers.Cropping2D(((1, 2), (2, 1)))(x)
    x = layers.UpSampling2D(2, interpolation="bilinear")(x)
    return keras.Model(entry, x)


def vector():
    x = entry = layers.Input((12,))
    x = layers.Dense(8, activation="tanh")(x)
    x = layers.BatchNormalization()(x)
    x = layers.Add()([x, layers.Dense(8, activation="gelu")(x)])
    x = layers.Concatenate()([x, layers.Dense(3, activation="hard_sigmoid")(x)])
    return keras.Model(entry, [layers.Dense(4, name="first")(x), layers.Dense(2, activation="softmax", name="second")(x)])


def grey():
    return keras.Sequential(
        [layers.Input((8, 8)), layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(5, activation="relu"), layers.Dense(3)]
    )


def reshaped():
    return keras.Sequential(
        [
            layers.Input((64,)),
            layers.Reshape((8, 8, 1)),
            layers.Conv2D(3, 3, dilation_rate=2),
            layers.SpatialDropout2D(0.2),
            layers.Reshape((-1,)),
            layers.Dense(2),
        ]
    )


def normalised():
    norm = layers.Normalization(mean=[100.0, 110.0, 120.0], variance=[400.0, 500.0, 600.0])
    return keras.Sequential(
        [layers.Input((8, 8, 3)), layers.RandomFlip(), norm, layers.Conv2D(4, 3, groups=1), layers.Dense(3), layers.Flatten(), layers.Softmax()]
    )


def odd():
    """Windows that do not fit, strides of two numbers, groups."""
    x = entry = layers.Input((11, 7, 4))
    x = layers.Conv2D(8, (3, 2), strides=(2, 1), padding="same", groups=2)(x)
    x = layers.MaxPooling2D((3, 2), strides=(2, 1), padding="same")(x)
    x = layers.UpSampling2D((3, 2))(x)
    x = layers.Conv2D(4, 1, strides=2, padding="same")(x)
    x = layers.AveragePooling2D((5, 4), strides=3, padding="same")(x)
    return keras.Model(entry, x)


def enlarged():
    """Transposed convolutions: kernels that the stride divides, that it does not, and that are smaller."""
    x = entry = layers.Input((3, 4, 4))
    x = layers.Conv2DTranspose(4, (4, 5), strides=2, padding="same", activation="leaky_relu")(x)
    x = layers.Conv2DTranspose(4, 3, strides=2)(x)
    return keras.Model(entry, x)


def short():
    x = entry = layers.Input((3, 4, 4))
    return keras.Model(entry, layers.Conv2DTranspose(4, 2, strides=3)(x))


def functions():
    """Functions of Keras where layers could stand."""
    x = entry = layers.Input((5, 5, 4))
    x = x * 0.5 + 0.25
    x = layers.Average()([x, layers.Activation("softmax")(x)])
    return keras.Model(entry, x)


def reduced():
    """A gate of vectors, as squeeze-and-excitation was first written."""
    x = entry = layers.Input((6, 6, 4))
    x = layers.Conv2D(8, 3)(x)
    y = layers.GlobalAveragePooling2D()(x)
    y = layers.Dense(2, activation="relu")(y)
    y = layers.Dense(8, activation="sigmoid")(y)
    x = layers.Multiply()([x, layers.Reshape((1, 1, 8))(y)])
    return keras.Model(entry, x)


def long():
    """More layers than a group of HDF5's newer kind keeps in its header."""
    stack = [layers.Conv2D(2, 1, activation="relu" if at % 4 == 0 else None) for at in range(10)]
    return keras.Sequential([layers.Input((4, 4, 2)), *stack, layers.Flatten(), layers.Dense(8)])


MADE = [sequential, residual, nested, vector, grey, reshaped, normalised, odd, enlarged, short, functions, reduced, long]
# These are kept in the repository.
SMALL = [sequential, residual, nested, long]


def netc(*args):
    done = subprocess.run([NETC, *map(str, args)], capture_output=True, text=True, timeout=900)
    if done.returncode:
        raise RuntimeError(done.stderr.strip())
    return done.stdout


def tensors(model, x):
    """What INPUT makes of pixels stands in no tensor that `netc run` takes: those layers are run before."""
    for layer in model.layers:
        if isinstance(layer, (layers.Rescaling, layers.Normalization)):
            x = np.asarray(keras.ops.convert_to_numpy(layer(x)))
        elif not isinstance(layer, (layers.InputLayer, layers.RandomFlip)):
            break
    return x


def pixels(model):
    shape = [3, *[n or 64 for n in model.input_shape[1:]]]
    scaled = any(isinstance(layer, (layers.Rescaling, layers.Normalization)) for layer in model.layers[:4])
    random = np.random.default_rng(7)
    return random.uniform(0, 255, shape).astype("float32") if scaled else random.standard_normal(shape, "float32")


def outputs(model, x):
    made = model(x, training=False)
    return [keras.ops.convert_to_numpy(y) for y in (made if isinstance(made, (list, tuple)) else [made])]


def apart(model, path, folder):
    """Imports a file, runs both, and says how far they are apart and how many lines the network has."""
    x = pixels(model)
    wanted = outputs(model, x)
    net, weights = folder / "m.net", folder / "m.safetensors"
    netc("import", path, "-o", net, "--weights", weights)
    ours = tensors(model, x)
    if ours.ndim == 3:
        ours = ours[..., None]
    if ours.ndim == 2 and "INPUT(8x8x1" in net.read_text():
        ours = ours.reshape(-1, 8, 8, 1)
    np.save(folder / "x.npy", np.ascontiguousarray(ours))
    netc("run", net, "-w", weights, "-i", folder / "x.npy", "-o", folder / "y.npy")
    first = np.load(folder / "y.npy")
    far = float(np.abs(first.reshape(wanted[0].shape) - wanted[0]).max() / max(np.abs(wanted[0]).max(), 1e-30))
    return far, len(net.read_text().splitlines())


def saved(model, folder):
    """The model in both formats."""
    for ending in ("keras", "h5"):
        path = folder / f"model.{ending}"
        model.save(path)
        yield ending, path


def compared(name, model, files, folder):
    failed = 0
    for ending, path in files:
        try:
            far, lines = apart(model, path, folder)
            print(f"{name:24} {ending:6} {far:9.1e} {lines:6} lines  {'ok' if far <= LIMIT else 'TOO FAR'}", flush=True)
            failed += far > LIMIT
        except Exception as error:
            print(f"{name:24} {ending:6} {str(error)[:3000]}", flush=True)
            failed += 1
    return failed


def application(name):
    size = {"InceptionV3": 139, "InceptionResNetV2": 139, "Xception": 128, "NASNetMobile": 64, "VGG16": 64}.get(name, 96)
    make = getattr(keras.applications, name)
    shape = (size, size, 3)
    # Without its softmax, which hides differences.
    return make(weights=None, input_shape=shape, classifier_activation=None)


def packed(path):
    """The archive again, compressed."""
    out = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), old.read(name), zipfile.ZIP_DEFLATED)
    path.write_bytes(out.getvalue())


# Bounds of HDF5's versions, and how arrays lie.
FORMS = {
    "older": (("earliest", "v108"), {}),
    "newer": (("v108", "v108"), {}),
    "newest": (("latest", "latest"), {}),
    "older_packed": (("earliest", "v108"), {"chunks": True, "compression": "gzip", "shuffle": True, "fletcher32": True}),
    "newer_packed": (("v108", "v108"), {"chunks": True, "compression": "gzip"}),
    "doubles": (("earliest", "v108"), {"dtype": ">f8"}),
}


def rewritten(path, to, form):
    """The same in another form of HDF5, with so many attributes that the newer form keeps them in a heap."""
    import h5py

    bounds, options = FORMS[form]

    def copy(old, new):
        for name, value in old.attrs.items():
            new.attrs[name] = value
        for name, value in old.items():
            if isinstance(value, h5py.Group):
                copy(value, new.create_group(name))
                continue
            how = options if value.size > 20 else {}
            new.create_dataset(name, data=value[()], **{"dtype": "f4", **how})

    with h5py.File(path) as old, h5py.File(to, "w", libver=bounds) as new:
        for at in range(12):
            new.attrs[f"extra{at}"] = "x"
        copy(old, new)


def forms(folder):
    keras.utils.clear_session()
    model = settled(long())
    path = folder / "old.h5"
    model.save(path)
    failed = 0
    for form in FORMS:
        rewritten(path, folder / f"{form}.h5", form)
        failed += compared(form, model, [("h5", folder / f"{form}.h5")], folder)
    return failed


def write(folder):
    from safetensors.numpy import save_file

    KEPT.mkdir(exist_ok=True)
    numbers = {}
    for make in SMALL:
        keras.utils.clear_session()
        model = settled(make())
        for ending, path in saved(model, folder):
            kept = KEPT / f"{make.__name__}.{ending}"
            if make is long and ending == "h5":
                rewritten(path, kept, "newer_packed")
                continue
            kept.write_bytes(path.read_bytes())
            if ending == "keras" and make is not sequential:
                packed(kept)
        x = pixels(model)[:2]
        numbers[f"{make.__name__}/input"] = np.ascontiguousarray(tensors(model, x))
        numbers[f"{make.__name__}/output"] = np.ascontiguousarray(outputs(model, x)[0])
    save_file(numbers, KEPT / "numbers.safetensors")
    return 0


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    what, *names = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        if what == "write":
            failed = write(folder)
        elif what == "formats":
            failed = forms(folder)
        elif what == "check":
            failed = 0
            for make in MADE:
                if not names or make.__name__ in names:
                    keras.utils.clear_session()
                    model = settled(make())
                    failed += compared(make.__name__, model, saved(model, folder), folder)
        elif what == "applications":
            failed = 0
            for name in names or APPLICATIONS:
                keras.utils.clear_session()
                model = settled(application(name))
                failed += compared(name, model, saved(model, folder), folder)
        else:
            failed = sum(compared(pathlib.Path(n).stem, keras.saving.load_model(n, compile=False), [(pathlib.Path(n).suffix[1:], n)], folder) for n in names)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
