// Where one writes: messages, replies, edits, mentions, files, and the way into slash commands.

import { CommandForm } from "./commandform.js";
import { matching, slashCommands } from "./commands.js";
import { byId, h, icon, iconButton } from "./elements.js";
import { attempt } from "./notices.js";
import { Picker } from "./picker.js";
import { author, isShown, messagesOf, placeName, readable, self, state, written } from "./state.js";
import { act } from "./wire.js";

const TALLEST_PX = 220;
const MENTION = /(?:^|\s)@(\w*)$/;
const COMMAND = /^\/([\w -]*)$/;

export class Composer {
  constructor() {
    this.text = byId("text");
    this.bar = byId("composer-bar");
    this.form = byId("composer");
    this.picker = new Picker(this.text, byId("composer-picker"), "Suggestions");
    this.files = [];
    this.about = null; // {kind: "reply" or "edit", message, ping}
    this.text.addEventListener("input", () => this.typed());
    this.text.addEventListener("keydown", (event) => this.key(event));
    this.text.addEventListener("paste", (event) => this.attach(event.clipboardData.files));
    document.addEventListener("dragover", (event) => event.preventDefault());
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      this.attach(event.dataTransfer.files);
    });
    byId("file").addEventListener("change", (event) => this.attach(event.target.files));
    byId("attach").addEventListener("click", () => byId("file").click());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
  }

  /** The place or the person has changed: start over. */
  reset() {
    this.leaveCommand();
    this.clear();
    const place = state.places.get(state.place);
    this.text.placeholder = place ? `Message ${placeName(place)} as ${self().name}` : "";
  }

  clear() {
    [this.files, this.about, this.text.value] = [[], null, ""];
    this.picker.hide();
    this.draw();
  }

  // --- Keys and suggestions

  key(event) {
    if (this.picker.key(event) || event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.submit();
    } else if (event.key === "Escape" && this.about) this.clear();
    else if (event.key === "ArrowUp" && !this.text.value && !this.about) this.editLast(event);
  }

  editLast(event) {
    const own = [...messagesOf(state.place).values()].filter((m) => m.author === state.me && isShown(m));
    if (!own.length) return;
    event.preventDefault();
    this.startEdit(own.at(-1));
  }

  typed() {
    this.grow();
    const before = this.text.value.slice(0, this.text.selectionStart);
    const mention = MENTION.exec(before);
    const command = this.about ? null : COMMAND.exec(this.text.value);
    if (command) this.offerCommands(command[1]);
    else if (mention) this.offerPeople(mention[1]);
    else this.picker.hide();
  }

  async offerCommands(typed) {
    const all = await attempt(slashCommands);
    if (!all || this.text.value !== `/${typed}`) return;
    const whole = typed.endsWith(" ") && all.find((command) => command.path === typed.trim());
    if (whole) return this.openCommand(whole);
    const items = matching(all, typed).map((command) => ({
      label: `/${command.path}`,
      detail: command.options.map((o) => (o.required ? o.name : `[${o.name}]`)).join(" "),
      hint: command.description,
      command,
    }));
    this.picker.show(items, (item) => this.openCommand(item.command));
  }

  offerPeople(typed) {
    const all = [state.bot, ...state.people.filter((person) => person.id !== state.me)];
    const found = all.filter((person) => person.name.toLowerCase().startsWith(typed.toLowerCase()));
    const items = found.map((p) => ({ label: `@${p.name}`, hint: p.bot ? "the bot" : p.role, name: p.name }));
    this.picker.show(items, (item) => this.complete(typed.length, `${item.name} `));
  }

  complete(length, name) {
    const at = this.text.selectionStart;
    this.text.setRangeText(name, at - length, at, "end");
    this.grow();
  }

  // --- Commands

  /** Open the form of a command by its path. */
  async useCommand(path) {
    const all = await attempt(slashCommands);
    const command = all?.find((c) => c.path === path);
    if (command) return this.openCommand(command);
    this.text.value = "/";
    this.text.focus();
    return this.offerCommands("");
  }

  async openTyped(path) {
    const command = (await attempt(slashCommands))?.find((each) => each.path === path);
    if (command) this.openCommand(command);
    return Boolean(command);
  }

  openCommand(command) {
    this.leaveCommand();
    this.clear();
    const form = new CommandForm(command, () => {
      this.leaveCommand();
      this.text.focus();
    });
    byId("command").replaceChildren(form.element);
    this.form.hidden = true;
    form.focus();
  }

  leaveCommand() {
    byId("command").replaceChildren();
    this.form.hidden = false;
  }

  // --- Replies, edits, files

  replyTo(message) {
    this.leaveCommand();
    this.about = { kind: "reply", message, ping: message.author !== state.me };
    this.draw();
    this.text.focus();
  }

  startEdit(message) {
    this.leaveCommand();
    this.about = { kind: "edit", message };
    this.text.value = readable(message.content);
    this.draw();
    this.text.focus();
  }

  attach(files) {
    if (this.about?.kind !== "edit") this.files.push(...files);
    byId("file").value = "";
    this.draw();
  }

  /** What stands above the text: whom one answers, what one edits, which files go along. */
  draw() {
    const parts = [];
    if (this.about) {
      const words =
        this.about.kind === "reply"
          ? `Replying to ${author(this.about.message.author).name}`
          : "Editing your message";
      parts.push(
        h(
          "div",
          { class: "about" },
          h("span", {}, words),
          this.pingSwitch(),
          iconButton("close", "Cancel", () => this.clear()),
        ),
      );
    }
    this.files.forEach((file, index) => {
      const drop = iconButton("close", `Remove ${file.name}`, () => this.drop(index));
      parts.push(h("div", { class: "pending-file" }, icon("file"), h("span", {}, file.name), drop));
    });
    this.bar.replaceChildren(...parts);
    this.grow();
  }

  drop(index) {
    this.files.splice(index, 1);
    this.draw();
  }

  pingSwitch() {
    if (this.about.kind !== "reply" || this.about.message.author === state.me) return null;
    const box = h("input", { type: "checkbox", checked: this.about.ping });
    box.addEventListener("change", () => (this.about.ping = box.checked));
    return h("label", { class: "ping", title: "A reply that pings the bot asks it" }, box, "@ ping");
  }

  grow() {
    this.text.style.height = "auto";
    this.text.style.height = `${Math.min(this.text.scrollHeight, TALLEST_PX)}px`;
  }

  // --- Sending

  async submit() {
    const [text, about, files] = [this.text.value.trim(), this.about, this.files];
    if (!text && !files.length) return;
    // Typed faster than the list could be shown: a command is a command all the same.
    if (!about && COMMAND.test(text) && (await this.openTyped(text.slice(1)))) return;
    this.clear();
    const done =
      about?.kind === "edit" ? await this.edit(about.message, text) : await this.send(text, about, files);
    if (done) return;
    [this.about, this.files, this.text.value] = [about, files, text]; // so that nothing written is lost
    this.draw();
  }

  send(text, about = null, files = []) {
    const reply = about ? { reply: about.message.id, ping: about.ping } : {};
    return attempt(() => act("say", { place: state.place, text: written(text), ...reply }, files));
  }

  edit(message, text) {
    return attempt(() => act("edit", { message: message.id, text: written(text) }));
  }
}
