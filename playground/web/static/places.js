// Where one can be, and whom one can be.

import { byId, h, icon } from "./elements.js";
import { placeName, state, visiblePlaces } from "./state.js";

const MARKS = { channel: "#", dm: "@" };

/** Draw the list of places; `go` is called with the one that is chosen. */
export function drawPlaces(go) {
  const all = visiblePlaces();
  const channels = all.filter((place) => place.kind === "channel");
  const threadsOf = (parent) => all.filter((place) => place.parent === parent.id);
  const rows = channels.flatMap((channel) => [channel, ...threadsOf(channel)]);
  const direct = all.filter((place) => place.kind === "dm");
  byId("places").replaceChildren(
    h("h2", {}, state.server),
    h(
      "ul",
      {},
      rows.map((place) => row(place, go)),
    ),
    h("h2", {}, "Direct messages"),
    h(
      "ul",
      {},
      direct.map((place) => row(place, go)),
    ),
  );
  drawHead();
}

function row(place, go) {
  const here = place.id === state.place;
  const news = state.unread.has(place.id) && !here;
  const mark =
    place.kind === "thread"
      ? icon("thread")
      : h("span", { class: "mark", "aria-hidden": "true" }, MARKS[place.kind]);
  const name = place.kind === "dm" ? state.bot.name : place.name;
  const props = {
    type: "button",
    class: `place ${place.kind}${news ? " news" : ""}`,
    "aria-current": here ? "page" : null,
  };
  const button = h(
    "button",
    props,
    mark,
    h("span", {}, name),
    news ? h("span", { class: "visually-hidden" }, "unread") : null,
  );
  button.addEventListener("click", () => go(place.id));
  return h("li", {}, button);
}

function drawHead() {
  const place = state.places.get(state.place);
  if (!place) return;
  byId("place-name").textContent = placeName(place);
  const parent = state.places.get(place.parent);
  byId("place-about").textContent = parent
    ? `A thread of ${placeName(parent)}, with a memory of its own`
    : place.kind === "dm"
      ? "Nobody else sees this"
      : "";
  document.title = `${placeName(place)} · Headwater's playground`;
}

/** Draw the switch of who one is. */
export function drawPeople(become) {
  const choices = state.people.map((person) => {
    const input = h("input", { type: "radio", name: "person", value: person.id, checked: person.id === state.me });
    input.addEventListener("change", () => become(person.id));
    return h(
      "label",
      { title: `Be ${person.name}` },
      input,
      h("span", {}, person.name, h("small", {}, person.role)),
    );
  });
  byId("people").replaceChildren(h("legend", {}, "You are"), ...choices);
}

export function drawBot(connected) {
  const dot = byId("bot-state");
  dot.dataset.online = String(state.bot.online && connected);
  const words = state.bot.online ? "online" : "connecting…";
  dot.textContent = connected ? `${state.bot.name} is ${words}` : "No connection to the demo";
}
