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
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from aiohttp import web

from bot.settings import Settings
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


_GIVEN = {
    "APIXO_API_KEY": "a-key",
    "AWS_SECRET_ACCESS_KEY": "a-secret",
    "DISCORD_TOKEN": "a-token",
    "POSTGRES_PASSWORD": "secret",
    "PUBLIC_URL": "https://bot.example",
}
"""What `.env` has for the cluster."""


def cluster() -> dict[str, Any]:
    """Read the cluster, with the values of its `.env`."""
    text = (ROOT / "compose.cluster.yaml").read_text()
    return yaml.safe_load(re.sub(r"\$\{(\w+):\?\}", lambda found: _GIVEN[found[1]], text))


def test_the_cluster_is_one_service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Its settings are the service's, and the same for both; each has a folder of its own."""
    compose = cluster()
    bots = [compose["services"][name] for name in ("dailies-1", "dailies-2")]
    assert bots[0]["environment"] == bots[1]["environment"]
    assert bots[0]["volumes"] != bots[1]["volumes"]
    monkeypatch.chdir(tmp_path)
    for name, value in {**_GIVEN, **bots[0]["environment"]}.items():
        monkeypatch.setenv(name, value)
    settings = Settings.read()
    assert settings.media_store == "s3://dailies"
    (network,) = compose["networks"]["default"]["ipam"]["config"]
    assert [str(each) for each in settings.trusted_proxies] == [network["subnet"]]
    bucket = compose["services"]["bucket"]
    assert bucket["entrypoint"][-1].endswith(f"/{settings.media_store.removeprefix('s3://')}")
    assert bucket["environment"]["MC_HOST_here"].endswith(
        bots[0]["environment"]["AWS_ENDPOINT_URL"].removeprefix("http:/").removeprefix("/")
    )
    upstreams = re.findall(r"(dailies-\d):8080", (DEPLOY / "Caddyfile.cluster").read_text())
    assert upstreams == ["dailies-1", "dailies-2"]


def test_the_cluster_has_limits_and_files_that_are_there():
    """As compose.yaml has; what waits for another service waits for one that says when it is up."""
    compose = cluster()
    for name, service in compose["services"].items():
        assert service["init"], name
        assert service["mem_limit"], name
        assert "max-size" in service["logging"]["options"], name
        assert "build" in service or not service["image"].endswith(":latest"), name
        for needed, wanted in service.get("depends_on", {}).items():
            is_done = wanted["condition"] == "service_completed_successfully"
            assert is_done or "healthcheck" in compose["services"][needed], needed
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            is_there = (ROOT / source).exists() if "/" in source else source in compose["volumes"]
            assert is_there, source


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


def caddy_command(folder: Path, public: int, own: int, sample: str = "Caddyfile") -> list[str]:
    text = (DEPLOY / sample).read_text()
    for name in ("bot.example {", "{$PUBLIC_URL} {"):
        text = text.replace(name, f"http://127.0.0.1:{public} {{", 1)
    text = text.replace("dailies-1:8080 dailies-2:8080", "127.0.0.1:8080")
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
        for path in (
            "/callbacks/apixo/{token}",
            "/media/{signed}",
            "/metrics",
            "/readyz",
            "/healthz",
        )
    ]
    async with serve("127.0.0.1", 0, seen) as own:
        commands = {
            "caddy": caddy_command,
            "caddy of the cluster": partial(caddy_command, sample="Caddyfile.cluster"),
            "nginx": nginx_command,
        }
        command = commands[proxy](folder, public, own)
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


@pytest.mark.parametrize("proxy", ["caddy", "caddy of the cluster", "nginx"])
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
