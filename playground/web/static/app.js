// The page's beginning: it takes the news and tells the parts.

import { closeApps } from "./actions.js";
import { forget } from "./commands.js";
import { Composer } from "./composer.js";
import { byId } from "./elements.js";
import { Messages } from "./messages.js";
import { addRequest, drawPanel, showFreshness, showSettings } from "./panel.js";
import { drawBot, drawPeople, drawPlaces } from "./places.js";
import { keepMessage, messagesOf, state, visiblePlaces } from "./state.js";
import { follow } from "./wire.js";

const TYPING_MS = 10_000; // Discord's clients show it for so long, or until a message comes
const WIDE = "(min-width: 1200px)";

const composer = new Composer();
const messages = new Messages(composer);

// --- Who and where one is

function go(place) {
  state.place = place;
  state.unread.delete(place);
  remember();
  forget();
  document.body.classList.remove("places-open");
  byId("open-places").setAttribute("aria-expanded", "false");
  drawPlaces(go);
  composer.reset();
  messages.draw();
  showTyping();
  if (matchMedia("(hover: hover)").matches) byId("text").focus();
}

function become(person) {
  state.me = person;
  // A direct message is its person's: the other has one of their own.
  const [place, places] = [state.places.get(state.place), visiblePlaces()];
  go(
    places.includes(place)
      ? place.id
      : (places.find((p) => p.kind === (place?.kind ?? "channel")) ?? places[0]).id,
  );
}

function remember() {
  sessionStorage.setItem("me", state.me);
  sessionStorage.setItem("place", state.place);
}

// --- News

const NEWS = {
  world(news) {
    Object.assign(state, { server: news.server, bot: news.bot, people: news.people, roles: news.roles });
    state.places = new Map(news.places.map((place) => [place.id, place]));
    state.scripted = news.panel.scripted;
    state.messages = new Map();
    news.messages.forEach(keepMessage);
    const known = (key, all) => (all.has(sessionStorage.getItem(key)) ? sessionStorage.getItem(key) : null);
    state.me = known("me", new Set(news.people.map((p) => p.id))) ?? news.people[0].id;
    const place = state.places.get(known("place", state.places));
    drawBot(true);
    drawPeople(become);
    drawPanel(news.panel);
    const draft = byId("text").value; // after a break in the connection
    go((place && (!place.person || place.person === state.me) ? place : visiblePlaces()[0]).id);
    byId("text").value = draft;
  },
  message({ message }) {
    const isNew = !messagesOf(message.place).has(message.id);
    keepMessage(message);
    if (message.author === state.bot.id) endTyping(message.place);
    messages.put(message, isNew);
    const unseen = message.place !== state.place && message.author !== state.me;
    if (!isNew || !unseen || state.unread.has(message.place)) return;
    state.unread.add(message.place);
    drawPlaces(go);
  },
  deleted({ id, place }) {
    messagesOf(place).delete(id);
    if (place === state.place) messages.remove(id);
  },
  typing({ place }) {
    state.typing.set(place, Date.now() + TYPING_MS);
    showTyping();
    setTimeout(showTyping, TYPING_MS + 50);
  },
  place({ place, gone }) {
    if (gone) state.places.delete(place.id);
    else state.places.set(place.id, place);
    if (gone && place.id === state.place) go(visiblePlaces()[0].id);
    else drawPlaces(go);
  },
  bot({ bot }) {
    state.bot = bot;
    drawBot(true);
  },
  commands: forget,
  request: addRequest,
  freshness: ({ freshness }) => showFreshness(freshness),
  settings: ({ settings }) => showSettings(settings),
};

function endTyping(place) {
  state.typing.delete(place);
  showTyping();
}

function showTyping() {
  const typing = (state.typing.get(state.place) ?? 0) > Date.now();
  byId("typing").classList.toggle("on", typing);
  byId("typing-words").textContent = typing ? `${state.bot.name} is typing…` : "";
}

// --- The frame

function showPanel(open) {
  byId("panel").hidden = !open;
  byId("open-panel").setAttribute("aria-expanded", String(open));
  document.body.classList.toggle("panel-open", open);
}

byId("open-panel").addEventListener("click", () => {
  showPanel(byId("panel").hidden);
  localStorage.setItem("panel", byId("panel").hidden ? "closed" : "open");
});
byId("close-panel").addEventListener("click", () => {
  showPanel(false);
  localStorage.setItem("panel", "closed");
  byId("open-panel").focus();
});
byId("open-places").addEventListener("click", () => {
  const open = document.body.classList.toggle("places-open");
  byId("open-places").setAttribute("aria-expanded", String(open));
});
for (const button of document.querySelectorAll("[data-dialog]")) {
  button.addEventListener("click", () => byId(button.dataset.dialog).showModal());
}
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  closeApps();
  document.body.classList.remove("places-open");
});

showPanel(matchMedia(WIDE).matches && localStorage.getItem("panel") !== "closed");
follow(
  (news) => NEWS[news.type]?.(news),
  (connected) => drawBot(connected),
);
