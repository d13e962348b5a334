"""What people call themselves, their channels and their servers, as text on one line."""

from __future__ import annotations

import unicodedata

SHORT_NAME_WORDS = 2  # in a longer name, only the first word can pass for a role
NAME_LIMIT_CHARS = 100  # Discord: names of channels, threads and servers; those of people have 32
# Letters, marks and symbols that show nothing.
_BLANK = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\u034f")
# Controls, format characters (zero width, changes of direction), halves of a character. What this Python doesn't
# know yet is text: it is newer.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs"})
# What models call the speakers of a prompt, in English and in languages that many people on Discord use.
_WORDS = """
    assistant system developer tool function user model
    assistent asistente assistente asystent asistan sistema sistem systeem systeme system
    utilisateur usuario benutzer nutzer gebruiker utente kullanici uzytkownik
    entwickler desarrollador desenvolvedor developpeur sviluppatore
    система системный ассистент помощник пользователь разработчик
    σύστημα βοηθός χρήστης النظام نظام المساعد مساعد المستخدم مستخدم מערכת עוזר משתמש
    सिस्टम सहायक उपयोगकर्ता ระบบ ผู้ช่วย ผู้ใช้
    系统 系統 助手 助理 用户 用戶 开发者 開發者 システム アシスタント ユーザー 시스템 어시스턴트 사용자 개발자
"""
# Letters and digits that look like a Latin letter; `i`, `l` and `1` look like each other.
_LOOKALIKES = {
    "a": "аαɑᴀ4",
    "b": "вʙβ",
    "c": "сϲᴄ",
    "d": "ԁɗᴅ",
    "e": "еεᴇɛє3",
    "f": "ꜰ",
    "g": "ԍɢ",
    "h": "һнʜ",
    "i": "іιɪӏı1lʟⅼ",
    "j": "јᴊ",
    "k": "кκᴋ",
    "m": "мᴍ",
    "n": "пηոɴ",
    "o": "оοօᴏ0σ",
    "p": "рρᴘ",
    "r": "гʀ",
    "s": "ѕꜱ5",
    "t": "тτᴛ",
    "u": "υսᴜ",
    "v": "νѵᴠ",
    "x": "хχ",
    "y": "уγʏү",
}
_TO_LATIN = str.maketrans({mark: letter for letter, marks in _LOOKALIKES.items() for mark in marks})


def one_line(text: str) -> str:
    """A text without line breaks and invisible characters; empty when nothing of it can be seen."""
    return " ".join("".join(map(_visible, text)).split())


def plain_name(name: str) -> str:
    """A name on one line, as long as Discord allows: anybody can name a thread or themselves."""
    return one_line(name)[:NAME_LIMIT_CHARS].strip()


def _visible(char: str) -> str:
    if char.isspace() or char in _BLANK:
        return " "
    return "" if unicodedata.category(char) in _INVISIBLE else char


def reads_as_role(name: str) -> bool:
    """Whether a name looks like a role of a prompt in any script: somebody called `System` could pass for it."""
    words = _skeleton(name).split()
    looked_at = words if len(words) <= SHORT_NAME_WORDS else words[:1]
    return not _ROLES.isdisjoint([*looked_at, "".join(words)])


def _skeleton(text: str) -> str:
    """A text as it looks at a glance: no accents, styles or signs, one letter for all that look alike."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    letters = (char for char in plain if not unicodedata.combining(char))
    return "".join(char if unicodedata.category(char)[0] in "LMN" else " " for char in letters).translate(
        _TO_LATIN
    )


_ROLES = frozenset(map(_skeleton, _WORDS.split()))
