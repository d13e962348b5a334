// A slash command being filled in: a field for each option, with choices and live autocomplete.

import { h, iconButton, newId } from "./elements.js";
import { outcome } from "./forms.js";
import { attempt } from "./notices.js";
import { Picker } from "./picker.js";
import { state, written } from "./state.js";
import { act } from "./wire.js";

const PAUSE_MS = 150; // in typing, before suggestions are asked for
const [STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, FILE] = [3, 4, 5, 6, 7, 8, 9, 10, 11];

export class CommandForm {
  /** `done` is called when the command was sent or given up. */
  constructor(command, done) {
    this.command = command;
    this.done = done;
    this.element = h("form", { class: "command", "aria-label": `Command /${command.path}` });
    this.fields = command.options.map((option) => this.field(option));
    const send = h("button", { type: "submit", class: "button primary" }, "Send");
    const leave = iconButton("close", "Leave the command", done);
    const head = h(
      "div",
      { class: "command-head" },
      h("strong", {}, `/${command.path}`),
      h("span", { class: "quiet" }, command.description),
      leave,
    );
    const rows = h(
      "div",
      { class: "command-fields" },
      this.fields.map((field) => field.element),
      send,
    );
    this.element.append(head, rows);
    this.element.addEventListener("submit", (event) => this.submit(event));
    this.element.addEventListener("keydown", (event) => event.key === "Escape" && done());
  }

  focus() {
    (this.element.querySelector("input, select") ?? this.element.querySelector("[type=submit]")).focus();
  }

  async submit(event) {
    event.preventDefault();
    const sent = { place: state.place, path: this.command.path, ...this.given() };
    const files = sent.files;
    delete sent.files;
    this.done();
    const answer = await attempt(() => act("command", sent, files));
    if (answer) outcome(answer);
  }

  /** The options filled in, and the files among them. */
  given() {
    const [options, files] = [{}, []];
    for (const { option, input, value } of this.fields) {
      if (option.type === FILE && input.files.length)
        options[option.name] = { file: files.push(input.files[0]) - 1 };
      else if (option.type !== FILE && input.value !== "") options[option.name] = value();
    }
    return { options, files };
  }

  field(option) {
    const id = newId("option");
    const input = this.input(option, id);
    input.required = Boolean(option.required);
    const hint = h("span", { class: "quiet", id: `${id}-hint` }, option.description);
    input.setAttribute("aria-describedby", hint.id);
    const label = h(
      "label",
      { for: id },
      option.name,
      option.required ? null : h("span", { class: "quiet" }, " optional"),
    );
    const element = h(
      "div",
      { class: option.type === STRING && !option.choices?.length ? "field wide" : "field" },
      label,
      input,
      hint,
    );
    if (option.autocomplete) this.complete(option, input);
    return { option, input, element, value: () => valueOf(option, input) };
  }

  input(option, id) {
    const choices = choicesOf(option);
    if (choices) {
      return h(
        "select",
        { id },
        h("option", { value: "" }, ""),
        choices.map((c) => h("option", { value: JSON.stringify(c.value) }, c.name)),
      );
    }
    if (option.type === FILE) return h("input", { id, type: "file" });
    const props = { id, type: "text", autocomplete: "off" };
    if (option.type === INTEGER || option.type === NUMBER) {
      Object.assign(props, {
        type: "number",
        min: option.min_value ?? "",
        max: option.max_value ?? "",
        step: option.type === INTEGER ? "1" : "any",
      });
    } else if (option.max_length) props.maxLength = option.max_length;
    return h("input", props);
  }

  /** Ask the bot for suggestions while one types; a late answer to an older question is dropped. */
  complete(option, input) {
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-expanded", "false");
    const picker = new Picker(input, this.element, `Suggestions for ${option.name}`);
    let [asked, timer] = [0, 0];
    const ask = async () => {
      const number = asked;
      const { options } = this.given();
      const body = {
        place: state.place,
        path: this.command.path,
        option: option.name,
        options: { ...options, [option.name]: input.value },
      };
      const answer = await attempt(() => act("complete", body));
      if (number !== asked || document.activeElement !== input || !answer) return;
      const items = answer.choices.map((c) => ({ label: c.name, value: String(c.value) }));
      picker.show(items, (item) => {
        input.value = item.value;
      });
    };
    const soon = () => {
      // What is on show answers an older question: Enter must not take it.
      picker.hide();
      asked += 1;
      clearTimeout(timer);
      timer = setTimeout(ask, PAUSE_MS);
    };
    input.addEventListener("input", soon);
    input.addEventListener("focus", soon);
    input.addEventListener("keydown", (event) => picker.key(event));
  }
}

/** What a select offers for an option; null where one types. */
function choicesOf(option) {
  const people = [...state.people, state.bot].map((p) => ({ name: p.name, value: { user: p.id } }));
  const roles = state.roles.map((role) => ({ name: role.name, value: { role: role.id } }));
  const channels = [...state.places.values()]
    .filter((p) => p.kind !== "dm")
    .map((p) => ({ name: p.name, value: { channel: p.id } }));
  const lists = { [USER]: people, [CHANNEL]: channels, [ROLE]: roles, [MENTIONABLE]: [...people, ...roles] };
  if (option.type === BOOLEAN)
    return [
      { name: "True", value: true },
      { name: "False", value: false },
    ];
  return option.choices?.length ? option.choices : lists[option.type];
}

function valueOf(option, input) {
  if (choicesOf(option)) return JSON.parse(input.value);
  return option.type === INTEGER || option.type === NUMBER ? Number(input.value) : written(input.value);
}
