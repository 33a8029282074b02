"""Writes onnx_nodes.safetensors: the cases of the `onnx` package's own tests whose operators networks of pictures have.

Each case is a model of one node, what goes in, and what must come out: `NAME/model`, `NAME/input`, `NAME/output`. What the cases
give as further inputs (kernels, sizes, bounds) becomes tensors of the model, as exporters write them. `tests/tests/onnx_nodes.rs`
imports every case and computes it; its snapshot says what passes, and why what does not is refused.

    pip install onnx safetensors && python tests/reference/onnx_nodes.py
"""

import pathlib

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases
from safetensors.numpy import save_file

OPERATORS = """Add AveragePool BatchNormalization Celu Clip Concat Conv ConvTranspose DequantizeLinear Div Dropout Elu Flatten Gelu
Gemm GlobalAveragePool GlobalMaxPool GroupNormalization HardSigmoid HardSwish Identity InstanceNormalization LRN
LayerNormalization LeakyRelu LogSoftmax MatMul Max MaxPool Min Mish Mul Neg PRelu Pad QuantizeLinear ReduceMax ReduceMean Relu
Reshape Resize Selu Sigmoid Slice Softmax Softplus Split Squeeze Sub Sum Swish Tanh Transpose Unsqueeze Upsample""".split()

LARGEST = 24_000  # bytes of a case


def own_inputs(case):
    """The model with all inputs but the first one that a network would be given as tensors, and the numbers of that one."""
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    inputs, outputs = case.data_sets[0]
    if len(model.graph.node) != 1 or not inputs or len(outputs) < 1:
        return None
    names = [value.name for value in model.graph.input]
    first = inputs[0]
    if not isinstance(first, np.ndarray) or first.dtype != np.float32 or not isinstance(outputs[0], np.ndarray):
        return None
    for name, value in list(zip(names, inputs))[1:]:
        if not isinstance(value, np.ndarray):
            return None
        model.graph.initializer.append(numpy_helper.from_array(value, name))
    first_input = model.graph.input[0]
    del model.graph.input[:]
    model.graph.input.append(first_input)
    if model.graph.node[0].op_type != "Split":
        del model.graph.output[1:]  # masks, places and means, which networks do not read
    return model.SerializeToString(), first, np.asarray(outputs[0])


def main():
    tensors = {}
    for case in collect_testcases(None):
        if "_expanded" in case.name or "training" in case.name or case.model.graph.node[0].op_type not in OPERATORS:
            continue
        made = own_inputs(case)
        if made is None:
            continue
        model, given, wanted = made
        if len(model) + given.nbytes + wanted.nbytes > LARGEST or wanted.dtype != np.float32:
            continue
        name = case.name.removeprefix("test_")
        tensors[f"{name}/model"] = np.frombuffer(model, np.uint8)
        tensors[f"{name}/input"] = np.ascontiguousarray(given)
        tensors[f"{name}/output"] = np.ascontiguousarray(wanted)
    path = pathlib.Path(__file__).with_name("onnx_nodes.safetensors")
    save_file(tensors, path)
    print(f"{len(tensors) // 3} cases, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
