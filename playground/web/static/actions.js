// What one can do with a message: reply, edit, delete, and the bot's message menus.

import { h, iconButton } from "./elements.js";
import { outcome } from "./forms.js";
import { announce, attempt } from "./notices.js";
import { placeName, self, state, visiblePlaces } from "./state.js";
import { act } from "./wire.js";

const MESSAGE_MENU = 3;

/** The bar of a message; `composer` takes replies and edits. */
export function actionsOf(message, composer) {
  if (message.thinking) return null;
  const own = message.author === state.me;
  const buttons = [];
  if (!message.only) buttons.push(iconButton("reply", "Reply", () => composer.replyTo(message)));
  if (own) buttons.push(iconButton("edit", "Edit", () => composer.startEdit(message)));
  if (message.content) buttons.push(iconButton("copy", "Copy text", () => copy(message.content)));
  if (!message.only) buttons.push(menuButton("forward", "Forward", () => forwardsOf(message)));
  if (!message.only) buttons.push(menuButton("apps", "Apps", () => appsOf(message)));
  if (!message.only && (own || self().role === "admin")) {
    buttons.push(
      iconButton("remove", "Delete", () => attempt(() => act("delete", { message: message.id })), "danger"),
    );
  }
  return h("div", { class: "actions", role: "group", "aria-label": "Message actions" }, buttons);
}

async function copy(text) {
  await attempt(() => navigator.clipboard.writeText(text));
  announce("Copied");
}

/** A button that opens a menu of what `choices` gives: labels, and what each does. */
function menuButton(shape, label, choices) {
  const button = iconButton(shape, label, () => openMenu(button, label, choices));
  button.setAttribute("aria-haspopup", "menu");
  button.setAttribute("aria-expanded", "false");
  return button;
}

async function appsOf(message) {
  const answer = await attempt(() => act("commands", { place: message.place }));
  const menus = (answer?.commands ?? []).filter((command) => command.type === MESSAGE_MENU);
  return menus.map((command) => [command.name, () => choose(message, command)]);
}

/** Every place one can forward to; where the bot is the only other one, it answers. */
const forwardsOf = (message) => visiblePlaces().map((place) => [placeName(place), () => forward(message, place)]);

async function forward(message, place) {
  closeApps();
  const done = await attempt(() => act("forward", { message: message.id, place: place.id }));
  if (done) announce(`Forwarded to ${placeName(place)}`);
}

async function openMenu(button, label, choices) {
  if (button.getAttribute("aria-expanded") === "true") return closeApps();
  closeApps();
  const items = (await choices()).map(([name, click]) =>
    h("button", { type: "button", role: "menuitem", on: { click } }, name),
  );
  const list = h(
    "div",
    { class: "apps", role: "menu", "aria-label": label },
    items.length ? items : h("p", { class: "quiet" }, "Nothing here"),
  );
  list.addEventListener("keydown", (event) => move(event, list, button));
  button.setAttribute("aria-expanded", "true");
  button.parentElement.append(list);
  items[0]?.focus();
}

async function choose(message, command) {
  closeApps();
  const done = await attempt(() => act("menu", { message: message.id, name: command.name }));
  if (done) outcome(done);
}

export function closeApps() {
  for (const list of document.querySelectorAll(".apps")) {
    const button = list.parentElement.querySelector("[aria-expanded=true]");
    button?.setAttribute("aria-expanded", "false");
    list.remove();
  }
}

function move(event, list, button) {
  const items = [...list.querySelectorAll("[role=menuitem]")];
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.key === "Escape") {
    closeApps();
    button.focus();
  } else if (step && items.length) {
    items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
  } else return;
  event.preventDefault();
  event.stopPropagation();
}

document.addEventListener("click", (event) => {
  if (!event.target.closest(".actions")) closeApps();
});
