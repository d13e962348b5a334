// Buttons and menus under messages, as Discord's components describe them.

import { h } from "./elements.js";
import { outcome } from "./forms.js";
import { attempt } from "./notices.js";
import { state } from "./state.js";
import { act } from "./wire.js";

const ROW = 1;
const BUTTON = 2;
const LINK = 5;
const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link" };
// The kinds of menus, and whom or what they let one choose.
const MENUS = {
  3: (control) =>
    control.options.map((o) => ({ label: o.label, hint: o.description, value: o.value, chosen: o.default })),
  5: () => people(),
  6: () => roles(),
  7: () => [...people(), ...roles()],
  8: () => channels(),
};

const people = () => [...state.people, state.bot].map((p) => ({ label: p.name, value: { user: p.id } }));
const roles = () => state.roles.map((role) => ({ label: role.name, value: { role: role.id } }));
const channels = () =>
  [...state.places.values()]
    .filter((p) => p.kind !== "dm")
    .map((p) => ({ label: p.name, value: { channel: p.id } }));

/** The rows of a message; null where there are none. */
export function controlsOf(message) {
  const rows = message.components.filter((row) => row.type === ROW);
  if (!rows.length) return null;
  return h(
    "div",
    { class: "controls" },
    rows.map((row) =>
      h(
        "div",
        { class: "row" },
        row.components.map((c) => control(message, c)),
      ),
    ),
  );
}

/** Whether a message has parts that this page does not draw. */
export const hasMore = (message) => message.components.some((row) => row.type !== ROW);

function control(message, spec) {
  if (spec.type !== BUTTON) return menu(message, spec);
  const label = [spec.emoji?.id ? null : spec.emoji?.name, spec.label].filter(Boolean).join(" ");
  const look = `button ${STYLES[spec.style] ?? "secondary"}`;
  if (spec.style === LINK)
    return h("a", { class: look, href: spec.url, target: "_blank", rel: "noopener noreferrer" }, label);
  const button = h("button", { class: look, type: "button", disabled: Boolean(spec.disabled) }, label);
  button.addEventListener("click", () => use(button, "press", { message: message.id, control: spec.custom_id }));
  return button;
}

function menu(message, spec) {
  const choices = MENUS[spec.type]?.(spec) ?? [];
  const several = (spec.max_values ?? 1) > 1;
  const label = spec.placeholder ?? "Choose";
  const options = choices.map((c, index) =>
    h(
      "option",
      { value: String(index), selected: Boolean(c.chosen) },
      c.hint ? `${c.label} — ${c.hint}` : c.label,
    ),
  );
  if (!several && !choices.some((c) => c.chosen))
    options.unshift(h("option", { value: "", selected: true, disabled: true }, label));
  const select = h(
    "select",
    { "aria-label": label, multiple: several, disabled: Boolean(spec.disabled) },
    options,
  );
  const send = () => {
    const values = [...select.selectedOptions].filter((o) => o.value).map((o) => choices[Number(o.value)].value);
    return use(select, "select", { message: message.id, control: spec.custom_id, values });
  };
  if (!several) {
    select.addEventListener("change", send);
    return select;
  }
  return h(
    "div",
    { class: "several" },
    select,
    h("button", { class: "button primary", type: "button", on: { click: send } }, "Choose"),
  );
}

async function use(element, action, body) {
  element.setAttribute("aria-busy", "true");
  await attempt(async () => outcome(await act(action, body)));
  element.removeAttribute("aria-busy");
}
