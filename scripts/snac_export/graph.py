"""An ONNX graph under construction."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET, IR_VERSION = 17, 8
FLOAT, FLOAT16, INT64 = TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.INT64
DOMAIN = "svara.snac"  # of functions that files bring along


class Graph:
    """Nodes, constants, inputs and outputs of one graph. Tensors are referred to by name.

    Equal constants are one, unless they have names of their own: readers look for weights by name.
    """

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.inputs: list[onnx.ValueInfoProto] = []
        self.outputs: list[onnx.ValueInfoProto] = []
        self.functions: dict[str, onnx.FunctionProto] = {}
        self._constants: dict[tuple[str | None, str, tuple[int, ...], bytes], onnx.TensorProto] = {}

    def input(self, name: str, dtype: int, shape: list[int | str]) -> str:
        self.inputs.append(helper.make_tensor_value_info(name, dtype, shape))
        return name

    def output(self, name: str, dtype: int, shape: list[int | str]) -> None:
        self.outputs.append(helper.make_tensor_value_info(name, dtype, shape))

    def const(self, value: Any, dtype: type = np.int64, name: str | None = None) -> str:
        array = np.array(value, dtype, order="C")
        key = (name, array.dtype.str, array.shape, hashlib.sha256(array.tobytes()).digest())
        if key not in self._constants:
            self._constants[key] = numpy_helper.from_array(array, name or f"const.{len(self._constants)}")
        return self._constants[key].name

    def op(self, kind: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        name = f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output or name], name, **attributes))
        return output or name

    def call(self, function: onnx.FunctionProto, *inputs: str) -> str:
        """Calls a function of DOMAIN, which the file brings along: to other readers it is made of ONNX's operators."""
        self.functions[function.name] = function
        return self.op(function.name, *inputs, domain=DOMAIN)

    def cut(self, x: str, start: int, end: int = 0) -> str:
        """x[..., start:end] of [B, C, T]; an end of 0 is the end of the axis."""
        return self.op("Slice", x, self.const([start]), self.const([end or 2**63 - 1]), self.const([2]))

    def repeat(self, x: str, times: int, shape: list[int]) -> str:
        """Repeats each element of the last axis; `shape` as in Reshape (0: as before, -1: the rest)."""
        x = self.op("Unsqueeze", x, self.const([-1]))
        return self.op("Reshape", self.op("Expand", x, self.const([times])), self.const(shape))

    def model(self, name: str, metadata: dict[str, Any]) -> onnx.ModelProto:
        graph = helper.make_graph(self.nodes, name, self.inputs, self.outputs, list(self._constants.values()))
        opsets = [helper.make_opsetid("", OPSET)]
        if self.functions:
            opsets.append(helper.make_opsetid(DOMAIN, 1))
        model = helper.make_model(
            graph,
            functions=list(self.functions.values()),
            opset_imports=opsets,
            ir_version=IR_VERSION,
            producer_name="export_snac",
        )
        helper.set_model_props(model, {key: str(value) for key, value in metadata.items()})
        return model
