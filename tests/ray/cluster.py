"""A Ray cluster of this machine alone, with the app of app.py, until it gets SIGTERM.

cluster.py CHECKPOINT PORT REPLICAS [--by-session]
"""

from __future__ import annotations

import signal
import sys
import tempfile

import ray
from app import build
from ray import serve

checkpoint, port, replicas, *options = sys.argv[1:]
scratch = tempfile.mkdtemp(prefix="ray", dir="/tmp")  # the paths of its sockets must be short
# A replica takes a core for itself, and one for its engine.
ray.init(num_cpus=2 * int(replicas), include_dashboard=False, object_store_memory=200_000_000, _temp_dir=scratch)
serve.start(http_options={"host": "127.0.0.1", "port": int(port)})
serve.run(build(checkpoint, int(replicas), "--by-session" in options), name="svara")
print("ready", flush=True)
signal.sigwait([signal.SIGTERM])
serve.shutdown()
ray.shutdown()
