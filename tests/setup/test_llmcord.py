"""Every line of another bot's file is told as taken, changed or not supported."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from bot.config.reading import load_settings
from bot.setup.importing.command import run
from bot.setup.importing.llmcord import read
from bot.ui.texts.terminal import importing as texts

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GkItTk.not-a-real-token_0123456789"
TODAY = f"""
bot_token: {TOKEN}
client_id: 123456789012345678
status_message: hi
max_text: 100000
max_images: 5
max_messages: 25
use_plain_responses: false
allow_dms: true
permissions:
  users:
    admin_ids: [111111111111111111]
    allowed_ids: []
    blocked_ids: [222222222222222222, 333333333333333333]
  roles: {{allowed_ids: [444444444444444444], blocked_ids: []}}
  channels: {{allowed_ids: [], blocked_ids: ["555555555555555555"]}}
providers:
  openai: {{base_url: "https://api.openai.com/v1", api_key: sk-1}}
  openrouter: {{base_url: "https://openrouter.ai/api/v1", api_key: sk-or-2}}
models:
  openrouter/x-ai/grok-4:vision: {{temperature: 0.5, reasoning_effort: high}}
  openai/gpt-5:
system_prompt: |
  You are "kind".
  Today is {{date}}.
my_own: 1
"""
BEFORE_2025 = f"""
bot_token: {TOKEN}
model: ollama/llama3.2
providers: {{ollama: {{base_url: "http://localhost:11434/v1"}}}}
extra_api_parameters: {{max_tokens: 2048, temperature: 1}}
"""


def told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str, **flags: object
) -> tuple[int, str, list[object]]:
    """What the command prints, and what it stores in a server."""
    (tmp_path / "config.yaml").write_text(text)
    stored: list[object] = []

    async def store(guild_id: int, settings: object) -> None:
        stored.append((guild_id, settings))

    arguments = argparse.Namespace(**{"file": tmp_path / "config.yaml", "server": None, "force": False, **flags})
    code = run(arguments, tmp_path / ".env", store=store)
    printed = capsys.readouterr()
    return code, printed.out + printed.err, stored


def test_a_file_of_today(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    """The bot can start with what comes out, and each line of the file has a word."""
    code, said, stored = told(capsys, tmp_path, TODAY)
    assert code == 0
    settings = load_settings({}, tmp_path / ".env")
    assert settings.discord_token.get_secret_value() == TOKEN
    assert (settings.model, settings.temperature) == ("x-ai/grok-4", 0.5)
    assert settings.owner_ids == {111111111111111111}
    assert settings.system_prompt == 'You are "kind".\nToday is {date}.'
    assert settings.openrouter_api_key
    assert settings.openrouter_api_key.get_secret_value() == "sk-or-2"
    assert "setting:denied_users value:222222222222222222, 333333333333333333 scope:server" in said
    for line in ("client_id", "status_message", "allow_dms", "providers.openai", "models.openai/gpt-5", "my_own"):
        assert f"  {line}: " in said
    assert "reasoning_effort: there's no such setting" in said
    assert TOKEN not in said
    assert "sk-or-2" not in said
    assert not stored


def test_a_servers_settings_go_there(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    """With its id, who can ask and where is stored at once, as `/settings set` would."""
    _, said, stored = told(capsys, tmp_path, TODAY, server=999)
    assert stored == [
        (
            999,
            {
                "denied_users": "222222222222222222 333333333333333333",
                "allowed_roles": "444444444444444444",
                "denied_channels": "555555555555555555",
            },
        )
    ]
    assert "/settings set" not in said


def test_the_form_until_2025(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    """One model, and its parameters beside it."""
    told(capsys, tmp_path, BEFORE_2025)
    settings = load_settings({}, tmp_path / ".env")
    assert (settings.model_provider, settings.model, settings.max_tokens) == ("ollama", "llama3.2", 2048)
    assert settings.ollama_api_base == "http://localhost:11434"


def test_the_additions_of_js_llmcord(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    """What is here anyway is taken; a server that speaks OpenAI's protocol is one of ours."""
    text = (
        f"bot_token: {TOKEN}\nlog_level: warn\nper_channel_model: true\nrag: {{enable: false}}\n"
        'providers: {groq: {base_url: "https://api.groq.com/openai/v1", api_key: gsk-1}}\n'
        "models: {groq/openai/gpt-oss-120b: {reasoning_effort: low}}\n"
    )
    _, said, _ = told(capsys, tmp_path, text)
    settings = load_settings({}, tmp_path / ".env")
    assert (settings.model_provider, settings.model) == ("openai", "openai/gpt-oss-120b")
    assert settings.log_level == "WARNING"
    taken, _, left = said.partition("Not supported:")
    assert "  per_channel_model: " in taken
    assert "  rag: " in left


def test_what_is_set_already_stays(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    """Unless --force says otherwise."""
    (tmp_path / ".env").write_text("MODEL=openai/gpt-4o\nMINE=1\n")
    _, said, _ = told(capsys, tmp_path, TODAY)
    assert ".env has MODEL already" in said
    assert dotenv_values(tmp_path / ".env")["MODEL"] == "openai/gpt-4o"
    told(capsys, tmp_path, TODAY, force=True)
    written = dotenv_values(tmp_path / ".env")
    assert (written["MODEL"], written["MINE"]) == ("openrouter/x-ai/grok-4", "1")


@pytest.mark.parametrize("text", ["", "just words", "- a\n- list", "a: [", "!!python/object:os.system x", "\x00"])
def test_what_is_no_such_file_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str):
    """One line; `.env` stays as it is."""
    code, said, _ = told(capsys, tmp_path, text)
    assert (code, said) == (65, f"{texts.NOT_A_MAP}\n")
    assert not (tmp_path / ".env").exists()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["permissions", "providers", "models", "model", "bot_token", "x"]), VALUES))
def test_no_shape_of_a_value_is_too_strange(config: dict[str, object]):
    """A section that is something else is as if it weren't there."""
    import yaml  # noqa: PLC0415 - to write the file

    data = yaml.safe_dump(config).encode()
    if config:
        read(data)
