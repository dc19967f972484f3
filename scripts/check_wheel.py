"""Install a wheel into a fresh virtual environment and use it: it says its version, serves, and answers."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import venv
from pathlib import Path
from urllib.request import Request, urlopen

LOCK = Path(__file__).resolve().parent.parent / "requirements" / "run.txt"
READY = "Homeroom is ready on "
PATIENCE = 60.0


def main(wheel: str) -> int:
    folder = Path(tempfile.mkdtemp(prefix="homeroom-wheel-"))
    try:
        homeroom = install(Path(wheel).resolve(), folder / "venv")
        print(said(homeroom, "--version"))
        print(f"GET /api/v1/users/self: {first_answer(homeroom, folder / 'data')}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def install(wheel: Path, folder: Path) -> Path:
    venv.create(folder, with_pip=True)
    pip: list[str | Path] = [folder / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "-qq"]
    subprocess.run([*pip, "install", "--require-hashes", "-r", LOCK], check=True)
    subprocess.run([*pip, "install", "--no-deps", wheel], check=True)
    subprocess.run([*pip, "check"], check=True)
    return folder / "bin" / "homeroom"


def said(*command: str | Path) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd="/").stdout.strip()


def first_answer(homeroom: Path, data: Path) -> str:
    # From another folder, and without the checkout in sight: the wheel has to bring all it needs.
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("HOMEROOM_", "PYTHON"))}
    command: list[str | Path] = [homeroom, "serve", "--port", str(free_port()), "--data", data]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=data.parent, env=environment
    ) as server:
        too_late = threading.Timer(PATIENCE, server.kill)
        too_late.start()
        try:
            address = wait_until_ready(server)
            token = (data / "admin-token").read_text().strip()
            request = Request(f"{address}/api/v1/users/self", headers={"Authorization": f"Bearer {token}"})
            with urlopen(request, timeout=10) as answer:
                return f"{answer.status}, {json.load(answer)['name']!r}"
        finally:
            too_late.cancel()
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                raise SystemExit("The server did not stop when it was asked to.") from None


def wait_until_ready(server: "subprocess.Popen[str]") -> str:
    lines = []
    for line in server.stdout or ():
        if READY in line:
            return line.split(READY, 1)[1].split()[0].rstrip("/.")
        lines.append(line)
    raise SystemExit("The server from the wheel never said that it is ready:\n" + "".join(lines))


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
