"""Generated clients: they are made without a warning, type-check, and get through a registration.

The generators are not among the dependencies of the tests; .ci/run installs them:

    pip install openapi-python-client mypy && npm ci --prefix .ci
"""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from enrollment.api.export import MEDIA_TYPES, ZIP
from tests.support.document import DOCUMENT
from tests.support.server import Server

STORIES = Path(__file__).parent / "clients"
NODE_MODULES = Path(__file__).parents[2] / ".ci" / "node_modules"


def run(*command: str | Path, cwd: Path, **environment: str) -> None:
    done = subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a client is generated: an empty folder with the document."""
    folder = tmp_path / "client"
    folder.mkdir()
    (folder / "openapi.json").write_text(json.dumps(DOCUMENT))
    return folder


@pytest.mark.skipif(
    not all(map(importlib.util.find_spec, ("openapi_python_client", "mypy"))),
    reason="the Python client needs openapi-python-client and mypy, which are not installed",
)
def test_a_generated_python_client_gets_through_a_registration(server: Server, folder: Path):
    shutil.copy(STORIES / "story.py", folder)
    python = [sys.executable, "-m"]
    # The generator knows no archive, workbook or list unless the document says that they are bytes.
    files = (ZIP, MEDIA_TYPES["xlsx"], "text/csv")
    binary = dict.fromkeys(files, "application/octet-stream")
    (folder / "config.json").write_text(json.dumps({"content_type_overrides": binary}))
    # The generator formats what it has made with the ruff of its own environment.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

    run(
        *python,
        *("openapi_python_client", "generate", "--fail-on-warning", "--meta", "none"),
        *("--path", "openapi.json", "--output-path", "enrollment_client"),
        *("--config", "config.json"),
        cwd=folder,
        PATH=path,
    )
    run(*python, "mypy", "--strict", "--follow-imports", "silent", "story.py", cwd=folder)
    run(
        *(sys.executable, "story.py"),
        cwd=folder,
        URL=f"http://127.0.0.1:{server.port}",
        TOKEN=server.token,
    )


@pytest.mark.skipif(
    not (shutil.which("node") and (NODE_MODULES / "openapi-typescript").exists()),
    reason="the TypeScript client needs node and `npm ci --prefix .ci`, which are not here",
)
def test_a_generated_typescript_client_gets_through_a_registration(server: Server, folder: Path):
    for name in ("story.ts", "tsconfig.json"):
        shutil.copy(STORIES / name, folder)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "node_modules").symlink_to(NODE_MODULES)
    tools = NODE_MODULES / ".bin"

    run(
        *(tools / "openapi-typescript", "openapi.json", "--output", "api.d.ts"),
        # Otherwise a request must have every field that has a default.
        *("--default-non-nullable", "false"),
        cwd=folder,
    )
    run(tools / "tsc", cwd=folder)
    run("node", "story.js", cwd=folder, URL=f"http://127.0.0.1:{server.port}", TOKEN=server.token)
