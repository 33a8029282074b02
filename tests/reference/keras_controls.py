#!/usr/bin/env python3
"""Trains networks of the catalogue by the same recipes in Keras, on the same files: the controls of models/RESULTS.md.

    python3 -m venv keras && keras/bin/pip install tensorflow-cpu scipy
    keras/bin/python tests/reference/keras_controls.py EXPERIMENT --data DIR [--seed N] [--epochs N] [--threads N]

DIR holds MNIST's IDX files, or CIFAR-10's binary files. Prints a line an epoch; `val` is the test set. Augmentation is ImageDataGenerator's, which is in Keras
no more but means what it always did: keras-preprocessing (pip install keras-preprocessing) is that code on its own."""

import argparse
import gzip
import os
import time
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import numpy as np
import tensorflow as tf
from keras import layers as L


def idx(folder, stem):
    path = next(p for p in sorted(folder.iterdir()) if p.name.startswith(stem))
    data = gzip.open(path).read() if path.suffix == ".gz" else path.read_bytes()
    sizes = np.frombuffer(data, ">u4", data[3], 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(sizes)


def mnist(folder):
    sets = [(idx(folder, f"{name}-images"), idx(folder, f"{name}-labels")) for name in ("train", "t10k")]
    return [(x[..., None].astype(np.float32) / 255, y.astype(np.int64)) for x, y in sets]


def cifar10(folder):
    def read(names):
        rows = np.concatenate([np.fromfile(folder / name, np.uint8).reshape(-1, 3073) for name in names])
        pictures = rows[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        return pictures.astype(np.float32) / 255, rows[:, 0].astype(np.int64)

    return read([f"data_batch_{i}.bin" for i in range(1, 6)]), read(["test_batch.bin"])


def cifar10_split(folder):
    """40,000 pictures to train on."""
    (x, y), test = cifar10(folder)
    kept = np.random.permutation(len(x))[:40_000]
    return (x[kept], y[kept]), test


def lenet5_mnist():
    return [
        L.Input((28, 28, 1)),
        L.Conv2D(6, 5), L.MaxPooling2D(), L.Activation("sigmoid"),
        L.Conv2D(16, 5), L.MaxPooling2D(), L.Activation("sigmoid"), L.Dropout(0.5),
        L.Conv2D(120, 1), L.Flatten(), L.Dense(84, "sigmoid"), L.Dense(10, "softmax"),
    ]


def mini_alexnet_mnist():
    return [
        L.Input((28, 28, 1)),
        L.Conv2D(32, 3, activation="relu"), L.MaxPooling2D(3, 1), L.Conv2D(32, 3, activation="relu"), L.MaxPooling2D(3, 1),
        L.Conv2D(64, 3, activation="relu"), L.Conv2D(64, 3, activation="relu"), L.MaxPooling2D(3, 2),
        L.Flatten(), L.Dense(512, "relu"), L.Dropout(0.3), L.Dense(10, "softmax"),
    ]


def allconv_mnist():
    return [
        L.Input((28, 28, 1)),
        L.Conv2D(96, 5), L.MaxPooling2D(3, 2), L.Activation("relu"), L.Conv2D(192, 5), L.MaxPooling2D(3, 2), L.Activation("relu"),
        L.Conv2D(192, 3, activation="relu"), L.Conv2D(192, 1, activation="relu"), L.Conv2D(10, 1, activation="relu"),
        L.Flatten(), L.Activation("softmax"),
    ]


def lenet_cifar():
    return [
        L.Input((32, 32, 3)),
        L.Conv2D(32, 3, padding="same", activation="relu"), L.MaxPooling2D(), L.Conv2D(64, 3, activation="relu"), L.MaxPooling2D(),
        L.Flatten(), L.Dense(512, "relu"), L.Dense(10, "softmax"),
    ]


def relu_conv(filters, padding="valid"):
    return L.Conv2D(filters, 3, padding=padding, activation="relu")


def alexnet_cifar(first, second, dense):
    """AlexNet cut down: what follows the first RELU and its pooling, and the second, and the dense layers differ."""
    return [
        L.Input((32, 32, 3)),
        relu_conv(32, "same"), *first(), relu_conv(32), *second(),
        relu_conv(64, "same"), relu_conv(64), relu_conv(64), L.MaxPooling2D(), L.Flatten(), *dense, L.Dense(10, "softmax"),
    ]


def alexnet_cifar_bn():
    pool = lambda: [L.MaxPooling2D(), L.BatchNormalization()]
    return alexnet_cifar(pool, pool, [L.Dense(3072, "relu"), L.Dense(512, "relu")])


def alexnet_cifar_bn_first():
    pool = lambda: [L.BatchNormalization(), L.MaxPooling2D()]
    return alexnet_cifar(pool, pool, [L.Dense(4096, "relu"), L.Dropout(0.5), L.Dense(4096, "relu"), L.Dropout(0.5)])


def alexnet_cifar_dropout():
    pool = lambda: [L.MaxPooling2D(), L.Dropout(0.25)]
    return alexnet_cifar(pool, pool, [L.Dense(3072, "relu"), L.Dropout(0.5), L.Dense(512, "relu")])


def alexnet_cifar_14():
    stages = [[relu_conv(n, "same"), L.MaxPooling2D(), L.BatchNormalization()] for n in (64, 128, 256, 512)]
    dense = [[L.Dense(n, "relu"), L.Dropout(0.5), L.BatchNormalization()] for n in (128, 256, 512, 1024)]
    return [L.Input((32, 32, 3)), *sum(stages, []), L.Flatten(), *sum(dense, []), L.Dense(10, "softmax")]


def steps(lr, phases):
    return lambda epoch, _: lr * next((f for start, f in reversed(phases) if epoch >= start), 1.0)


def rmsprop(**options):
    return keras.optimizers.RMSprop(epsilon=1e-7, **options)


def slow_rmsprop():
    return rmsprop(learning_rate=keras.optimizers.schedules.InverseTimeDecay(1e-4, 1, 1e-6))


# name: network, data, optimizer, batch, epochs, augmentation, schedule
EXPERIMENTS = {
    "lenet5_mnist": (lenet5_mnist, mnist, lambda: keras.optimizers.SGD(1.0), 32, 20, None,
                     steps(1.0, [(2, 0.8), (5, 0.4), (8, 0.2), (12, 0.08)])),
    "lenet5_mnist-rmsprop": (lenet5_mnist, mnist, lambda: rmsprop(learning_rate=1e-3), 32, 25, None, None),
    "lenet5_mnist-augmented": (lenet5_mnist, mnist, lambda: rmsprop(learning_rate=1e-3), 32, 25,
                               {"rotation_range": 25, "width_shift_range": 0.1, "height_shift_range": 0.1}, None),
    "mini_alexnet_mnist": (mini_alexnet_mnist, mnist, lambda: keras.optimizers.Adam(1e-3), 64, 5,
                           {"rotation_range": 8, "width_shift_range": 0.08, "height_shift_range": 0.08, "shear_range": 0.3,
                            "zoom_range": 0.08}, None),
    "allconv_mnist": (allconv_mnist, mnist, lambda: rmsprop(learning_rate=1e-3), 32, 5, None, None),
    **{
        network.__name__: (network, cifar10, slow_rmsprop, 32, 25, None, None)
        for network in (lenet_cifar, alexnet_cifar_bn, alexnet_cifar_dropout, alexnet_cifar_bn_first)
    },
    "alexnet_cifar_14": (alexnet_cifar_14, cifar10_split, lambda: keras.optimizers.SGD(0.01), 32, 50, None, None),
}


class Line(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.time()

    def on_epoch_end(self, epoch, logs=None):
        figures = " - ".join(f"{key}: {value:.4f}" for key, value in (logs or {}).items())
        print(f"Epoch {epoch + 1} - {time.time() - self.start:.1f}s - {figures}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("experiment", choices=EXPERIMENTS)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(args.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    keras.utils.set_random_seed(args.seed)
    network, load, optimizer, batch, epochs, augmentation, schedule = EXPERIMENTS[args.experiment]
    train, test = load(args.data)
    model = keras.Sequential(network())
    model.compile(optimizer(), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    callbacks = [Line()] + ([keras.callbacks.LearningRateScheduler(schedule)] if schedule else [])
    options = {"epochs": args.epochs or epochs, "validation_data": test, "verbose": 0, "callbacks": callbacks}
    if augmentation:
        from keras_preprocessing.image import ImageDataGenerator

        flow = ImageDataGenerator(**augmentation).flow(*train, batch_size=batch, seed=args.seed)
        spec = (tf.TensorSpec((None, *train[0].shape[1:])), tf.TensorSpec((None,), tf.int64))
        batches = tf.data.Dataset.from_generator(lambda: iter(flow), output_signature=spec)
        model.fit(batches, steps_per_epoch=len(flow), **options)
    else:
        model.fit(*train, batch_size=batch, **options)


if __name__ == "__main__":
    main()
