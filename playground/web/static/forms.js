// What interactions are answered with, modals above all: the forms that a bot lets people fill in.

import { byId, h, newId } from "./elements.js";
import { attempt, toast } from "./notices.js";
import { act } from "./wire.js";

const ROW = 1;
const SELECT = 3;
const TEXT_INPUT = 4;
const TEXT = 10;
const LABEL = 18;
const PARAGRAPH = 2;

/** Follow up on what an interaction was answered with. */
export function outcome(answer) {
  if (answer.failed) toast("The application did not respond.");
  if (answer.modal) openForm(answer.form, answer.modal);
}

/** Show a modal; what is filled in goes back to the bot. */
function openForm(key, modal) {
  const dialog = byId("form");
  const fields = modal.components.map(fieldOf).filter(Boolean);
  const submit = h("button", { class: "button primary", type: "submit" }, "Submit");
  const cancel = h(
    "button",
    { class: "button secondary", type: "button", on: { click: () => dialog.close() } },
    "Cancel",
  );
  const title = h("h2", { id: "form-title" }, modal.title);
  const form = h(
    "form",
    {},
    title,
    fields.map((f) => f.element),
    h("div", { class: "dialog-end" }, cancel, submit),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const answers = Object.fromEntries(fields.filter((f) => f.id).map((f) => [f.id, f.value()]));
    submit.disabled = true;
    const done = await attempt(() => act("submit", { form: key, answers }));
    submit.disabled = false;
    if (!done) return;
    dialog.close();
    outcome(done);
  });
  dialog.replaceChildren(form);
  dialog.showModal();
  form.querySelector("input, textarea, select")?.focus();
}

function fieldOf(row) {
  if (row.type === TEXT) return { element: h("p", {}, row.content) };
  if (row.type === ROW) return field(row.components[0], row.components[0].label);
  if (row.type === LABEL) return field(row.component, row.label, row.description);
  return { element: h("p", { class: "quiet" }, "This page can't show part of this form.") };
}

function field(spec, label, hint) {
  const id = newId("field");
  const input = inputOf(spec, id);
  if (!input) return { element: h("p", { class: "quiet" }, `${label}: this page cannot show this field.`) };
  const required = spec.required ?? true;
  input.required = required;
  const name = h("label", { for: id }, label, required ? null : h("span", { class: "quiet" }, " (optional)"));
  const parts = [name, hint ? h("p", { class: "quiet" }, hint) : null, input];
  return { id: spec.custom_id, element: h("div", { class: "field" }, parts), value: () => input.value };
}

function inputOf(spec, id) {
  if (spec.type === SELECT) {
    const options = spec.options.map((o) =>
      h("option", { value: o.value, selected: Boolean(o.default) }, o.label),
    );
    return h("select", { id }, h("option", { value: "" }, spec.placeholder ?? "Choose"), options);
  }
  if (spec.type !== TEXT_INPUT) return null;
  const props = { id, value: spec.value ?? "", placeholder: spec.placeholder ?? "" };
  props.maxLength = spec.max_length ?? 4000;
  props.minLength = spec.min_length ?? 0;
  return spec.style === PARAGRAPH ? h("textarea", { ...props, rows: 4 }) : h("input", { ...props, type: "text" });
}
