"""The step about who serves the models, and what pays for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.config.fields import HTTP, KEY_FORM, UrlForm
from bot.core.errors import AuthenticationError, ModelError
from bot.core.model_ids import Provider
from bot.llm.config import ProviderConfig
from bot.setup.answers import ADDRESS, KEY, PROVIDER
from bot.setup.conversation import NotThatError, UnreachableError
from bot.setup.model_server import OLLAMA_HERE, SignIn, found_ollama, models_of, standing
from bot.setup.prompts import NoAnswerError, Option
from bot.ui.texts.terminal import setup as texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.records import ModelInfo
    from bot.setup.conversation import Talk

SIGN_IN, PASTE = "sign in", "paste"
OPENROUTER = "https://openrouter.ai/api/v1"
ROUTER_BASE, OLLAMA_BASE, OPENAI_KEY = "OPENROUTER_API_BASE", "OLLAMA_API_BASE", "OPENAI_API_KEY"


async def provider(talk: Talk) -> ProviderConfig:
    """Ask who serves the models until their server takes the key, and write that down."""
    kind = await _kind(talk)
    config = await {
        SIGN_IN: _openrouter,
        PASTE: _openrouter,
        Provider.OPENROUTER: _openrouter,
        Provider.OLLAMA: _ollama,
        Provider.OPENAI: _other,
    }[kind](talk, kind)
    talk.keep({PROVIDER.setting: config.kind})
    return config


async def _kind(talk: Talk) -> str:
    """What somebody chose: a provider, or for OpenRouter one of two ways to a key."""
    if given := talk.answers.known(PROVIDER):
        if given.lower() in {*Provider}:
            return Provider(given.lower())
        raise NoAnswerError(texts.refused(PROVIDER.flag, ", ".join(Provider)))
    if talk.answers.known(KEY):
        return Provider.OPENAI if talk.answers.known(ADDRESS) else Provider.OPENROUTER
    here = await found_ollama(OLLAMA_HERE)
    options = [
        Option(SIGN_IN, texts.SIGN_IN),
        Option(PASTE, texts.PASTE_KEY),
        Option(Provider.OLLAMA, texts.OLLAMA if here is None else texts.ollama_found(len(here))),
        Option(Provider.OPENAI, texts.OTHER_SERVER),
    ]
    default = SIGN_IN if talk.attended else ""
    chosen = await talk.choose(texts.PROVIDER_QUESTION, PROVIDER, options, default=default)
    return Provider(chosen) if chosen in {*Provider} else chosen


async def _openrouter(talk: Talk, way: str) -> ProviderConfig:
    base = talk.answers.elsewhere(ROUTER_BASE) or OPENROUTER

    async def ask() -> str:
        if way == SIGN_IN:
            return await _signed_in(talk, base)
        talk.prompts.say(texts.KEY_WHERE)
        return await talk.prompts.text(texts.KEY_QUESTION, KEY, hidden=True)

    async def attempt(key: str) -> ProviderConfig:
        config = ProviderConfig(kind=Provider.OPENROUTER, api_base=base, api_key=_sound(key))
        try:
            left = await standing(config)
        except AuthenticationError:
            raise NotThatError(texts.KEY_REJECTED) from None
        except ModelError as error:
            raise UnreachableError(texts.unreachable("OpenRouter", why(error))) from None
        talk.good(texts.key_works(left))
        return config

    key, config = await talk.settled(KEY, talk.answers.known(KEY), ask, attempt)
    talk.keep({KEY.setting: key})
    return config


async def _signed_in(talk: Talk, base: str) -> str:
    """A key for the code that OpenRouter's page shows."""
    while True:
        sign_in = SignIn.begin(base)
        talk.prompts.say(texts.SIGN_IN_OPEN)
        talk.show_link(sign_in.link)
        code = await talk.prompts.text(texts.CODE_QUESTION, KEY)
        try:
            return await sign_in.key_for(code)
        except ModelError as error:
            refused = error.status is not None and not error.retryable
            talk.bad(texts.CODE_REJECTED if refused else texts.unreachable("OpenRouter", why(error)))


async def _ollama(talk: Talk, _: str) -> ProviderConfig:
    async def ask() -> str:
        return await talk.prompts.text(texts.OLLAMA_ADDRESS, ADDRESS, default=OLLAMA_HERE)

    async def attempt(address: str) -> ProviderConfig:
        config = ProviderConfig(kind=Provider.OLLAMA, api_base=_address(address))
        found = await _models(config, texts.OLLAMA)
        if not found:
            raise UnreachableError(texts.OLLAMA_EMPTY)
        talk.good(texts.server_answers(len(found)))
        return config

    known = talk.answers.known(ADDRESS, OLLAMA_BASE)
    if not known and await found_ollama(OLLAMA_HERE) is not None:
        known = OLLAMA_HERE
    address, config = await talk.settled(ADDRESS, known, ask, attempt)
    talk.keep({OLLAMA_BASE: address})
    return config


async def _other(talk: Talk, _: str) -> ProviderConfig:
    async def ask() -> str:
        return await talk.prompts.text(texts.ADDRESS_QUESTION, ADDRESS)

    async def attempt(address: str) -> ProviderConfig:
        _address(address)
        key = talk.answers.known(KEY, OPENAI_KEY)
        if not key and talk.attended:
            key = await talk.prompts.text(texts.OTHER_KEY, KEY, hidden=True)
        config = ProviderConfig(kind=Provider.OPENAI, api_base=address, api_key=_sound(key or texts.NO_KEY))
        try:
            found = await _models(config, address)
        except NotThatError:
            talk.answers.reject(KEY, key)
            raise
        talk.good(texts.server_answers(len(found)))
        return config

    address, config = await talk.settled(ADDRESS, talk.answers.known(ADDRESS), ask, attempt)
    talk.keep({ADDRESS.setting: address, OPENAI_KEY: config.api_key})
    return config


async def _models(config: ProviderConfig, name: str) -> Sequence[ModelInfo]:
    try:
        return await models_of(config)
    except AuthenticationError:
        raise NotThatError(texts.SERVER_REJECTED) from None
    except ModelError as error:
        raise UnreachableError(texts.unreachable(name, why(error))) from None


def _address(text: str) -> str:
    try:
        return UrlForm(HTTP).check(text)
    except ValueError:
        raise NotThatError(texts.ADDRESS_FORM) from None


def _sound(key: str) -> str:
    if not KEY_FORM.fullmatch(key):
        raise NotThatError(texts.KEY_FORM)
    return key


def why(error: ModelError) -> str:
    """What went wrong, short enough for one line."""
    return error.detail or f"HTTP {error.status}"
