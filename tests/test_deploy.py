"""What is shipped for running the service: the unit, proxies, compose, and the monitoring.

Each file is tried by the program that reads it, where that is installed (`apt install nginx caddy
prometheus prometheus-alertmanager`); its names are held against the service in any case.
"""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from aiohttp import web

from bot.web.server import serve
from tests.harness.ports import free_port

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
MONITORING = DEPLOY / "monitoring"
_PATIENCE_S = 20


def program(name: str) -> str:
    """Return the path of a program, or skip the test."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.skip(f"there is no {name} here")
    return found


def run(*words: str) -> None:
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def known_metrics() -> set[str]:
    """Return the names of docs/operating.md's table, which the tests of /metrics hold."""
    table = (ROOT / "docs" / "operating.md").read_text()
    named = set(re.findall(r"^\| `(dailies_\w+)` \|", table, re.MULTILINE))
    histograms = {f"dailies_delivery_seconds_{part}" for part in ("bucket", "sum", "count")}
    process = {"process_resident_memory_bytes", "process_cpu_seconds_total"}
    return named | histograms | process | {"up"}


def unit() -> dict[str, list[str]]:
    """Return the settings of the unit, by name."""
    found: dict[str, list[str]] = {}
    text = (DEPLOY / "dailies.service").read_text()
    for name, value in re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE):
        found.setdefault(name, []).append(value)
    return found


def test_the_unit_starts_the_service_and_no_file_of_its_folder(tmp_path: Path):
    """Its command, its environment, and a folder with a `bot.py` of somebody's."""
    (tmp_path / "bot.py").write_text("raise SystemExit('run by mistake')")
    given = dict(word.split("=", 1) for word in unit()["Environment"][0].split())
    assert given["PYTHONSAFEPATH"] == "1"
    given["PYTHONPATH"] = given["PYTHONPATH"].replace("/opt/dailies", str(ROOT))
    python, *words = unit()["ExecStart"][0].split()
    assert python == "/opt/dailies/.venv/bin/python"
    ended = subprocess.run(
        [sys.executable, *words, "--version"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], **given},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout.startswith("Dailies ")) == (0, True), ended.stderr


def test_the_unit_is_what_systemd_takes(tmp_path: Path):
    """But for what it is to be installed first; wrong settings are not started again."""
    assert unit()["RestartPreventExitStatus"] == ["2"]
    text = (DEPLOY / "dailies.service").read_text()
    text = text.replace("/opt/dailies/.venv/bin/python", sys.executable)
    path = tmp_path / "dailies.service"
    path.write_text(text.replace("/opt/dailies", str(tmp_path)))
    said = subprocess.run(
        [program("systemd-analyze"), "verify", "--man=no", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    odd = [line for line in said.stderr.splitlines() if "Restart" not in line and "unit" in line]
    assert odd == [], said.stderr  # an older systemd passes over growing pauses


def test_compose_has_what_the_docs_say():
    """Profiles, limits, rotation, and files that are there."""
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())
    services = compose["services"]
    assert {name: service.get("profiles") for name, service in services.items()} == {
        "dailies": None,
        "postgres": ["postgres"],
        "prometheus": ["monitoring"],
        "alertmanager": ["monitoring"],
        "grafana": ["monitoring"],
    }
    for name, service in services.items():
        assert service["init"], name
        assert "max-size" in service["logging"]["options"], name
        assert service["mem_limit"], name
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            is_there = (ROOT / source).exists() if "/" in source else source in compose["volumes"]
            assert is_there, source
    uid = re.search(r"--uid (\d+)", (ROOT / "Dockerfile").read_text())
    assert uid is not None
    assert services["dailies"]["user"] == f"{uid[1]}:{uid[1]}"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("promtool", ["check", "rules", str(ROOT / "docs" / "alerts.yml")]),
        ("amtool", ["check-config", str(MONITORING / "alertmanager.yml")]),
    ],
)
def test_the_monitoring_is_taken_by_its_programs(name: str, words: Sequence[str]):
    """Rules by Prometheus' own, the example of routes by Alertmanager's."""
    run(program(name), *words)


def test_prometheus_takes_its_settings(tmp_path: Path):
    """Which scrape the job that the rules name."""
    text = (MONITORING / "prometheus.yml").read_text()
    jobs = yaml.safe_load(text)["scrape_configs"]
    assert [job["job_name"] for job in jobs] == ["dailies"]
    path = tmp_path / "prometheus.yml"
    path.write_text(text.replace("/etc/prometheus/alerts.yml", str(ROOT / "docs" / "alerts.yml")))
    run(program("promtool"), "check", "config", str(path))


def test_the_board_shows_figures_that_there_are():
    """Each panel has a title, a place of its own, and names of /metrics."""
    board = json.loads((MONITORING / "grafana" / "dailies.json").read_text())
    source = yaml.safe_load(
        (MONITORING / "grafana" / "provisioning" / "datasources" / "prometheus.yml").read_text()
    )["datasources"][0]
    places = set[tuple[int, int]]()
    for panel in board["panels"]:
        assert panel["title"]
        assert panel["datasource"]["uid"] == source["uid"]
        at = panel["gridPos"]
        cells = {(x, y) for x in _span(at, "x", "w") for y in _span(at, "y", "h")}
        assert not cells & places, panel["title"]
        assert max(x for x, _ in cells) < 24
        places |= cells
        for target in panel["targets"]:
            names = set(re.findall(r"\b(?:dailies_|process_|python_)\w+", target["expr"]))
            assert names <= known_metrics(), panel["title"]
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def _span(at: dict[str, int], start: str, length: str) -> range:
    return range(at[start], at[start] + at[length])


def caddy_command(folder: Path, public: int, own: int) -> list[str]:
    text = (DEPLOY / "Caddyfile").read_text()
    text = text.replace("bot.example {", f"http://127.0.0.1:{public} {{", 1)
    path = folder / "Caddyfile"
    path.write_text(f"{{\n\tadmin off\n}}\n{text.replace('127.0.0.1:8080', f'127.0.0.1:{own}')}")
    return [program("caddy"), "run", "--config", str(path), "--adapter", "caddyfile"]


def nginx_command(folder: Path, public: int, own: int) -> list[str]:
    text = (DEPLOY / "nginx.conf").read_text()
    text = re.sub(r"^\s*ssl_certificate.*\n", "", text, flags=re.MULTILINE)
    text = text.replace("listen 443 ssl", f"listen 127.0.0.1:{public}")
    text = text.replace("127.0.0.1:8080", f"127.0.0.1:{own}")
    path = folder / "nginx.conf"
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    path.write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log stderr; events {{}}\n"
        f"http {{ {temporary}\n{text} }}\n"
    )
    return [program("nginx"), "-p", str(folder), "-c", str(path)]


@asynccontextmanager
async def behind(proxy: str, folder: Path) -> AsyncGenerator[str]:
    """Run a proxy with its sample before a small service, and yield its public address."""
    public = free_port()
    seen = [
        web.route("*", path, _echo)
        for path in ("/callbacks/apixo/{token}", "/media/{signed}", "/metrics", "/readyz")
    ]
    async with serve("127.0.0.1", 0, seen) as own:
        command = {"caddy": caddy_command, "nginx": nginx_command}[proxy](folder, public, own)
        process = await asyncio.create_subprocess_exec(
            *command,
            env={**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder)},
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            yield f"http://127.0.0.1:{public}"
        finally:
            process.terminate()
            await process.wait()


async def _echo(request: web.Request) -> web.Response:
    body = await request.read()
    forwarded = request.headers.get("X-Forwarded-For")
    return web.json_response({"path": request.path, "body": len(body), "client": forwarded})


@pytest.mark.parametrize("proxy", ["caddy", "nginx"])
async def test_a_proxy_lets_through_what_is_for_the_public(proxy: str, tmp_path: Path):
    """Callbacks and links with the client's address; neither figures nor large bodies."""
    async with behind(proxy, tmp_path) as public, aiohttp.ClientSession() as session:
        said = await _answer(session, f"{public}/media/a.r.1.b.mp4")
        assert said == {"path": "/media/a.r.1.b.mp4", "body": 0, "client": "127.0.0.1"}
        async with session.post(f"{public}/callbacks/apixo/1.x.1.y", data=b"{}") as answer:
            assert (await answer.json())["body"] == 2
        for path in ("/metrics", "/readyz", "/healthz", "/"):
            async with session.get(f"{public}{path}") as answer:
                assert answer.status == 404, path
        large = b"x" * 100_000
        async with session.post(f"{public}/callbacks/apixo/1.x.1.y", data=large) as answer:
            assert answer.status == 413


async def _answer(session: aiohttp.ClientSession, url: str) -> Any:
    """Ask until the proxy listens."""
    async with asyncio.timeout(_PATIENCE_S):
        while True:
            try:
                async with session.get(url) as answer:
                    return await answer.json()
            except aiohttp.ClientConnectorError:
                await asyncio.sleep(0.05)
