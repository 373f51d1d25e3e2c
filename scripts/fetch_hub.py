#!/usr/bin/env python3
"""Downloads files of a model repository into the Hugging Face cache, and verifies each against the hub's checksum.

    fetch_hub.py REPOSITORY [--revision NAME] [--files PATTERN...] [--update]

Prints the directory with the files. It resumes interrupted downloads. If all files are there and verified, it doesn't
contact the hub, except with --update. It honours HF_TOKEN, HF_ENDPOINT, HF_HOME and HF_HUB_OFFLINE=1 (no downloads; the
files must be complete). Needs huggingface_hub, which is also a dependency of vLLM.

Exit codes: 1 permanent failure; 75 temporary failure (the network, the hub): a retry may succeed.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import time
from fnmatch import fnmatch
from pathlib import Path

# Uses plain HTTP downloads, which can be resumed and which every mirror supports.
os.environ.setdefault("HF_HUB_DISABLE_XET", "1")

import httpx2
from huggingface_hub import HfApi, constants, snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.hf_api import RepoSibling

ATTEMPTS = 5
TRY_AGAIN = 75  # EX_TEMPFAIL


class Failure(Exception):
    """A failure with a message for the user."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository")
    parser.add_argument("--revision", default="main")
    parser.add_argument("--files", nargs="+", default=["*"], metavar="PATTERN")
    parser.add_argument("--update", action="store_true", help="contact the hub even if all files are there")
    args = parser.parse_args()
    try:
        print(fetch(args.repository, args.revision, args.files, args.update))
    except Failure as failure:
        print(f"fetch_hub: {args.repository}: {failure}", file=sys.stderr)
        sys.exit(failure.code)


def fetch(repository: str, revision: str, patterns: list[str], update: bool) -> Path:
    if constants.HF_HUB_OFFLINE or not update:
        known = local(repository, revision)
        if known is not None and checked(known, patterns):
            return known
        if constants.HF_HUB_OFFLINE:
            raise Failure("HF_HUB_OFFLINE is set, but files are missing or not verified; download them once online")
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return fetch_once(repository, revision, patterns)
        except (httpx2.TransportError, LocalEntryNotFoundError, OSError) as error:
            # The library raises LocalEntryNotFoundError if the hub is unreachable.
            if attempt == ATTEMPTS:
                raise Failure(f"the hub at {constants.ENDPOINT} failed {ATTEMPTS} times: {error}", TRY_AGAIN) from error
            print(f"fetch_hub: {repository}: {error}; retrying", file=sys.stderr)
            time.sleep(min(2.0**attempt, 30.0) * float(os.environ.get("FETCH_HUB_BACKOFF", "1")))
    raise AssertionError("the last attempt returns or raises")


def fetch_once(repository: str, revision: str, patterns: list[str]) -> Path:
    try:
        info = HfApi().model_info(repository, revision=revision, files_metadata=True, timeout=30)
        wanted = [s for s in info.siblings or [] if any(fnmatch(s.rfilename, p) for p in patterns)]
        if not wanted:
            raise Failure(f"contains no file that matches {' '.join(patterns)}")
        # Uses the revision's name, so that the cache records which commit it stands for.
        names = [s.rfilename for s in wanted]
        path = Path(snapshot_download(repository, revision=revision, allow_patterns=names))
    except GatedRepoError as error:
        raise Failure("the hub requires an account that has accepted the model's terms: set HF_TOKEN") from error
    except RepositoryNotFoundError as error:
        raise Failure(f"not found at {constants.ENDPOINT}, or private and HF_TOKEN is missing or wrong") from error
    except RevisionNotFoundError as error:
        raise Failure(f"has no revision {revision}") from error
    except OfflineModeIsEnabled as error:
        raise Failure(str(error)) from error
    except HfHubHTTPError as error:
        status = error.response.status_code
        if status in (401, 403):
            raise Failure(f"the hub answered {status}: HF_TOKEN is missing, wrong or has no access") from error
        if status < 500 and status != 429:
            raise Failure(f"the hub answered {status}: {error}") from error
        raise ConnectionError(f"the hub answered {status}") from error
    if path.name != info.sha:
        raise ConnectionError(f"{revision} changed during the download")
    for sibling in wanted:
        check(path / sibling.rfilename, sibling)
    stamp(path).write_text("\n".join(sorted(patterns)) + "\n", encoding="utf-8")
    return path


def check(path: Path, sibling: RepoSibling) -> None:
    """Verifies a file against the hub's checksum. Removes a wrong file, so that it is downloaded again."""
    if sibling.lfs is not None:
        kind, digest, expected = "SHA-256", hashlib.sha256(), sibling.lfs.sha256
    elif sibling.blob_id is not None:
        kind, digest, expected = "Git blob id", hashlib.sha1(usedforsecurity=False), sibling.blob_id
        digest.update(f"blob {path.stat().st_size}\0".encode())
    else:
        raise Failure(f"{path.name}: the hub has no checksum")
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    if digest.hexdigest() != expected:
        path.resolve().unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        raise Failure(f"{path.name}: {kind} is {digest.hexdigest()} and should be {expected}; removed", TRY_AGAIN)


def local(repository: str, revision: str) -> Path | None:
    """The snapshot in the cache, complete or not."""
    root = Path(constants.HF_HUB_CACHE) / f"models--{repository.replace('/', '--')}"
    reference = root / "refs" / revision
    commit = reference.read_text(encoding="utf-8").strip() if reference.is_file() else revision
    snapshot = root / "snapshots" / commit
    return snapshot if snapshot.is_dir() else None


def stamp(snapshot: Path) -> Path:
    """The file that lists the verified patterns of a snapshot; outside it, so that it isn't taken for a model file."""
    return snapshot.parent.parent / f".checked-{snapshot.name}"


def checked(snapshot: Path, patterns: list[str]) -> bool:
    file = stamp(snapshot)
    return file.is_file() and set(patterns) <= set(file.read_text(encoding="utf-8").splitlines())


if __name__ == "__main__":
    main()
