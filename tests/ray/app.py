"""vLLM as Ray Serve's LLM app, on CPUs, with the tiny checkpoint.

With GPUs, the model is another, `accelerator_type` stands in place of the bundles, and `dtype` and `enforce_eager` go.
"""

from __future__ import annotations

import os
from typing import Any

from ray.serve.config import RequestRouterConfig
from ray.serve.llm import LLMConfig, build_openai_app

MODEL = "svara"
# The server sends the voice as x-session-id, which this router hashes; Ray's default looks at the load alone.
BY_SESSION = "ray.serve.experimental.consistent_hash_router.ConsistentHashRouter"
# What the replicas need of the driver's environment. PYTHONPATH has svara-vllm.
VARIABLES = ["PYTHONPATH", "HF_HUB_OFFLINE", "OMP_NUM_THREADS"]


def build(checkpoint: str, replicas: int, by_session: bool) -> Any:
    """The application, which Ray serves at `/v1`."""
    deployment: dict[str, Any] = {"num_replicas": replicas, "max_ongoing_requests": 256, "health_check_period_s": 2}
    if by_session:
        deployment["request_router_config"] = RequestRouterConfig(request_router_class=BY_SESSION)
    names = [name for name in os.environ if name in VARIABLES or name.startswith("VLLM_")]
    variables = {name: os.environ[name] for name in names}
    config = LLMConfig(
        model_loading_config={"model_id": MODEL, "model_source": checkpoint},
        placement_group_config={"bundles": [{"CPU": 1}]},
        deployment_config=deployment,
        # As config/supervisor.toml. Ray starts vLLM's engine itself: these are its arguments, not the command line's.
        engine_kwargs={
            "max_model_len": 4096,
            "generation_config": "vllm",
            "logits_processors": ["svara_vllm:FrameMask"],
            "scheduling_policy": "priority",
            "dtype": "float32",
            "enforce_eager": True,
        },
        runtime_env={"env_vars": variables},
        # Ray gathers a stream's events for 50 ms by default, which a listener would wait for.
        experimental_configs={"stream_batching_interval_ms": 0},
    )
    ingress = {"num_replicas": 1, "ray_actor_options": {"num_cpus": 0}}
    return build_openai_app({"llm_configs": [config], "ingress_deployment_config": ingress})
