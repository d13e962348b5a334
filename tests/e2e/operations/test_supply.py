"""What the dependencies bring along: nothing that runs by itself, and no conversation with anybody else."""

from __future__ import annotations

import json
import re
from importlib.metadata import PackageNotFoundError, files
from urllib.parse import urlsplit

from playground.openrouter import Script
from tests.e2e.conftest import ROOT, World

# Written into a folder that Python looks into first, it notes each address that the process asks for.
RECORDER = """
import json, os, sys

def note(event, arguments):
    if event in {"socket.connect", "socket.getaddrinfo", "socket.sendto"}:
        address = arguments[1] if event != "socket.getaddrinfo" else arguments[:2]
        with open(os.environ["CONNECTIONS"], "a") as out:
            print(json.dumps([event, str(address)]), file=out)

sys.addaudithook(note)
"""
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==", re.MULTILINE)


def test_no_dependency_runs_code_at_every_start():
    """A `.pth` file with an import line is how litellm 1.82.8 stole keys; none of the pinned packages has one."""
    found = {}
    for name in PINNED.findall((ROOT / "requirements.txt").read_text()):
        try:
            listed = files(name) or []
        except PackageNotFoundError:  # for another platform or version of Python
            continue
        found[name] = [str(file) for file in listed if file.suffix == ".pth" or file.name == "sitecustomize.py"]
    assert len(found) > 40
    assert not {name: hooks for name, hooks in found.items() if hooks}


async def test_a_whole_run_speaks_to_the_configured_hosts_alone(world: World):
    """Start, answers, commands, a failure, a stop: each connection goes to Discord or the provider."""
    recorder = world.folder / "recorder"
    recorder.mkdir()
    (recorder / "sitecustomize.py").write_text(RECORDER)
    noted = world.folder / "connections"
    await world.start(PYTHONPATH=f"{recorder}:{ROOT}", CONNECTIONS=str(noted))
    world.scripts += [Script(text="One", tokens_per_second=0), Script(status=500), Script(status=404)]
    for number in range(3):
        await world.reply(world.ask(f"question {number}"), timeout=60)
    await world.discord.command(world.admin, world.channel, "model list")
    await world.discord.command(world.admin, world.channel, "usage")
    await world.discord.command(world.admin, world.channel, "doctor")
    await world.stop()
    asked = [json.loads(line) for line in noted.read_text().splitlines()]
    ports = {urlsplit(url).port for url in (world.discord.api_base, world.router.base_url)}
    allowed = {str(("127.0.0.1", port)) for port in ports}
    assert any(event == "socket.connect" for event, _ in asked)
    assert not {address for _, address in asked} - allowed
