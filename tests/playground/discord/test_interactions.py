"""Commands, buttons, menus and modals, from the person's click to what the bot answered."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
import pytest
from discord import app_commands

from playground.discord import Choice, PlaygroundError

if TYPE_CHECKING:
    from collections.abc import Callable

Interaction = discord.Interaction[Any]


def add_commands(client: Any) -> None:
    """A tree with a group, options of several kinds, an admin's command and a menu."""
    model = app_commands.Group(name="model", description="Models")

    @model.command(name="set", description="Choose one")
    async def set_model(interaction: Interaction, model: str, count: int = 1) -> None:
        await interaction.response.send_message(
            f"{model} x{count} by {interaction.user.display_name}", ephemeral=True
        )

    @set_model.autocomplete("model")
    async def complete(_: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=f"{typed}-{n}", value=f"v{n}") for n in range(2)]

    @app_commands.command(name="ask", description="Ask")
    @app_commands.choices(how=[app_commands.Choice(name="Loudly", value="loud")])
    async def ask(
        interaction: Interaction,
        prompt: app_commands.Range[str, 1, 10],
        how: str = "",
        whom: discord.Member | None = None,
        attached: discord.Attachment | None = None,
    ) -> None:
        await interaction.response.defer()
        data = await attached.read() if attached else b""
        await interaction.followup.send(f"{prompt} {how} {whom} {data.decode()}")

    @app_commands.command(name="settings", description="Set")
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.guild_only()
    async def settings(interaction: Interaction) -> None:
        await interaction.response.send_message(str(interaction.permissions.manage_guild))

    @app_commands.context_menu(name="Ask about this")
    async def about(interaction: Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(f"about {message.content}")

    @app_commands.command(name="slow", description="Too slow")
    async def slow(_: Interaction) -> None:
        """Never answers."""

    for command in (model, ask, settings, about, slow):
        client.tree.add_command(command)


@pytest.fixture
async def client(place: Any) -> Any:
    client = await place.connect()
    add_commands(client)
    await client.tree.sync()
    return client


@pytest.mark.usefixtures("client")
async def test_a_command_is_answered_privately(place: Any):
    """An ephemeral answer is seen by its asker alone: no history has it."""
    done = await place.d.command(place.member, place.channel, "model set", model="m", count=2)
    assert (done.failed, done.ephemeral, done.content) == (False, True, "m x2 by Mo")
    assert done.messages[0].ephemeral_to is place.member
    assert place.d.history(place.channel) == []


@pytest.mark.usefixtures("client")
async def test_a_deferred_answer_is_filled_by_the_first_follow_up(place: Any):
    """The message that said "thinking" becomes the answer; options of every kind arrive."""
    done = await place.d.command(
        place.member,
        place.channel,
        "ask",
        prompt="hi",
        how="Loudly",
        whom=place.admin,
        attached=("a.txt", b"note"),
    )
    await place.d.until(lambda: done.content)
    assert done.content == "hi loud Ada note".replace("Ada", "ada")
    assert [m.id for m in place.d.history(place.channel)] == [done.original.id]
    assert [v.content for v in done.original.history] == ["", done.content]


@pytest.mark.usefixtures("client")
async def test_autocomplete_offers_choices(place: Any):
    """What was typed reaches the bot, and its choices come back."""
    offered = await place.d.autocomplete(place.member, place.channel, "model set", "model", "gp")
    assert offered == [Choice("gp-0", "v0"), Choice("gp-1", "v1")]


@pytest.mark.usefixtures("client")
async def test_a_message_menu_hands_its_message_over(place: Any):
    """A menu gives the bot a message whose content it may otherwise not read."""
    said = place.d.say(place.member, place.channel, "something private")
    done = await place.d.menu(place.member, said, "Ask about this")
    assert done.content == "about something private"


@pytest.mark.usefixtures("client")
async def test_default_permissions_hide_a_command(place: Any):
    """Members without the permission aren't offered it, admins are, and direct messages have none of it."""
    assert (await place.d.command(place.admin, place.channel, "settings")).content == "True"
    for where in (place.channel, place.d.open_dm(place.member)):
        assert "settings" not in [c["name"] for c in place.d.offered(place.member, where)]
        with pytest.raises(PlaygroundError, match="can't use"):
            await place.d.command(place.member, where, "settings")


@pytest.mark.parametrize(
    ("path", "options", "complaint"),
    [
        ("nothing", {}, "can't use"),
        ("model", {}, "no command /model"),
        ("model drop", {}, "no command /model drop"),
        ("model set", {}, "needs model"),
        ("model set", {"model": "m", "colour": "red"}, "no option colour"),
        ("model set", {"model": "m", "count": "many"}, "does not take"),
        ("ask", {"prompt": "x" * 11}, "does not take"),
        ("ask", {"prompt": "x", "how": "softly"}, "does not take"),
    ],
)
@pytest.mark.usefixtures("client")
async def test_a_client_refuses_what_it_does_not_offer(place: Any, path: str, options: Any, complaint: str):
    """Unknown commands, missing, unknown and unfit options never reach the bot."""
    with pytest.raises(PlaygroundError, match=complaint):
        await place.d.command(place.member, place.channel, path, **options)


async def test_a_silent_bot_fails_the_interaction(open_place: Callable[..., Any]):
    """After the deadline the person sees a failure, and the bot's late answer meets 10062."""
    async with open_place(deadline=0.1) as place:
        client = await place.connect()
        add_commands(client)
        await client.tree.sync()
        done = await place.d.command(place.member, place.channel, "slow")
        assert done.failed
        [late] = client.seen("interaction")
        with pytest.raises(discord.NotFound) as caught:
            await late.response.send_message("sorry")
        assert caught.value.code == 10062


async def test_an_interaction_is_answered_once_and_its_token_ends(open_place: Callable[..., Any]):
    """A second answer meets 40060, and after the token's life a follow-up meets 50027."""
    async with open_place(lifetime=0.3) as place:
        client = await place.connect()
        add_commands(client)
        await client.tree.sync()
        await place.d.command(place.member, place.channel, "model set", model="m")
        [interaction] = client.seen("interaction")
        await interaction.edit_original_response(content="changed")
        url = f"{place.d.api_base}/interactions/{interaction.id}/{interaction.token}/callback"
        async with aiohttp.ClientSession() as session, session.post(url, json={"type": 5}) as again:
            assert (again.status, (await again.json())["code"]) == (400, 40060)
        await asyncio.sleep(0.3)
        with pytest.raises(discord.HTTPException) as caught:
            await interaction.edit_original_response(content="too late")
        assert (caught.value.status, caught.value.code) == (401, 50027)


@pytest.mark.usefixtures("client")
async def test_an_unanswered_interaction_has_no_webhook(place: Any, client: Any, soon: Callable[..., Any]):
    """Following up before answering meets 10015."""
    asking = asyncio.create_task(place.d.command(place.member, place.channel, "slow"))
    await soon(lambda: client.seen("interaction"))
    with pytest.raises(discord.NotFound) as caught:
        await client.seen("interaction")[0].followup.send("x")
    assert caught.value.code == 10015
    asking.cancel()


class Panel(discord.ui.View):
    """A button of each kind, a menu and a modal."""

    @discord.ui.button(label="Update")
    async def update(self, interaction: Interaction, _: Any) -> None:
        await interaction.response.edit_message(content="updated")

    @discord.ui.button(label="Later")
    async def later(self, interaction: Interaction, _: Any) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(content="later")

    @discord.ui.button(label="Off", disabled=True)
    async def off(self, interaction: Interaction, _: Any) -> None: ...

    @discord.ui.button(label="Form")
    async def form(self, interaction: Interaction, _: Any) -> None:
        await interaction.response.send_modal(Form())

    @discord.ui.select(placeholder="Pick", options=[discord.SelectOption(label=x, value=x.lower()) for x in "AB"])
    async def pick(self, interaction: Interaction, select: Any) -> None:
        await interaction.response.send_message(f"picked {select.values}", ephemeral=True)


class Form(discord.ui.Modal, title="A form"):
    prompt = discord.ui.TextInput[Any](label="Prompt", max_length=5)
    more = discord.ui.Label[Any](text="More", component=discord.ui.TextInput[Any](required=False, default="none"))

    async def on_submit(self, interaction: Interaction) -> None:
        await interaction.response.send_message(f"{self.prompt.value}/{self.more.component.value}")


@pytest.fixture
async def panel(place: Any) -> Any:
    await place.text_channel(await place.connect()).send("panel", view=Panel())
    return place.d.history(place.channel)[0]


async def test_a_button_may_change_its_message(place: Any, panel: Any):
    """Update and deferred update both change the message with the button."""
    await place.d.press(place.member, panel, "Update")
    assert panel.content == "updated"
    await place.d.press(place.member, panel, "Later")
    await place.d.until(lambda: panel.content == "later")


async def test_a_menu_sends_what_was_chosen(place: Any, panel: Any):
    """A choice by label arrives as the option's value."""
    assert (await place.d.select(place.member, panel, "B")).content == "picked ['b']"
    with pytest.raises(PlaygroundError, match="offers"):
        await place.d.select(place.member, panel, "C")


async def test_a_modal_is_filled_in_and_sent(place: Any, panel: Any):
    """Answers by label arrive, what is left keeps its default, and the modal's own bounds hold."""
    shown = await place.d.press(place.member, panel, "Form")
    assert shown.modal["title"] == "A form"
    with pytest.raises(PlaygroundError):
        await place.d.submit(shown, {"Prompt": "too long"})
    with pytest.raises(PlaygroundError):
        await place.d.submit(shown, {"Colour": "red", "Prompt": "hi"})
    assert (await place.d.submit(shown, {"Prompt": "hi"})).content == "hi/none"


async def test_what_cannot_be_pressed_raises(place: Any, panel: Any):
    """Disabled and missing buttons, deleted messages and others' private ones are out of reach."""
    for label in ("Off", "Gone"):
        with pytest.raises(PlaygroundError):
            await place.d.press(place.member, panel, label)
    private = (await place.d.select(place.member, panel, "A")).messages[0]
    with pytest.raises(PlaygroundError, match="does not see"):
        await place.d.press(place.admin, private, "x")
    place.d.delete(panel)
    with pytest.raises(PlaygroundError, match="does not see"):
        await place.d.press(place.member, panel, "Update")


def described(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "description": "d", "type": 3, **more}


@pytest.mark.parametrize(
    "command",
    [
        {"name": "Upper", "description": "d"},
        {"name": "none", "description": ""},
        {"name": "twice", "description": "d", "options": [described("a"), described("a")]},
        {"name": "order", "description": "d", "options": [described("a"), described("b", required=True)]},
        {"name": "many", "description": "d", "options": [described(f"a{n}") for n in range(26)]},
        {
            "name": "c",
            "description": "d",
            "options": [described("a", choices=[{"name": "x" * 101, "value": "x"}])],
        },
    ],
    ids=lambda command: command["name"],
)
async def test_bad_commands_are_refused(place: Any, command: Any):
    """A tree that Discord would not register is refused with 50035 and where the fault is."""
    url = f"{place.d.api_base}/applications/{place.d.application_id}/commands"
    headers = {"Authorization": f"Bot {place.d.token}"}
    async with aiohttp.ClientSession() as session, session.put(url, json=[command], headers=headers) as response:
        refused = await response.json()
    assert (response.status, refused["code"], list(refused["errors"])) == (400, 50035, ["0"])
    assert place.d.commands == []


@pytest.mark.usefixtures("client")
async def test_synced_again_commands_keep_their_ids(place: Any, client: Any):
    """Overwriting with the same names changes no id, and a server can have its own."""
    before = {c["name"]: c["id"] for c in place.d.commands}
    await client.tree.sync()
    client.tree.copy_global_to(guild=discord.Object(place.guild.id))
    await client.tree.sync(guild=discord.Object(place.guild.id))
    assert {c["name"]: c["id"] for c in place.d.commands} == before
    assert (await place.d.command(place.member, place.channel, "model set", model="m")).content == "m x1 by Mo"
    assert [c.name for c in await client.tree.fetch_commands()] == list(before)


@pytest.mark.parametrize("custom_id", ["", "x" * 101])
async def test_a_buttons_id_has_its_limits(place: Any, custom_id: str):
    """Custom ids are 1 to 100 characters."""
    button = {"type": 2, "style": 1, "label": "b", "custom_id": custom_id}
    body = {"content": "x", "components": [{"type": 1, "components": [button]}]}
    url = f"{place.d.api_base}/channels/{place.channel.id}/messages"
    headers = {"Authorization": f"Bot {place.d.token}"}
    async with aiohttp.ClientSession() as session, session.post(url, json=body, headers=headers) as response:
        assert (await response.json())["code"] == 50035


async def test_autocomplete_may_offer_25_choices(place: Any):
    """A 26th choice is refused, and the person is offered nothing."""
    client = await place.connect()

    @client.tree.command(name="pick", description="Pick")
    async def pick(interaction: Interaction, what: str) -> None: ...

    @pick.autocomplete("what")
    async def complete(_: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=str(n), value="") for n in range(int(typed))]

    await client.tree.sync()
    assert len(await place.d.autocomplete(place.member, place.channel, "pick", "what", "25")) == 25
    place.d.people.deadline = 0.2
    assert await place.d.autocomplete(place.member, place.channel, "pick", "what", "26") == []
    assert place.d.requests[-1].status == 400


async def test_commands_work_in_direct_messages(place: Any, client: Any):
    """An interaction there has a user instead of a member, and is answered all the same."""
    done = await place.d.command(place.member, place.d.open_dm(place.member), "model set", model="m")
    assert done.content == "m x1 by Mo"
    assert client.seen("interaction")[0].guild is None
