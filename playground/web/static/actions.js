// What one can do with a message: reply, edit, delete, and the bot's message menus.

import { h, iconButton } from "./elements.js";
import { outcome } from "./forms.js";
import { announce, attempt } from "./notices.js";
import { self, state } from "./state.js";
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
  if (!message.only) buttons.push(appsButton(message));
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

function appsButton(message) {
  const button = iconButton("apps", "Apps", () => openApps(button, message));
  button.setAttribute("aria-haspopup", "menu");
  button.setAttribute("aria-expanded", "false");
  return button;
}

async function openApps(button, message) {
  if (button.getAttribute("aria-expanded") === "true") return closeApps();
  closeApps();
  const answer = await attempt(() => act("commands", { place: message.place }));
  const menus = (answer?.commands ?? []).filter((command) => command.type === MESSAGE_MENU);
  const items = menus.map((command) =>
    h("button", { type: "button", role: "menuitem", on: { click: () => choose(message, command) } }, command.name),
  );
  const list = h(
    "div",
    { class: "apps", role: "menu", "aria-label": "Apps" },
    items.length ? items : h("p", { class: "quiet" }, "No apps here"),
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
    list.parentElement.querySelector("[aria-haspopup=menu]")?.setAttribute("aria-expanded", "false");
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
