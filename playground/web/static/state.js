// What the page knows. Modules read it; `app.js` alone writes what comes by the news.

export const state = {
  me: "", // the id of the person one is
  place: "", // the id of the place one looks at
  server: "",
  bot: { id: "", name: "Headwater", online: false },
  people: [],
  roles: [],
  scripted: true, // whether the model is
  places: new Map(),
  messages: new Map(), // by place: by id, in order
  typing: new Map(), // by place: until when, in ms
  unread: new Set(),
  dismissed: new Set(JSON.parse(sessionStorage.getItem("dismissed") ?? "[]")),
};

export const author = (id) =>
  id === state.bot.id ? state.bot : (state.people.find((person) => person.id === id) ?? { id, name: "Somebody" });

const everybody = () => [state.bot, ...state.people];

const named = (text, mark, things) =>
  things.reduce((t, { name, id }) => t.replace(new RegExp(`${mark}${name}\\b`, "g"), `<${mark}${id}>`), text);

/** Names that are mentioned, as Discord's clients send them. */
export const written = (text) =>
  named(named(text, "@", everybody()), "#", [...state.places.values()].filter((p) => p.kind !== "dm"));

/** The other way round: mentions as names. */
export const readable = (text) =>
  text.replace(/<@!?(\d+)>/g, (whole, id) => {
    const known = everybody().find((person) => person.id === id);
    return known ? `@${known.name}` : whole;
  });

export const self = () => author(state.me);

export const visiblePlaces = () => [...state.places.values()].filter((p) => !p.person || p.person === state.me);

export const placeName = (place) => (place.kind === "dm" ? `@${state.bot.name}` : `#${place.name}`);

export const messagesOf = (place) => state.messages.get(place) ?? new Map();

export const isShown = (message) =>
  (message.only === null || message.only === state.me) && !state.dismissed.has(message.id);

export function keepMessage(message) {
  if (!state.messages.has(message.place)) state.messages.set(message.place, new Map());
  state.messages.get(message.place).set(message.id, message);
}

export function dismiss(id) {
  state.dismissed.add(id);
  sessionStorage.setItem("dismissed", JSON.stringify([...state.dismissed]));
}
