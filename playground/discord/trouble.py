"""What Discord and the network do to a bot that did nothing wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playground.discord.api.faults import Fault
from playground.discord.state import codes
from playground.discord.state.payloads import guild_create_json, interaction_json
from playground.discord.state.records import Interaction

if TYPE_CHECKING:
    from playground.discord.api.gateway import Gateway
    from playground.discord.api.rest import Door
    from playground.discord.state.records import Guild, Json, Message
    from playground.discord.state.world import World


class Trouble:
    """Each method is one kind of it; what `Fault` takes can be given to those about requests."""

    def __init__(self, world: World, door: Door, gateway: Gateway) -> None:
        self.world = world
        self.door = door
        self.gateway = gateway

    # --- Requests -------------------------------------------------------------------------------------------

    def fail(self, method: str, route: str, **how: Any) -> None:  # noqa: ANN401 - the fields of Fault
        """Let requests go wrong, as `Fault` says; the route is a pattern such as `/channels/*/messages`."""
        self.door.faults.append(Fault(method=method, route=route, **how))

    def limit(
        self, method: str, route: str, retry_after: float, *, scope: str = "user", reset_after: float | None = None
    ) -> None:
        """Refuse one request with a 429; its headers may tell of another end than `Retry-After` does."""
        headers = {} if reset_after is None else {"X-RateLimit-Reset-After": f"{reset_after:.3f}"}
        headers |= {"X-RateLimit-Remaining": "1"} if scope == "shared" else {}
        said: Json = {"message": "You are being rate limited.", "scope": scope, "headers": headers}
        self.fail(method, route, status=429, retry_after=retry_after, **said)

    def limit_globally(self, retry_after: float) -> None:
        """Refuse the next request, whatever it is, and with it everything for a while."""
        self.limit("*", "/[!wi]*", retry_after, scope="global")

    def block_at_the_edge(self, method: str = "*", route: str = "*", *, times: int = 1) -> None:
        """Answer with the page of the network's edge: a 429 without any header of Discord's."""
        self.fail(method, route, edge=True, times=times)

    def cut_off(self, *, rest: bool = True, gateway: bool = True) -> None:
        """Break connections, the gateway's and those of all requests, until `restore`."""
        self.door.reachable, self.gateway.reachable = not rest, not gateway
        if gateway:
            self.gateway.drop(resume=True)

    def restore(self) -> None:
        self.door.reachable = self.gateway.reachable = True
        self.gateway.refuses_with = 0

    # --- The gateway ----------------------------------------------------------------------------------------

    def drop_gateway(self, *, resume: bool = True, repeats: int = 0) -> None:
        """Break the connections; who resumes gets the last `repeats` events again, without `resume` nobody can."""
        self.gateway.repeats = repeats
        self.gateway.drop(resume=resume)

    def close_gateway(self, code: int) -> None:
        """Close the connections with a code, such as 4014, and every later one until `restore`."""
        self.gateway.refuses_with = code
        self.gateway.close(code)

    def deafen_gateway(self) -> None:
        """Let the open connections answer heartbeats and bring no event any more, as a half-open one does."""
        for connection in self.gateway.live:
            connection.deaf = True

    def redeliver(self, subject: Message | Interaction) -> None:
        """Send the event of a message or an interaction once more."""
        if isinstance(subject, Interaction):
            payload = interaction_json(subject, self.world.me)
            self.world.dispatch("INTERACTION_CREATE", payload, guild=subject.channel.guild)
        else:
            self.world.announce("MESSAGE_CREATE", subject)

    def send(self, event: str, data: Json, guild: Guild | None = None) -> None:
        """Send any event, also one that no library can parse."""
        self.world.dispatch(event, data, guild=guild)

    def lose_guild(self, guild: Guild) -> None:
        """An outage hides a server from those who connect, though its messages arrive."""
        guild.hidden = True
        self.send("GUILD_DELETE", {"id": str(guild.id), "unavailable": True}, guild)

    def find_guild(self, guild: Guild) -> None:
        guild.hidden = False
        self.world.dispatch(
            "GUILD_CREATE", guild_create_json(guild, self.world.me), guild=guild, intent=codes.GUILDS
        )
