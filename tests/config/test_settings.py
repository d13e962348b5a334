"""Which settings are accepted, and what the owner reads about the others."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path

import pytest
from dotenv import dotenv_values
from pydantic import ValidationError

from bot.config.reading import SettingsError, load_settings, misspelled
from bot.config.settings import Settings
from bot.core.model_ids import Provider

EXAMPLE = Path(__file__).parents[2] / ".env.example"
TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GkItTk.not-a-real-token_0123456789"
KEY = "sk-or-v1-not-a-real-key"
NEEDED = {"DISCORD_TOKEN": TOKEN, "OPENROUTER_API_KEY": KEY}


def faults(env_file: Path | None = None, **env: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load_settings(env, env_file)
    return caught.value.faults


def settings(**env: str) -> Settings:
    return load_settings(NEEDED | env, None)


def test_two_settings_are_enough() -> None:
    """The defaults are those of the contract."""
    loaded = settings()
    assert loaded.discord_token.get_secret_value() == TOKEN
    assert loaded.openrouter_api_key
    assert loaded.openrouter_api_key.get_secret_value() == KEY
    assert loaded.model_provider is Provider.OPENROUTER
    assert loaded.openrouter_api_base == "https://openrouter.ai/api/v1"
    assert (loaded.model, loaded.fallback_models) == ("openai/gpt-4o-mini", ())
    assert (loaded.max_tokens, loaded.temperature, loaded.max_streams) == (4096, None, 250)
    assert (loaded.max_streams_per_person, loaded.streams_per_server) == (3, 200)
    assert (loaded.first_token_timeout, loaded.token_gap_timeout, loaded.answer_timeout) == (60, 60, 600)
    assert loaded.database_path == Path("data/headwater.db")
    assert (loaded.message_content_intent, loaded.owner_ids) == (False, frozenset())
    assert (loaded.log_level, loaded.log_format, loaded.data_collection) == ("INFO", "text", "deny")
    assert (loaded.discord_api_base, loaded.discord_gateway) == (None, None)
    assert loaded.system_prompt


def test_settings_cannot_be_changed() -> None:
    """They are what the bot was started with."""
    with pytest.raises(ValidationError):
        settings().max_tokens = 1


SHARED = {"DATABASE_URL": "postgresql://h/n"}


@pytest.mark.parametrize(
    ("env", "name", "value"),
    [
        (
            {"OPENROUTER_API_BASE": "http://127.0.0.1:8080/api/v1/"},
            "openrouter_api_base",
            "http://127.0.0.1:8080/api/v1",
        ),
        ({"MODEL": "openrouter/anthropic/claude-x"}, "model", "anthropic/claude-x"),
        ({"MODEL": "openrouter/auto"}, "model", "openrouter/auto"),
        ({"MODEL": " meta-llama/llama:free "}, "model", "meta-llama/llama:free"),
        ({"FALLBACK_MODELS": "openrouter/a/b, c/d ,"}, "fallback_models", ("a/b", "c/d")),
        ({"SYSTEM_PROMPT": "Be brief."}, "system_prompt", "Be brief."),
        ({"MAX_TOKENS": "100"}, "max_tokens", 100),
        ({"TEMPERATURE": "0.7"}, "temperature", 0.7),
        ({"TEMPERATURE": "0"}, "temperature", 0.0),
        ({"MAX_STREAMS": "500"}, "max_streams", 500),
        ({"MAX_STREAMS_PER_PERSON": "5"}, "max_streams_per_person", 5),
        ({"MAX_STREAMS": "4"}, "streams_per_server", 3),
        ({"MAX_STREAMS": "1"}, "streams_per_server", 1),
        ({"MAX_STREAMS": "4", "MAX_STREAMS_PER_SERVER": "4"}, "streams_per_server", 4),
        ({"ANSWER_TIMEOUT": "0.5"}, "answer_timeout", 0.5),
        ({"DATA_COLLECTION": "Allow"}, "data_collection", "allow"),
        ({"DATABASE_URL": "sqlite:///x.db"}, "database_path", Path("x.db")),
        ({"DATABASE_URL": "sqlite:////var/lib/x.db"}, "database_path", Path("/var/lib/x.db")),
        ({"DATABASE_URL": "postgres://u:p@h:5432/n?sslmode=require"}, "database_path", None),
        ({"DATABASE_URL": "postgresql://h/n"}, "unbooked_path", Path("data/unbooked")),
        ({**SHARED, "SHARD_COUNT": "4", "SHARD_IDS": "3, 1,1"}, "shard_ids", (1, 3)),
        ({**SHARED, "SHARD_COUNT": "4", "SHARD_IDS": "3,1"}, "unbooked_path", Path("data/unbooked-1-3")),
        ({"SHARD_COUNT": "2", "SHARD_IDS": "0,1"}, "shard_ids", (0, 1)),
        ({"MESSAGE_CONTENT_INTENT": "TRUE"}, "message_content_intent", True),
        ({"MESSAGE_CONTENT_INTENT": "0"}, "message_content_intent", False),
        ({"OWNER_IDS": "80351110224678912"}, "owner_ids", {80351110224678912}),
        ({"OWNER_IDS": " 1 ,2,, 3"}, "owner_ids", {1, 2, 3}),
        ({"LOG_LEVEL": "debug"}, "log_level", "DEBUG"),
        ({"LOG_FORMAT": "JSON"}, "log_format", "json"),
        ({"DISCORD_API_BASE": "http://127.0.0.1:1/api/v10"}, "discord_api_base", "http://127.0.0.1:1/api/v10"),
        ({"DISCORD_GATEWAY": "ws://127.0.0.1:1/gateway/"}, "discord_gateway", "ws://127.0.0.1:1/gateway/"),
        ({"DISCORD_CDN_BASE": "http://127.0.0.1:1/cdn"}, "discord_cdn_base", "http://127.0.0.1:1/cdn"),
        ({"TRANSCRIPTION_MODEL": "openrouter/a/b"}, "transcription_model", "a/b"),
        ({"MODEL": "'a/b'"}, "model", "a/b"),
        ({"LOG_FORMAT": ' "json" '}, "log_format", "json"),
        ({"SYSTEM_PROMPT": '"Hi," say "you".'}, "system_prompt", '"Hi," say "you".'),
        ({"SYSTEM_PROMPT": '"Be" or "not"'}, "system_prompt", '"Be" or "not"'),
        ({"MAX_TOKENS": '""'}, "max_tokens", 4096),
        ({"MAX_TOKENS": "  "}, "max_tokens", 4096),
        ({"MODEL": ""}, "model", "openai/gpt-4o-mini"),
        ({"SOMETHING_ELSE": "x", "DYNO": "y"}, "max_tokens", 4096),
    ],
)
def test_a_setting_is_read(env: dict[str, str], name: str, value: object) -> None:
    """In the forms people write it; an empty one counts as missing, an unknown one belongs to another program."""
    assert getattr(settings(**env), name) == value


@pytest.mark.parametrize(
    "wrong",
    [
        {"DATABASE_URL": "postgresql:///name"},
        {"DATABASE_URL": "postgres://user:secret@host"},
        {"DATABASE_URL": "postgres://user:secret@host:port/name"},
        {**SHARED, "SHARD_IDS": "0"},
        {**SHARED, "SHARD_COUNT": "2", "SHARD_IDS": "2"},
        {**SHARED, "SHARD_COUNT": "2", "SHARD_IDS": "-1"},
        {**SHARED, "SHARD_COUNT": "0"},
        {"SHARD_COUNT": "2", "SHARD_IDS": "0"},
    ],
)
def test_a_database_or_a_share_that_cannot_work_is_named(wrong: dict[str, str]) -> None:
    """Without the password."""
    (told,) = faults(DISCORD_TOKEN=TOKEN, OPENROUTER_API_KEY="key", **wrong)
    assert told.split()[0] in wrong
    assert "secret" not in told


def test_the_password_of_the_database_is_a_secret() -> None:
    """As it stands in the address, and as the server gets it."""
    secrets = settings(DATABASE_URL="postgres://u:p%40ss@h/n").secrets
    assert {"p%40ss", "p@ss"} <= set(secrets)


def test_other_providers_need_their_own_settings_only() -> None:
    """Ollama needs no key, an OpenAI-compatible server none of OpenRouter's."""
    ollama = load_settings(
        {
            "DISCORD_TOKEN": TOKEN,
            "MODEL_PROVIDER": "Ollama",
            "OLLAMA_API_BASE": "http://localhost:11434/",
            "MODEL": "ollama/llama3",
        },
        None,
    )
    assert (ollama.model_provider, ollama.model) == (Provider.OLLAMA, "llama3")
    assert ollama.ollama_api_base == "http://localhost:11434"
    assert faults(DISCORD_TOKEN=TOKEN, MODEL_PROVIDER="openai", MODEL="gpt-x") == (
        (
            "OPENAI_API_BASE is missing, and MODEL_PROVIDER=openai needs it. "
            "Set it to the server's address up to its version, such as https://api.openai.com/v1."
        ),
        (
            "OPENAI_API_KEY is missing, and MODEL_PROVIDER=openai needs it. "
            "Set it to the server's key, or to any word if it needs none."
        ),
    )


def test_every_fault_is_named_at_once() -> None:
    """Nobody has to start the bot five times to learn of five faults."""
    told = faults(
        DISCORD_TOKEN=" ",
        MODEL_PROVIDER="openrouter",
        MAX_TOKENS="many",
        OWNER_IDS="me,you",
        DATABASE_URL="mysql://localhost/x",
        LOG_LEVEL="loud",
    )
    assert [fault.split()[0] for fault in told] == [
        "DISCORD_TOKEN",
        "OPENROUTER_API_KEY",
        "MAX_TOKENS",
        "DATABASE_URL",
        "OWNER_IDS",
        "LOG_LEVEL",
    ]
    assert told[0] == (
        "DISCORD_TOKEN is missing. Copy it from https://discord.com/developers/applications: Bot, Reset Token."
    )
    assert told[2] == "MAX_TOKENS isn't valid. Set it to a whole number from 1 to 1000000."


def test_the_message_lists_the_faults() -> None:
    """It is what the owner reads in the terminal."""
    with pytest.raises(SettingsError) as caught:
        load_settings({"OPENROUTER_API_KEY": KEY}, None)
    assert str(caught.value) == (
        "Headwater can't start. Fix these settings in the environment or in .env:\n"
        "  - DISCORD_TOKEN is missing. Copy it from https://discord.com/developers/applications: Bot, "
        "Reset Token.\n"
        "Or let `python -m bot setup` ask you for them."
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DISCORD_TOKEN", f"Bot {TOKEN}"),
        ("DISCORD_TOKEN", f'"{TOKEN}'),
        ("DISCORD_TOKEN", f"'{TOKEN}\""),
        ("DISCORD_TOKEN", "secret-of-one-part"),
        ("DISCORD_TOKEN", f"{TOKEN}.secret.more"),
        ("OPENROUTER_API_KEY", "sk-or secret"),
        ("OPENROUTER_API_KEY", "sk-or-schlüssel"),
        ("OPENROUTER_API_BASE", "openrouter.ai/api/v1"),
        ("OPENROUTER_API_BASE", "https://openrouter.ai"),
        ("OPENROUTER_API_BASE", "https:///api/v1"),
        ("OPENROUTER_API_BASE", "http://ann:secret@host:99999/api/v1"),
        ("OPENROUTER_API_BASE", "http://[secret/api/v1"),
        ("OPENROUTER_API_BASE", "https://openrouter.ai/api/v1?key=secret"),
        ("MODEL_PROVIDER", "azure"),
        ("MODEL", "two words"),
        ("MODEL", "ollama/llama3"),
        ("FALLBACK_MODELS", "a/b,ollama/llama3"),
        ("MAX_TOKENS", "0"),
        ("MAX_TOKENS", "4.5"),
        ("TEMPERATURE", "2.1"),
        ("TEMPERATURE", "nan"),
        ("MAX_STREAMS", "-1"),
        ("MAX_STREAMS_PER_PERSON", "0"),
        ("MAX_STREAMS_PER_SERVER", "many"),
        ("FIRST_TOKEN_TIMEOUT", "0"),
        ("TOKEN_GAP_TIMEOUT", "inf"),
        ("ANSWER_TIMEOUT", "soon"),
        ("DATA_COLLECTION", "maybe"),
        ("DATABASE_URL", "mysql://ann:secret@host/db"),
        ("DATABASE_URL", "sqlite:///"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("DATABASE_URL", "sqlite:///folder/"),
        ("DATABASE_URL", "data/headwater.db"),
        ("MESSAGE_CONTENT_INTENT", "perhaps"),
        ("OWNER_IDS", "ann"),
        ("OWNER_IDS", "-5"),
        ("OWNER_IDS", "99999999999999999999"),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
        ("DISCORD_API_BASE", "https://discord.com/api/v9"),
        ("DISCORD_GATEWAY", "https://gateway.discord.gg"),
    ],
)
def test_a_fault_names_the_setting_and_the_fix_but_not_the_value(name: str, value: str) -> None:
    """What is wrong and how to fix it, never what was written: it may be a secret."""
    (fault,) = faults(**(NEEDED | {name: value}))
    assert fault.startswith(f"{name} ")
    assert fault.endswith(".")
    assert re.search(r"\. (Set it to|Copy) ", fault)
    assert "secret" not in fault
    assert TOKEN not in fault


@pytest.mark.parametrize(
    "token", ["MTAx.GkItTk." + "k" * 38, "bWFkZSB1cA==.xxxxxx.yyyy", "a.b.c", "MTI.Gx-_Xy.z" + "9" * 70]
)
def test_any_token_of_three_parts_is_tried(token: str) -> None:
    """Only Discord knows which tokens are good; emulators make up their own."""
    assert settings(DISCORD_TOKEN=token).discord_token.get_secret_value() == token


def test_another_provider_transcribes_nothing() -> None:
    """Recordings are transcribed by OpenRouter alone, so the setting would do nothing."""
    own = {"MODEL_PROVIDER": "ollama", "OLLAMA_API_BASE": "http://localhost:11434", "MODEL": "llama3"}
    (fault,) = faults(DISCORD_TOKEN=TOKEN, **own, TRANSCRIPTION_MODEL="openai/whisper-1")
    assert fault.startswith("TRANSCRIPTION_MODEL works with MODEL_PROVIDER=openrouter only")


def test_contradiction_of_model_and_provider_is_told_in_a_sentence() -> None:
    """The default model is OpenRouter's: another provider needs one of its own."""
    told = faults(DISCORD_TOKEN=TOKEN, MODEL_PROVIDER="ollama", OLLAMA_API_BASE="http://localhost:11434")
    assert told == (
        (
            "MODEL can't be used: `openrouter/openai/gpt-4o-mini` is a model of openrouter, but this bot uses "
            "ollama (MODEL_PROVIDER). Set it to a model id of the provider, such as openai/gpt-4o-mini."
        ),
    )


@pytest.mark.parametrize("quote", ["'", '"'])
def test_quotes_around_a_value_are_not_part_of_it(quote: str) -> None:
    """`docker run --env-file` passes them on, where a shell or python-dotenv removes them."""
    loaded = load_settings({name: f"{quote}{value}{quote}" for name, value in NEEDED.items()}, None)
    assert loaded == settings()


# Misspelled names


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("DISCORD_BOT_TOKEN", "DISCORD_TOKEN"),
        ("DISCORDTOKEN", "DISCORD_TOKEN"),
        ("discord_token", "DISCORD_TOKEN"),
        ("OPENROUTER_APIKEY", "OPENROUTER_API_KEY"),
        ("OPENROUTER_KEY", "OPENROUTER_API_KEY"),
        ("MAX_TOKEN", "MAX_TOKENS"),
        ("DATABASE_URI", "DATABASE_URL"),
        ("OWNER_ID", "OWNER_IDS"),
        ("LOGLEVEL", "LOG_LEVEL"),
        ("FALLBACK_MODEL", "FALLBACK_MODELS"),
        ("BUDGET_USD_PER_MONT", "BUDGET_USD_PER_MONTH"),
    ],
)
def test_a_misspelled_name_is_recognized(written: str, meant: str, tmp_path: Path) -> None:
    """In the environment and in the file, but not where the right name is set too."""
    file = tmp_path / ".env"
    file.write_text(f"{written}=1\n")
    assert misspelled({written: "1"}, None) == {meant: written}
    assert misspelled({written: "1", meant: "2"}, None) == {}
    assert misspelled({meant: "2"}, file) == {}
    assert misspelled({}, file) == ({} if written.upper() == meant else {meant: written})


@pytest.mark.parametrize(
    "name",
    ["MODE", "MODULE", "MODEL_PATH", "MY_LOG_LEVEL", "OPENAI_BASE_URL", "OLLAMA_HOST", "PATH", "HOME"],
)
def test_other_programs_variables_are_left_alone(name: str) -> None:
    """Only a name that is nearly a setting's is taken for one."""
    assert misspelled({name: "x"}, None) == {}
    assert misspelled({"MAX_TOKEN": ""}, None) == {}, "an empty value counts as not set"


def test_one_setting_is_not_taken_for_another() -> None:
    """However alike their names are."""
    for name in Settings.model_fields:
        assert misspelled({name.upper(): "x"}, None) == {}


def test_a_missing_setting_names_the_misspelled_one() -> None:
    """So that the owner sees what to rename."""
    assert faults(DISCORD_BOT_TOKEN=TOKEN, OPENROUTER_APIKEY=KEY) == (
        "DISCORD_TOKEN is missing, but DISCORD_BOT_TOKEN is set. Rename it to DISCORD_TOKEN.",
        "OPENROUTER_API_KEY is missing, but OPENROUTER_APIKEY is set. Rename it to OPENROUTER_API_KEY.",
    )


# The .env file


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    """What is empty there does not."""
    file = tmp_path / ".env"
    file.write_text(
        f'export DISCORD_TOKEN={TOKEN}\nOPENROUTER_API_KEY="{KEY}"  # mine\n'
        "MAX_TOKENS=1\nLOG_LEVEL=error\nMODEL=\n"
        "SYSTEM_PROMPT='One line.\nAnd another.'\n",
    )
    loaded = load_settings({"MAX_TOKENS": "2", "LOG_LEVEL": ""}, file)
    assert loaded.max_tokens == 2
    assert loaded.log_level == "ERROR"
    assert loaded.model == "openai/gpt-4o-mini"
    assert loaded.openrouter_api_key
    assert loaded.openrouter_api_key.get_secret_value() == KEY
    assert loaded.system_prompt == "One line.\nAnd another."


def test_the_process_environment_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings come from what is handed over, so tests and embedding programs decide."""
    monkeypatch.setenv("MAX_TOKENS", "7")
    assert settings().max_tokens == 4096


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    """Windows editors write one; the first setting must not vanish behind it."""
    file = tmp_path / ".env"
    file.write_text(f"DISCORD_TOKEN={TOKEN}\r\nOPENROUTER_API_KEY={KEY}\r\n", encoding="utf-8-sig")
    assert load_settings({}, file).discord_token.get_secret_value() == TOKEN


def test_a_file_that_is_not_there_is_no_fault(tmp_path: Path) -> None:
    """On a hosting service there is none."""
    assert load_settings(NEEDED, tmp_path / ".env").max_tokens == 4096


def test_a_file_in_another_encoding_is_told(tmp_path: Path) -> None:
    """As PowerShell's `>` writes it."""
    file = tmp_path / ".env"
    file.write_text(f"DISCORD_TOKEN={TOKEN}\n", encoding="utf-16")
    assert faults(file) == (f"{file} isn't UTF-8 text. Save it as UTF-8.",)


# Secrets and documentation


def test_secrets_do_not_show() -> None:
    """Printing the settings, or a fault, shows none."""
    loaded = settings()
    assert TOKEN not in f"{loaded} {loaded!r}"
    assert KEY not in f"{loaded} {loaded!r}"
    assert set(loaded.secrets) == {TOKEN, KEY}
    with pytest.raises(ValidationError) as caught:
        Settings.read(NEEDED | {"DISCORD_TOKEN": "Bot " + TOKEN}, None)
    assert TOKEN not in str(caught.value)


def test_the_example_names_every_setting_once_and_nothing_else() -> None:
    """All that works and only what works."""
    names = re.findall(r"^#?([A-Z][A-Z_]*)=", EXAMPLE.read_text(), re.MULTILINE)
    assert sorted(names) == sorted(name.upper() for name in Settings.model_fields)


def test_the_example_shows_the_defaults() -> None:
    """Uncommenting a line changes nothing; as it is, only the two needed are missing."""
    assert [fault.split()[0] for fault in faults(EXAMPLE)] == ["DISCORD_TOKEN", "OPENROUTER_API_KEY"]
    lines = re.sub(r"^#([A-Z][A-Z_]*=)", r"\1", EXAMPLE.read_text(), flags=re.MULTILINE)
    shown = dotenv_values(stream=StringIO(lines))
    given = {name: value for name, value in shown.items() if value}
    assert len(given) > 10
    assert load_settings(given | NEEDED, None) == settings()
