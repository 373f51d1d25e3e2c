"""Our server with TLS, with a certificate from a CA that only the tests know."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from pathlib import Path

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from server_peer import Server, Settings

HOST = "127.0.0.1"


def make_certificate(directory: Path) -> tuple[Path, Path, Path]:
    """Creates a CA and a certificate for loopback; returns the files of the CA, the certificate and its key."""
    now = datetime.datetime.now(datetime.UTC)

    def builder(name: str, issuer: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        def names(value: str) -> x509.Name:
            return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, value)])

        return (
            x509.CertificateBuilder()
            .subject_name(names(name))
            .issuer_name(names(issuer))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=1))
        )

    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
    ca = (
        builder("test CA", "test CA", ca_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    certificate = (
        builder("loopback", "test CA", key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    files = directory / "ca.pem", directory / "cert.pem", directory / "key.pem"
    files[0].write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[2].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return files


class TlsServer(Server):
    scheme = "https"

    def __init__(self, directory: Path, settings: Settings, arguments: tuple[str, ...] = ()) -> None:
        self.ca, certificate, key = make_certificate(directory)
        tls = {"tls_cert": str(certificate), "tls_key": str(key)}
        super().__init__(directory, settings | {"server": settings["server"] | tls}, arguments)
        self.context = ssl.create_default_context(cafile=str(self.ca))

    def status(self) -> int | None:
        try:
            return httpx.get(f"{self.root}/health", verify=self.context, timeout=2).status_code
        except httpx.TransportError:
            return None
