"""The order of the steps, and which of them an earlier run has done already."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from bot.core.model_ids import Provider
from bot.setup import discord_steps, model_steps, provider_steps
from bot.setup.answers import ADDRESS, BUDGET, CONTENT, KEY, MODEL, PROVIDER, TOKEN
from bot.setup.prompts import Option, Tone
from bot.ui.texts.terminal import setup as texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.setup.conversation import Talk

DONE = "done"
ANSWERS = {"token": TOKEN, "content": CONTENT, "provider": PROVIDER, "model": MODEL, "budget": BUDGET}
# What a step asks for, and the settings that are gone through again when somebody wants to change it.
STEPS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "token": (texts.STEP_BOT, (TOKEN.setting,)),
    "content": (texts.STEP_CONTENT, (CONTENT.setting,)),
    "server": (texts.STEP_SERVER, ()),
    "provider": (
        texts.STEP_PROVIDER,
        (PROVIDER.setting, KEY.setting, ADDRESS.setting, provider_steps.OLLAMA_BASE, provider_steps.OPENAI_KEY),
    ),
    "model": (texts.STEP_MODEL, (MODEL.setting,)),
    "budget": (texts.STEP_BUDGET, (BUDGET.setting,)),
}


class Wizard:
    """Goes through the steps once."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._again = ""  # the step that somebody wants to change

    async def run(self) -> None:
        """Ask for what isn't known, and try what is.

        Raises:
            NoAnswerError: nobody is there to answer.
            KeyboardInterrupt, EOFError: somebody stopped; what they said so far is written down.
        """
        talk = self._talk
        if talk.attended:
            talk.prompts.say(texts.WELCOME_BACK if self._done("token") else texts.WELCOME, Tone.HEAD)
            await self._choose_what_to_change()
        async with AsyncExitStack() as stack:
            self._head("token")
            portal = await discord_steps.token(talk, stack)
            if not self._done("content"):
                self._head("content")
                await discord_steps.content(talk, portal)
            self._head("server")
            await discord_steps.server(talk, portal, again=self._again == "server")
        self._head("provider")
        config = await provider_steps.provider(talk)
        self._head("model")
        await model_steps.model(talk, config)
        if config.kind is not Provider.OLLAMA and not self._done("budget"):
            self._head("budget")
            await model_steps.budget(talk)

    async def _choose_what_to_change(self) -> None:
        """On a file that has every answer: one of them can be given again."""
        needed = [name for name in STEPS if name not in {"server", "budget"}]
        if not all(self._done(name) for name in needed) or self._talk.answers.flagged():
            return
        options = [Option(DONE, texts.NOTHING), *(Option(name, title) for name, (title, _) in STEPS.items())]
        chosen = await self._talk.choose(texts.COMPLETE, TOKEN, options, default=DONE)
        if chosen != DONE:
            self._again = chosen
            for setting in STEPS[chosen][1]:
                self._talk.answers.forget(setting)

    def _done(self, step: str) -> bool:
        """Whether the file has an answer of an earlier run, and no flag has another."""
        if step == self._again:
            return False
        answers, setting = self._talk.answers, STEPS[step][1][0]
        written = answers.file.get(setting)
        return written is not None and (written != "" or step == "budget") and not answers.given(ANSWERS[step])

    def _head(self, step: str) -> None:
        if self._talk.attended:
            self._talk.prompts.say(f"\n{STEPS[step][0]}", Tone.HEAD)
