"""The files that deploy the bot: what they name exists, and what they run is what `make run` runs."""

from __future__ import annotations

import configparser
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.config.reading import load_settings
from bot.config.settings import Settings

ROOT = Path(__file__).parents[1]
COMPOSED = (ROOT / "compose.yaml", ROOT / "deploy" / "fleet" / "compose.yaml")
RUN = "-m bot"
OURS = {"PYTHONPATH", "PYTHONUNBUFFERED", "PATH"}
KEYS = {"DISCORD_TOKEN": "MTIz.abc.defghijklmnop", "OPENROUTER_API_KEY": "sk-or-v1-a-key"}


def services(path: Path) -> dict[str, dict[str, Any]]:
    return yaml.safe_load(path.read_text())["services"]


def bots(path: Path) -> dict[str, dict[str, Any]]:
    return {name: service for name, service in services(path).items() if name.startswith("bot")}


def unit() -> configparser.SectionProxy:
    parser = configparser.RawConfigParser(strict=False, comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[assignment,method-assign] # systemd's names have capitals
    parser.read(ROOT / "deploy" / "systemd" / "headwater.service")
    return parser["Service"]


@pytest.mark.parametrize("path", COMPOSED, ids=str)
def test_what_is_mounted_and_built_exists(path: Path):
    """Paths start at the file's own folder; volumes are declared."""
    declared = yaml.safe_load(path.read_text())["volumes"]
    for service in services(path).values():
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert (path.parent / source).exists() if source.startswith(".") else source in declared
        if "build" in service:
            assert (path.parent / service["build"] / "Dockerfile").is_file()


@pytest.mark.parametrize("path", COMPOSED, ids=str)
def test_the_bot_gets_settings_that_it_knows_and_accepts(path: Path):
    """With a token and a key, each process would start."""
    for service in bots(path).values():
        given = {name: re.sub(r"\$\{.*?\}", "secret", value) for name, value in service["environment"].items()}
        assert {name.lower() for name in given.keys() - OURS} <= Settings.model_fields.keys()
        load_settings(KEYS | given, None)


def test_the_fleets_processes_share_the_shards():
    """Each shard has one process."""
    share = [service["environment"] for service in bots(COMPOSED[1]).values()]
    (count,) = {each["SHARD_COUNT"] for each in share}
    assert sorted(int(each["SHARD_IDS"]) for each in share) == list(range(int(count)))


@pytest.mark.parametrize("path", COMPOSED, ids=str)
def test_the_bot_can_change_nothing_but_its_data(path: Path):
    """Read-only, without capabilities, restarted unless a person is needed, and given time to end its answers."""
    for service in bots(path).values():
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["restart"] == "on-failure:5"
        assert service["stop_grace_period"] == "15s"


@pytest.mark.parametrize("path", COMPOSED, ids=str)
def test_images_have_a_version(path: Path):
    """Ours is built here; nobody else's changes overnight."""
    images = [service["image"] for service in services(path).values() if "build" not in service]
    assert not [image for image in images if ":" not in image or image.endswith(":latest")]


def test_the_image_runs_the_bot_as_nobody_special():
    """From a base with a patch version; what it copies exists."""
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert all(
        re.fullmatch(r"FROM python:3\.11\.\d+-slim-\w+( AS build)?", each) for each in lines if "FROM" in each
    )
    copied = [each.split()[1:-1] for each in lines if each.startswith("COPY") and "--from" not in each]
    assert all((ROOT / source).exists() for sources in copied for source in sources)
    assert "USER headwater" in lines
    assert lines[-1] == 'CMD ["python", "-m", "bot"]'


def test_prometheus_and_grafana_find_what_they_read():
    """Both processes are asked, and the alerts and the dashboard are where the settings say."""
    prometheus = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yaml").read_text())
    assert all((ROOT / "deploy" / "prometheus" / file).is_file() for file in prometheus["rule_files"])
    (job,) = prometheus["scrape_configs"]
    assert {target.partition(":")[0] for target in job["static_configs"][0]["targets"]} == bots(COMPOSED[1]).keys()
    mounted = services(COMPOSED[1])["grafana"]["volumes"]
    provided = yaml.safe_load((ROOT / "deploy/grafana/provisioning/dashboards/headwater.yaml").read_text())
    (folder,) = [each["options"]["path"] for each in provided["providers"]]
    assert any(f"{folder}/headwater.json" in volume for volume in mounted)


def test_systemd_and_platforms_run_the_same():
    """And exit code 78 isn't tried again."""
    service = unit()
    assert service["ExecStart"].endswith(RUN)
    assert service["RestartPreventExitStatus"] == "78"
    assert service["DynamicUser"] == "yes"
    assert (ROOT / "Procfile").read_text().strip().endswith(RUN)
