"""Which model answers: `/model`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.core.errors import HeadwaterError
from bot.core.model_ids import CHOICE_LIMIT_CHARS, ID_LIMIT_CHARS, nearest, normalize_model, search
from bot.core.records import Message
from bot.core.tokens import DEFAULT_RATIO, estimate
from bot.ui.targets.permissions import Audience, Permissions, only
from bot.ui.targets.places import Scope, interaction_place, scope_key
from bot.ui.texts import models as model_texts
from bot.ui.texts import replies as texts
from bot.ui.views.failures import tell
from bot.ui.views.pages import CHOICES, Pages, Picker, paginate_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.client import ChatBot
    from bot.core.records import ModelInfo, Place
    from bot.settings.resolver import EffectiveSettings

Order = Literal["price", "context"]
LISTED = 500  # models in a list; nobody pages further
HISTORY_TURNS = 500  # looked through to say whether a channel's memory is longer than a model's context
BEST = 3  # models named when several match


class Models(commands.GroupCog, group_name="model", group_description="The model that answers here"):
    """Shows and switches the model. Only admins switch; the handler checks."""

    def __init__(self, bot: ChatBot) -> None:
        self.permissions = Permissions(bot.services.access.people)
        self.conversations = bot.services.conversation.store
        self.provider = bot.services.model.provider
        self.trial = bot.services.money.trial
        self.budgets = bot.services.money.budgets
        self.models = bot.services.settings.models
        self.catalog = bot.services.model.catalog
        self.resolver = bot.services.settings.resolver

    @app_commands.command()
    async def show(self, interaction: discord.Interaction[ChatBot]) -> None:
        """Show which model answers here, what it costs, and who chose it"""
        choice = self.models.resolve(await self.resolver.effective(interaction_place(interaction)))
        await tell(interaction, model_texts.in_use(choice, self.catalog.get(choice.model)))

    @only(Audience.ADMINS)
    @app_commands.command(name="set")
    @app_commands.describe(
        model="The model's id, or a word that only one model matches; type to search",
        scope="Where it answers (default: this channel)",
    )
    async def set_(
        self,
        interaction: discord.Interaction[ChatBot],
        model: app_commands.Range[str, 1, ID_LIMIT_CHARS],
        scope: Scope = "channel",
    ) -> None:
        """Choose the model that answers here (admins)"""
        await self._set(interaction, model, scope)

    async def _pick(self, interaction: discord.Interaction[ChatBot], model: str) -> None:
        """From the menu under a list; who picks is checked at that moment."""
        if await self.permissions.is_admin(interaction):
            await self._set(interaction, model, "channel")
        else:
            await tell(interaction, texts.NOT_ADMIN)

    async def _set(self, interaction: discord.Interaction[ChatBot], model: str, scope: Scope) -> None:
        place = interaction_place(interaction)
        key = scope_key(interaction, scope)
        effective = await self.resolver.effective(place)
        try:
            chosen = self._meant(effective, model)
        except ValueError as error:
            await tell(interaction, str(error))
            return
        await interaction.response.defer(thinking=True)
        sentence = await self._try_and_choose(interaction, chosen, effective, key=key, scope=scope)
        await interaction.edit_original_response(content=sentence)

    def _meant(self, effective: EffectiveSettings, typed: str) -> str:
        """The model that somebody means: a listed id, or else the only model they can choose that a search finds.

        Raises:
            ValueError: with a sentence for them.
        """
        if not self.catalog.models():
            raise ValueError(model_texts.NO_CATALOG)
        try:
            model = normalize_model(typed, self.provider)
        except ValueError as error:  # several words, for example
            return self._found(effective, typed, fault=str(error))
        if self.catalog.get(model) is None:
            known = [info.id for info in self.models.allowed(effective)]
            return self._found(effective, model, fault=model_texts.unknown(model, nearest(model, known)))
        if unavailable := self.models.unavailable(effective, model):
            raise ValueError(model_texts.refused(model, unavailable))
        return model

    def _found(self, effective: EffectiveSettings, words: str, *, fault: str) -> str:
        """What the list's search finds; `fault` says what's wrong where it finds nothing."""
        found = search(self.models.allowed(effective), words, limit=LISTED) if words.strip() else []
        if len(found) == 1:
            return found[0].id
        if found:
            raise ValueError(model_texts.several(words, found[:BEST], len(found)))
        is_refused = words.strip() and search(self.catalog.models(), words, limit=1)
        raise ValueError(model_texts.none_allowed(words) if is_refused else fault)

    async def _try_and_choose(
        self,
        interaction: discord.Interaction[ChatBot],
        model: str,
        effective: EffectiveSettings,
        *,
        key: str,
        scope: Scope,
    ) -> str:
        place, user = interaction_place(interaction), interaction.user
        try:
            charge = self.budgets.charge(user.id, place, effective, is_exempt=False)
            await self.trial.run(model, charge)
        except HeadwaterError as error:
            return model_texts.trial_failed(model, error, self.models.resolve(effective).model)
        await self.models.choose(key, model, by=user.id, guild_id=place.guild_id)
        return model_texts.chosen(
            model,
            scope,
            user.display_name,
            history_tokens=await self._history_tokens(place),
            info=self.catalog.get(model),
        )

    async def _history_tokens(self, place: Place) -> int:
        turns = await self.conversations.window(place, limit=HISTORY_TURNS)
        return estimate([Message(turn.role, turn.text) for turn in turns], DEFAULT_RATIO)

    @only(Audience.ADMINS)
    @app_commands.command()
    @app_commands.describe(scope="Which choice to reset (default: this channel's)")
    async def reset(self, interaction: discord.Interaction[ChatBot], scope: Scope = "channel") -> None:
        """Go back to the default model (admins)"""
        key = scope_key(interaction, scope)
        done = await self.models.reset(key, by=interaction.user.id, guild_id=interaction.guild_id)
        choice = self.models.resolve(await self.resolver.effective(interaction_place(interaction)))
        if not done:
            await tell(interaction, model_texts.not_chosen(choice, scope))
            return
        await interaction.response.send_message(
            model_texts.reset(choice.model, scope, interaction.user.display_name)
        )

    @app_commands.command(name="list")
    @app_commands.rename(wanted="search")
    @app_commands.describe(
        wanted="Part of the id or the name",
        free="Only free models",
        vision="Only models that can see images",
        order="By price (cheapest first) or context (largest first)",
    )
    async def list_(
        self,
        interaction: discord.Interaction[ChatBot],
        wanted: app_commands.Range[str, 0, ID_LIMIT_CHARS] = "",
        free: bool = False,  # noqa: FBT001, FBT002 - the shape of a command's option
        vision: bool = False,  # noqa: FBT001, FBT002 - the same
        order: Order | None = None,
    ) -> None:
        """List the models you can choose here, with context and price"""
        if not self.catalog.models():
            await tell(interaction, model_texts.NO_CATALOG)
            return
        effective = await self.resolver.effective(interaction_place(interaction))
        models = [
            info
            for info in self.models.allowed(effective)
            if (not free or info.prompt_price == info.completion_price == 0)
            and (not vision or "image" in info.input_modalities)
        ]
        found = _ordered(search(models, wanted, limit=LISTED), order)
        lines = [model_texts.model_line(info) for info in found] or [model_texts.NO_MODELS_FOUND]
        pages = paginate_lines(lines, most=CHOICES)  # the menu beneath offers all that a page shows
        if not found or not await self.permissions.is_admin(interaction):
            await Pages(pages, owner_id=interaction.user.id).begin(interaction)
            return
        ids = iter(info.id for info in found)
        picks = [[next(ids) for _ in page.splitlines()] for page in pages]
        picker = Picker(model_texts.PICK, self._pick)
        await Pages(pages, owner_id=interaction.user.id, picker=picker, picks=picks).begin(interaction)

    @set_.autocomplete("model")
    async def _complete(
        self, interaction: discord.Interaction[ChatBot], typed: str
    ) -> list[app_commands.Choice[str]]:
        try:
            found = await self._suggestions(interaction_place(interaction), typed[:ID_LIMIT_CHARS])
        except HeadwaterError:  # nothing to suggest; the command itself says why
            return []
        return [
            app_commands.Choice(
                name=f"{info.id} · {model_texts.context(info.context_length)} · {model_texts.prices(info)}"[
                    :CHOICE_LIMIT_CHARS
                ],
                value=info.id,
            )
            for info in found
            if len(info.id) <= CHOICE_LIMIT_CHARS
        ]

    async def _suggestions(self, place: Place, typed: str) -> Sequence[ModelInfo]:
        effective = await self.resolver.effective(place)
        current, allowed = self.models.resolve(effective), self.models.allowed(effective)
        recent = await self.models.recent(place.guild_id)
        return search(allowed, typed, current=current.model, recent=recent)


def _ordered(models: Sequence[ModelInfo], order: Order | None) -> list[ModelInfo]:
    if order == "context":
        return sorted(models, key=lambda info: -info.context_length)
    if order == "price":  # what has none comes last
        return sorted(models, key=lambda info: (info.completion_price is None, info.completion_price or 0))
    return list(models)


async def setup(bot: ChatBot) -> None:
    await bot.add_cog(Models(bot))
