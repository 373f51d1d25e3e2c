"""nginx and HAProxy in front of our server: with the files that docker/ ships, and with what each does by default."""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path

from processes import Service, free_port
from programs import PROJECT
from tls_peer import make_certificate

TOOLS = PROJECT / ".venv-peers/bin"
WITHIN_S = 20
# The ports and files that the shipped configurations name.
SHIPPED_PORTS = ("127.0.0.1:8080", "127.0.0.1:8081")

# A bare proxy_pass: HTTP/1.0 towards the server, buffering on, 60 s.
BARE_NGINX = """
events {}
http {
    server {
        listen 443;
        location / { proxy_pass http://127.0.0.1:8080; }
    }
}
"""
# The defaults section of Debian's haproxy.cfg.
BARE_HAPROXY = """
defaults
    mode http
    option httplog
    option dontlognull
    timeout connect 5000
    timeout client 50000
    timeout server 50000
frontend tts
    bind :443
    default_backend svara
backend svara
    server one 127.0.0.1:8080
"""


class Proxy:
    """A proxy in front of one or two servers."""

    def __init__(self, kind: str, directory: Path, servers: list[int]) -> None:
        self.name = kind
        self.port = free_port()
        self.ca: Path | None = None
        text = {
            "nginx, bare": BARE_NGINX,
            "nginx": (PROJECT / "docker/nginx.conf").read_text(),
            "haproxy, bare": BARE_HAPROXY,
            "haproxy": (PROJECT / "docker/haproxy.cfg").read_text(),
        }[kind]
        if "ssl" in text:
            self.ca, certificate, key = make_certificate(directory)
            both = directory / "both.pem"
            both.write_bytes(certificate.read_bytes() + key.read_bytes())
            for shipped, here in (
                ("/etc/letsencrypt/live/tts.example.org/fullchain.pem", certificate),
                ("/etc/letsencrypt/live/tts.example.org/privkey.pem", key),
                ("/etc/haproxy/tts.example.org.pem", both),
            ):
                text = text.replace(shipped, str(here))
        self.root = f"{'https' if self.ca else 'http'}://127.0.0.1:{self.port}"
        for shipped, port in zip(SHIPPED_PORTS, servers, strict=False):
            text = text.replace(shipped, f"127.0.0.1:{port}")
        # Where there is one server, the line of the second one goes.
        text = "".join(line for line in text.splitlines(keepends=True) if not any(s in line for s in SHIPPED_PORTS))
        text = re.sub(r"\b(listen |bind :)443\b", rf"\g<1>{self.port}", text)
        config = directory / "proxy.conf"
        if kind.startswith("nginx"):
            config.write_text(text.replace("http {", f"http {{\n{nginx_paths(directory)}", 1))
            settings = f"daemon off; pid {directory}/pid; error_log stderr;"
            # Its workers have to enter the directory of the test.
            settings += " user root;" if os.geteuid() == 0 else ""
            command = [TOOLS / "nginx", "-p", str(directory), "-e", "stderr", "-c", str(config), "-g", settings]
        else:
            config.write_text(text)
            command = [TOOLS / "haproxy", "-db", "-f", str(config)]
        self.service = Service(kind, command, directory / "proxy.log", dict(os.environ), directory)
        self.service.wait_ready(self.listens, WITHIN_S)

    def listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self) -> None:
        self.service.kill()


def nginx_paths(directory: Path) -> str:
    """Debian's are root's, and don't exist where the package isn't installed."""
    paths = [f"{kind}_temp_path {directory};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")]
    return "\n".join(["access_log off;", *paths]) + "\n"
