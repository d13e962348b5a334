// Where one writes: messages, replies, edits, mentions, files, and the way into slash commands.

import { CommandForm } from "./commandform.js";
import { matching, slashCommands } from "./commands.js";
import { byId, h, iconButton } from "./elements.js";
import { attempt } from "./notices.js";
import { Pending } from "./pending.js";
import { samples } from "./samples.js";
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
    this.pending = new Pending(() => this.draw());
    this.about = null; // {kind: "reply" or "edit", message, ping}
    this.text.addEventListener("input", () => this.typed());
    this.text.addEventListener("keydown", (event) => this.key(event));
    this.text.addEventListener("paste", (event) => {
      if (!this.isEdit() && this.pending.paste(event.clipboardData)) event.preventDefault();
    });
    this.takeDrops();
    byId("file").addEventListener("change", (event) => this.attach(event.target.files));
    byId("attach").addEventListener("click", () => byId("file").click());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
  }

  /** What is dropped anywhere on the page goes with the message. */
  takeDrops() {
    const over = (is) => document.body.classList.toggle("drop", is);
    document.addEventListener("dragover", (event) => {
      event.preventDefault();
      over(event.dataTransfer.types.includes("Files"));
    });
    document.addEventListener("dragleave", (event) => event.relatedTarget ?? over(false));
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      over(false);
      this.attach(event.dataTransfer.files);
      this.text.focus();
    });
  }

  isEdit() {
    return this.about?.kind === "edit";
  }

  /** The place or the person has changed: start over. */
  reset() {
    this.leaveCommand();
    this.clear();
    const place = state.places.get(state.place);
    this.text.placeholder = place ? `Message ${placeName(place)} as ${self().name}` : "";
  }

  clear() {
    [this.about, this.text.value] = [null, ""];
    const taken = this.pending.take();
    this.picker.hide();
    this.draw();
    return taken;
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
    if (!this.isEdit()) this.pending.add(files);
    byId("file").value = "";
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
    this.bar.replaceChildren(...[...parts, this.pending.draw()].filter(Boolean));
    this.grow();
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
    const [text, about] = [this.text.value.trim(), this.about];
    if (!text && !this.pending.files.length) return;
    // Typed faster than the list could be shown: a command is a command all the same.
    if (!about && COMMAND.test(text) && (await this.openTyped(text.slice(1)))) return;
    const files = this.clear();
    const done =
      about?.kind === "edit" ? await this.edit(about.message, text) : await this.send(text, about, files);
    if (done) return;
    [this.about, this.text.value] = [about, text]; // so that nothing written is lost
    this.pending.add(files);
  }

  send(text, about = null, files = []) {
    const reply = about ? { reply: about.message.id, ping: about.ping } : {};
    return attempt(() => act("say", { place: state.place, text: written(text), ...reply }, files));
  }

  /** Ask about a picture that is drawn on the spot and a small log. */
  async sendSample(direct) {
    const text = "What's wrong here?";
    await this.send(direct ? text : `@${state.bot.name} ${text}`, null, await samples());
  }

  edit(message, text) {
    return attempt(() => act("edit", { message: message.id, text: written(text) }));
  }
}
