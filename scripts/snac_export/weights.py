"""Parameters of a SNAC codec: those of a published checkpoint, or seeded random ones."""

from __future__ import annotations

import math
import pickle
import zipfile
import zlib
from collections import OrderedDict
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np


class _Storage(NamedTuple):
    dtype: str
    key: str


class _Tensor(NamedTuple):
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _Unpickler(pickle.Unpickler):
    """Reads the pickle of a torch checkpoint into descriptions of tensors; runs only the code listed here."""

    ALLOWED: ClassVar[dict[tuple[str, str], Any]] = {
        ("collections", "OrderedDict"): OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2"): lambda storage, offset, shape, strides, *_: _Tensor(
            storage, offset, shape, strides
        ),
        ("torch._utils", "_rebuild_parameter"): lambda data, *_: data,
        ("torch", "FloatStorage"): "<f4",
        ("torch", "HalfStorage"): "<f2",
        ("torch", "DoubleStorage"): "<f8",
    }

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self.ALLOWED:
            raise pickle.UnpicklingError(f"refused: the checkpoint asks for {module}.{name}")
        return self.ALLOWED[module, name]

    def persistent_load(self, pid: Any) -> _Storage:
        kind, dtype, key, _device, _count = pid
        if kind != "storage" or not isinstance(dtype, str) or not isinstance(key, str):
            raise pickle.UnpicklingError(f"refused: unknown persistent id {pid!r}")
        return _Storage(dtype, key)


def read_checkpoint(path: Path) -> dict[str, np.ndarray]:
    """State dict of a checkpoint written by torch.save (zip format), as float32 arrays."""
    try:
        return _read_checkpoint(path)
    # What pickle and numpy raise for a file that is cut or odd.
    except (LookupError, EOFError, TypeError, AttributeError, ArithmeticError, zlib.error) as error:
        raise ValueError(f"{path}: not a whole torch checkpoint: {type(error).__name__}: {error}") from error


def _read_checkpoint(path: Path) -> dict[str, np.ndarray]:
    if not zipfile.is_zipfile(path):
        raise ValueError(f"{path}: not a torch checkpoint in zip format")
    with zipfile.ZipFile(path) as archive:
        roots = [n.removesuffix("data.pkl") for n in archive.namelist() if n.endswith("/data.pkl")]
        if len(roots) != 1:
            raise ValueError(f"{path}: not a torch checkpoint (found {len(roots)} data.pkl)")
        if roots[0] + "byteorder" in archive.namelist() and archive.read(roots[0] + "byteorder") != b"little":
            raise ValueError(f"{path}: only little-endian checkpoints are supported")
        with archive.open(roots[0] + "data.pkl") as file:
            entries = _Unpickler(file).load()
        if not isinstance(entries, dict):
            raise ValueError(f"{path}: not a state dict")
        state = {}
        for name, tensor in entries.items():
            if not isinstance(tensor, _Tensor) or not isinstance(tensor.storage, _Storage):
                raise ValueError(f"{path}: {name!r} is not a tensor")
            storage, offset, shape, strides = tensor
            flat = np.frombuffer(archive.read(f"{roots[0]}data/{storage.key}"), storage.dtype)
            last = offset + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
            # Also a stride of 0 can't make a tensor larger than what is stored.
            size = math.prod(shape)
            if min((offset, *strides, *(n - 1 for n in shape))) < 0 or last >= flat.size or size > flat.size:
                raise ValueError(f"{path}: {name!r} lies outside its storage")
            steps = [step * flat.itemsize for step in strides]
            state[name] = np.lib.stride_tricks.as_strided(flat[offset:], shape, steps).astype(np.float32)
    return state


class Weights:
    """Parameters by name: those of a checkpoint, or seeded random ones, generated on demand and kept in `state`."""

    def __init__(self, state: dict[str, np.ndarray] | None = None, seed: int = 0) -> None:
        self.random = state is None
        self.state: dict[str, np.ndarray] = {} if state is None else state
        self.seed = seed

    def tensor(self, name: str, shape: tuple[int, ...], std: float = 1.0, mean: float = 0.0) -> np.ndarray:
        if self.random and name not in self.state:
            rng = np.random.default_rng([self.seed, zlib.crc32(name.encode())])
            self.state[name] = (mean + std * rng.standard_normal(shape)).astype(np.float32)
        if name not in self.state:
            raise ValueError(f"the checkpoint has no {name}")
        if self.state[name].shape != shape:
            raise ValueError(f"{name} has shape {self.state[name].shape}, expected {shape}")
        return self.state[name]

    def conv(self, name: str, shape: tuple[int, ...], std: float) -> np.ndarray:
        """Kernel of a convolution with its weight norm (over all axes but the first) folded in."""
        gain, direction = f"{name}.weight_g", f"{name}.weight_v"
        if direction not in self.state:
            gain, direction = (f"{name}.parametrizations.weight.original{i}" for i in (0, 1))
        v = self.tensor(direction, shape, std)
        norm = np.sqrt(np.square(v, dtype=np.float64).sum((1, 2), keepdims=True))
        if self.random:
            self.state[gain] = norm.astype(np.float32)
        return (v * (self.tensor(gain, norm.shape) / norm)).astype(np.float32)
