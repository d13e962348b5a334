// The beginning of each place: what it is, and what one could try.

import { h } from "./elements.js";
import { placeName, self, state } from "./state.js";

const QUESTIONS = [
  ["Say hello", "Hello, who are you?"],
  ["A long answer", "Write something long"],
  ["Some code", "Show me some code"],
  ["A list", "Make a list of what matters"],
];
const SCRIPTED = [["One that breaks off", "Begin to answer and break off"]];

export function introductionOf(composer) {
  const place = state.places.get(state.place);
  if (!place) return [];
  const direct = place.kind === "dm";
  const how = direct
    ? "Whatever you write here, the bot answers."
    : `Mention @${state.bot.name}, reply to it, or type / for its commands.`;
  const tries = [...QUESTIONS, ...(state.scripted ? SCRIPTED : [])].map(([label, text]) => {
    const act = () => composer.send(direct ? text : `@${state.bot.name} ${text}`);
    return h("button", { type: "button", class: "chip", title: text, on: { click: act } }, label);
  });
  const picture = h(
    "button",
    { type: "button", class: "chip", on: { click: () => composer.sendSample(direct) } },
    "A picture and a log",
  );
  const model = h(
    "button",
    { type: "button", class: "chip", on: { click: () => composer.useCommand("model set") } },
    "/model set",
  );
  return [
    h("h2", {}, direct ? `You and ${state.bot.name}` : `Welcome to ${placeName(place)}`),
    h(
      "p",
      {},
      `${how} You are ${self().name}, ${self().role === "admin" ? "an admin" : "a member"}; switch at the top.`,
    ),
    h("div", { class: "chips", role: "group", "aria-label": "Things to try" }, tries, picture, model),
  ];
}
