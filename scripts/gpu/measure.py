#!/usr/bin/env python3
"""The steps of scripts/gpu/run.sh: measure.py STEP... Each prints its figures; README.md says what they answer."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import figures
import numpy as np
import serving
from figures import FRAME_MS, OUT, SITE, gpu_mib, milliseconds, say

MODEL = SITE / "model/decoder_stream.onnx"
HALF = SITE / "model/decoder_stream_fp16.onnx"
DRAWS = (8, 64, 256, 512)  # a latent, at each noise layer
STATE = 81792
UNKNOWN_TOTAL = 1 << 40


def feed(batch: int, frames: int, rng: np.random.Generator, half: bool = False) -> dict[str, np.ndarray]:
    """Random inputs of a call in the midst of a stream."""
    codes = {f"audio_codes.{i}": rng.integers(0, 4096, (batch, frames << i)) for i in range(3)}
    noise = {
        f"noise.{i}": rng.standard_normal((batch, 1, 4 * frames * rate)).astype(np.float32)
        for i, rate in enumerate(DRAWS)
    }
    state = (rng.standard_normal((batch, STATE)) * 0.1).astype(np.float16 if half else np.float32)
    where = {"pos": np.full(batch, 40), "total": np.full(batch, UNKNOWN_TOTAL), "state": state}
    return codes | noise | where


def session(cuda: bool = True, graphs: bool = False, half: bool = False, **options: Any) -> Any:
    """A session set up as the server's. Its graph isn't: states go in and out, where the server keeps them in a pool."""
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 3
    settings.intra_op_num_threads = 1 if cuda else 8
    settings.enable_mem_pattern = False
    disabled = "GatherSliceToSplitFusion;GatherToSplitFusion"
    settings.add_session_config_entry("optimization.disable_specified_optimizers", disabled)
    settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
    known = {
        "cudnn_conv_algo_search": "HEURISTIC",
        "arena_extend_strategy": "kSameAsRequested",
        "enable_cuda_graph": int(graphs),
        "use_tf32": 0,
    }
    cuda_options = {key: str(value) for key, value in (known | options).items()}
    providers: list[Any] = [("CUDAExecutionProvider", cuda_options)] if cuda else ["CPUExecutionProvider"]
    made = onnxruntime.InferenceSession(str(HALF if half else MODEL), settings, providers=providers)
    if cuda and "CUDAExecutionProvider" not in made.get_providers():
        raise RuntimeError("not on the GPU")
    made.disable_fallback()
    return made


class Bound:
    """A call of one shape, whose tensors stay in place."""

    def __init__(self, session: Any, batch: int, frames: int, number: int | None, rng: Any, half: bool = False) -> None:
        import onnxruntime

        place = onnxruntime.OrtValue
        self.session, self.binding = session, session.io_binding()
        self.feed = feed(batch, frames, rng, half)
        self.inputs = {name: place.ortvalue_from_numpy(value, "cuda", 0) for name, value in self.feed.items()}
        shapes = {
            "audio_values": ((batch, 1, 2048 * frames), np.float32),
            "new_state": ((batch, STATE), np.float16 if half else np.float32),
        }
        self.outputs = {
            name: place.ortvalue_from_shape_and_type(shape, kind, "cuda", 0) for name, (shape, kind) in shapes.items()
        }
        for name, value in self.inputs.items():
            self.binding.bind_ortvalue_input(name, value)
        for name, value in self.outputs.items():
            self.binding.bind_ortvalue_output(name, value)
        self.options = onnxruntime.RunOptions()
        if number is not None:
            self.options.add_run_config_entry("gpu_graph_id", str(number))

    def __call__(self) -> None:
        self.session.run_with_iobinding(self.binding, self.options)

    def audio(self) -> np.ndarray:
        return self.outputs["audio_values"].numpy()


def decibels(exact: np.ndarray, other: np.ndarray) -> float:
    error = float(np.square(exact - other, dtype=np.float64).sum())
    return round(10 * float(np.log10(np.square(exact, dtype=np.float64).sum() / max(error, 1e-30))), 1)


def parity() -> None:
    """The GPU against the CPU in each precision."""
    rng = np.random.default_rng(1)
    cpu = session(cuda=False)
    for name, options in (("float32", {}), ("tf32", {"use_tf32": 1}), ("float16", {"half": True})):
        gpu = session(**options)
        for batch in (1, 3, 64):
            inputs = feed(batch, 1, rng)
            exact = cpu.run(["audio_values"], inputs)[0]
            if name == "float16":
                inputs["state"] = inputs["state"].astype(np.float16)
            heard = gpu.run(["audio_values"], inputs)[0]
            largest = float(np.abs(exact - heard).max())
            say(step="parity", precision=name, batch=batch, max_abs=largest, snr_db=decibels(exact, heard))


def recorded() -> None:
    """Each recording is replayed after all others were made: a later shape's plans take the place of an earlier one's,
    and cuDNN before 9.28 doesn't keep their code for recordings."""
    rng = np.random.default_rng(6)
    cpu, gpu = session(cuda=False), session(graphs=True)
    calls = [Bound(gpu, batch, 1, number, rng) for number, batch in enumerate((64, 16, 4, 1), 1)]
    expected = [cpu.run(["audio_values"], call.feed)[0] for call in calls]
    for call in calls:
        call()
    for turn in range(3):
        worst = 0.0
        for call, exact in zip(calls, expected, strict=True):
            call()
            worst = max(worst, float(np.abs(call.audio() - exact).max()))
        say(step="recorded", turn=turn, shapes=len(calls), max_abs=worst, good=worst < 1e-3)


def shapes() -> None:
    """What a call costs by its shape: recorded or not, and when shapes alternate."""
    rng = np.random.default_rng(2)
    for graphs in (True, False):
        gpu, start, calls = session(graphs=graphs), time.perf_counter(), {}
        for frames in (4, 2, 1):
            for batch in (128, 64, 32, 16, 4, 1):
                number = len(calls) + 1 if graphs else None
                first = time.perf_counter()
                call = calls[batch, frames] = Bound(gpu, batch, frames, number, rng)
                call()
                first_s = round(time.perf_counter() - first, 2)
                took = milliseconds(call, 40)
                streams = round(batch * frames * FRAME_MS / took["ms"])
                say(step="shapes", graphs=graphs, batch=batch, frames=frames, first_s=first_s, streams=streams, **took)
        say(step="warm", graphs=graphs, seconds=round(time.perf_counter() - start, 1), gpu_mib=gpu_mib())
        few = [calls[shape] for shape in ((1, 1), (16, 1), (1, 2), (16, 2))]
        took = milliseconds(lambda few=few: [call() for call in few], 8)
        say(step="alternating", graphs=graphs, ms_a_call=round(took["ms"] / len(few), 2))


def options() -> None:
    """Settings that might be faster."""
    rng = np.random.default_rng(3)
    for name, changes in {
        "as it is": {},
        "tf32": {"use_tf32": 1},
        "float16": {"half": True},
        "exhaustive": {"cudnn_conv_algo_search": "EXHAUSTIVE"},
        "nc1d": {"cudnn_conv1d_pad_to_nc1d": 1},
    }.items():
        gpu = session(graphs=True, **changes)
        for number, batch in enumerate((1, 16, 64), 1):
            call = Bound(gpu, batch, 1, number, rng, half=changes.get("half", False))
            say(step="options", what=name, batch=batch, **milliseconds(call, 30))


def kernels() -> None:
    """Where a call's time goes, by PyTorch's profiler, which sees all kernels of the process."""
    import torch

    rng, gpu = np.random.default_rng(4), session()
    for batch in (1, 64):
        call = Bound(gpu, batch, 1, None, rng)
        call()
        call()
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
            for _ in range(5):
                call()
        rows = [(e.key[:90], e.count / 5, round(e.device_time_total / 5, 1)) for e in profile.key_averages()]
        rows.sort(key=lambda row: -row[2])
        total = round(sum(row[2] for row in rows))
        say(step="kernels", batch=batch, total_us=total, count=sum(row[1] for row in rows), top=rows[:25])


def torch_baseline() -> None:
    """The reference as Python stacks run it: a window of four frames for each new one."""
    import snac
    import torch

    torch.manual_seed(0)
    rates = {"encoder_rates": [2, 4, 8, 8], "decoder_rates": [8, 8, 4, 2], "vq_strides": [4, 2, 1]}
    sizes = {"encoder_dim": 48, "decoder_dim": 1024, "codebook_size": 4096, "codebook_dim": 8}
    codec = snac.SNAC(sampling_rate=24000, attn_window_size=None, noise=True, depthwise=True, **rates, **sizes)
    codec = codec.eval().cuda()
    for half in (False, True):
        codec = codec.half() if half else codec
        for batch in (1, 16, 64):
            codes = [torch.randint(0, 4096, (batch, 4 << i), device="cuda") for i in range(3)]

            def call(codes: Any = codes, codec: Any = codec) -> None:
                with torch.inference_mode():
                    codec.decode(codes)
                torch.cuda.synchronize()

            took = milliseconds(call, 20)
            say(step="torch", half=half, batch=batch, streams=round(batch * FRAME_MS / took["ms"]), **took)


def speech() -> None:
    """The server's own path: the same speech decoded on the GPU and on the CPU."""
    for precision in ("float32", "float16"):
        gpu, cpu = (serving.samples(MODEL, device=device, precision=precision) for device in ("cuda", "cpu"))
        same_length = len(gpu) == len(cpu)
        snr = decibels(cpu, gpu) if same_length else None
        say(step="speech", precision=precision, samples=len(gpu), same_length=same_length, snr_db=snr)


def server() -> None:
    """The whole server under load, with a paced engine."""
    for precision in ("float32", "float16"):
        serving.load(MODEL, (1, 16, 64, 128, 256), precision=precision)


def contended() -> None:
    """Beside a busy engine in another process: the GPU's time is shared out in slices."""
    log = OUT / "lm.log"
    with log.open("w") as file:
        other = subprocess.Popen([sys.executable, __file__, "language_model"], stdout=file, stderr=file)
    try:
        while other.poll() is None and "running" not in log.read_text():
            time.sleep(0.2)
        rng, gpu = np.random.default_rng(5), session(graphs=True)
        for number, batch in enumerate((1, 16, 64), 1):
            say(step="contended", batch=batch, **milliseconds(Bound(gpu, batch, 1, number, rng), 100))
        serving.load(MODEL, (16, 64, 128), precision="float32")
    finally:
        other.terminate()
        say(step="language_model", log=log.read_text()[-200:])


def language_model() -> None:
    """A stand-in for the engine: the products of a 3B Llama's step for 64 sequences, recorded, again and again."""
    import torch

    def weight(rows: int, columns: int) -> Any:
        return torch.randn(rows, columns, device="cuda", dtype=torch.bfloat16) * rows**-0.5

    sizes = ((3072, 5120), (3072, 3072), (3072, 16384), (8192, 3072))
    layers, head = [[weight(*size) for size in sizes] for _ in range(28)], weight(3072, 156940)
    x = torch.randn(64, 3072, device="cuda", dtype=torch.bfloat16)

    def step() -> Any:
        h = x
        for attention, output, up, down in layers:
            h = h + (h @ attention)[:, :3072] @ output
            wide = h @ up
            h = h + (torch.nn.functional.silu(wide[:, :8192]) * wide[:, 8192:]) @ down
            h = h / h.float().pow(2).mean(-1, keepdim=True).sqrt().to(h.dtype)
        return (h @ head).argmax(-1)

    with torch.cuda.stream(torch.cuda.Stream()):
        step()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    print("running", flush=True)
    end = time.monotonic() + 240
    while time.monotonic() < end:
        start = time.monotonic()
        for _ in range(200):
            graph.replay()
        torch.cuda.synchronize()
        print(f"{(time.monotonic() - start) / 200 * 1e3:.3f} ms a step", flush=True)


STEPS = (parity, speech, recorded, shapes, kernels, server, torch_baseline, contended, options)


def main() -> None:
    known = {step.__name__: step for step in (*STEPS, language_model)} | {"table": figures.table}
    unknown = [name for name in sys.argv[1:] if name not in known]
    if unknown:
        sys.exit(f"unknown steps {unknown}; known are {sorted(known)}")
    failed = []
    for name in sys.argv[1:]:
        start = time.perf_counter()
        try:
            known[name]()
        except Exception as error:  # the other steps' figures are worth having
            failed.append(name)
            say(step=name, error=f"{type(error).__name__}: {error}"[:600])
        if name != "table":
            say(step=name, took_s=round(time.perf_counter() - start, 1))
    if failed:
        sys.exit(f"failed: {' '.join(failed)}")


if __name__ == "__main__":
    main()
