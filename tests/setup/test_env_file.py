"""What the set-up does to a `.env` file: its own lines, and nothing else."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from bot.config.reading import load_settings
from bot.setup.env_file import EnvFile, quoted

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GkItTk.not-a-real-token_0123456789"
LINES = st.lists(
    st.sampled_from(
        ["# a comment", "", "OTHER=1", "QUOTED='two\nlines # no comment'", "#MODEL=x", "what is this", "MODEL=y"]
    ),
    max_size=8,
)


def test_a_new_file_explains_each_setting_and_is_its_owners_alone(tmp_path: Path):
    """The example's comments, with the answers in their places; the bot can read it."""
    file = EnvFile(tmp_path / ".env")
    file.put(
        {
            "DISCORD_TOKEN": TOKEN,
            "OPENROUTER_API_KEY": "sk-or-1",
            "MODEL": "openai/gpt-4o",
            "BUDGET_USD_PER_MONTH": "",
        }
    )
    text = file.path.read_text()
    assert "\nMODEL=openai/gpt-4o\n" in text
    assert "#MODEL=" not in text
    assert "# Models to try, in this order" in text
    assert "Copy this file to .env" not in text
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert load_settings({}, file.path).model == "openai/gpt-4o"
    assert [path.name for path in tmp_path.iterdir()] == [".env"]


@given(LINES, st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_other_lines_stay_as_they_are(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], end: str, last: bool
):
    """Whatever they are; the setting reads as it was written, and a second time changes nothing."""
    file = EnvFile(tmp_path_factory.mktemp("env") / ".env")
    file.path.write_bytes((end.join(lines) + (end if last else "")).encode())
    others = {name: value for name, value in dotenv_values(file.path).items() if name != "MODEL"}
    file.put({"MODEL": "new"})
    assert dotenv_values(file.path) == {**others, "MODEL": "new"}
    once = file.path.read_bytes()
    file.put({"MODEL": "new"})
    assert file.path.read_bytes() == once


def test_a_remark_behind_a_value_stays(tmp_path: Path):
    """The value before it changes alone; the mark of Windows' editors doesn't get in the way."""
    path = tmp_path / ".env"
    path.write_bytes("\ufeffMODEL=old  # the cheap one\n".encode())
    EnvFile(path).put({"MODEL": "new"})
    assert path.read_text() == "MODEL=new  # the cheap one\n"


def test_a_link_is_followed(tmp_path: Path):
    """What it leads to is written; the link stays one."""
    (tmp_path / "real").write_text("A=1\n")
    (tmp_path / ".env").symlink_to("real")
    EnvFile(tmp_path / ".env").put({"A": "2"})
    assert (tmp_path / ".env").is_symlink()
    assert (tmp_path / "real").read_text() == "A=2\n"


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="$") | st.just("\n"), max_size=40)
)
def test_any_value_reads_as_it_was_written(tmp_path_factory: pytest.TempPathFactory, value: str):
    """Quotes, number signs, backslashes and line ends included."""
    path = tmp_path_factory.mktemp("env") / ".env"
    path.write_bytes(f"A={quoted(value)}\n".encode())
    assert dotenv_values(path)["A"] == value
