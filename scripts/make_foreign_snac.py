#!/usr/bin/env python3
"""Writes plain SNAC decoders as other programs export them, to OUT: without our functions and metadata.

    make_foreign_snac.py CONFIG.json OUT

  mul/decoder.onnx     Snake as Mul, Sin, Mul, Mul, Add
  torch/decoder.onnx   as PyTorch's exporters write it: Pow for the square, and a reciprocal that is computed in the graph
  apart/decoder.onnx   the same as mul, with the weights in a file of their own
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
import onnx.inliner
from onnx import helper, numpy_helper
from snac_export.config import Config
from snac_export.models import decoder
from snac_export.weights import Weights


def as_torch_writes(model: onnx.ModelProto) -> None:
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    nodes = []
    for node in model.graph.node:
        inverse = next((name for name in node.input if name.endswith(".inverse")), None)
        if node.op_type == "Mul" and len(set(node.input)) == 1:
            two = f"{node.output[0]}.exponent"
            value = numpy_helper.from_array(np.array(2, np.float32))
            nodes.append(helper.make_node("Constant", [], [two], f"{two}.node", value=value))
            nodes.append(helper.make_node("Pow", [node.input[0], two], node.output, node.name))
        elif inverse is not None:
            alpha, little = inverse.removesuffix(".inverse") + ".alpha", f"{inverse}.little"
            value = numpy_helper.from_array(np.array(1e-9, np.float32))
            nodes.append(helper.make_node("Constant", [], [little], f"{little}.node", value=value))
            nodes.append(helper.make_node("Add", [alpha, little], [f"{inverse}.sum"], f"{inverse}.sum.node"))
            nodes.append(helper.make_node("Reciprocal", [f"{inverse}.sum"], [inverse], f"{inverse}.node"))
            nodes.append(node)
            del weights[inverse]
        else:
            nodes.append(node)
    for field, values in ((model.graph.node, nodes), (model.graph.initializer, list(weights.values()))):
        del field[:]
        field.extend(values)


def foreign(config: Config) -> onnx.ModelProto:
    model = onnx.inliner.inline_local_functions(decoder(config, Weights(seed=1), stream=False, noise=False))
    model.producer_name = "another program"
    del model.metadata_props[:]
    return model


def main() -> None:
    config, out = Config.read(Path(sys.argv[1])), Path(sys.argv[2])
    for name in ("mul", "torch", "apart"):
        model = foreign(config)
        if name == "torch":
            as_torch_writes(model)
        onnx.checker.check_model(model, full_check=True)
        path = out / name / "decoder.onnx"
        path.parent.mkdir(parents=True)
        apart = {"save_as_external_data": True, "location": "weights.bin"} if name == "apart" else {}
        onnx.save(model, path, **apart)
        print(f"{path}: {len(model.graph.node)} nodes")


if __name__ == "__main__":
    main()
