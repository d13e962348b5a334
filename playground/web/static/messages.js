// The list of a place's messages: drawn whole when the place changes, then message by message.

import { actionsOf } from "./actions.js";
import { byId, h } from "./elements.js";
import { introductionOf } from "./introduction.js";
import { bodyOf, concerns } from "./message.js";
import { announce } from "./notices.js";
import { author, isShown, messagesOf, state } from "./state.js";

const NEAR_PX = 120; // from the end: who is there wants to see what comes
const TOGETHER_S = 420; // messages of one author in this time share a head
const CURSOR = "▌";
const SPOKEN = 300; // characters of a message that are read out

export class Messages {
  constructor(composer) {
    this.composer = composer;
    this.scroller = byId("scroller");
    this.list = byId("messages");
    this.newest = byId("newest");
    this.newest.addEventListener("click", () => this.toEnd());
    this.scroller.addEventListener("scroll", () => {
      this.near = this.atEnd();
      if (this.near) this.newest.hidden = true;
    });
    // Who is at the end stays there when the composer or the window changes its height.
    new ResizeObserver(() => this.near && this.toEnd()).observe(this.scroller);
    this.scroller.addEventListener("load", () => this.near && this.toEnd(), true); // an image that has come
    this.list.addEventListener("keydown", (event) => this.walk(event));
    this.list.addEventListener("click", (event) => this.jump(event.target.closest("[data-jump]")?.dataset.jump));
  }

  /** Draw the place one looks at. */
  draw() {
    byId("introduction").replaceChildren(...introductionOf(this.composer));
    this.list.replaceChildren(...this.shown().map((message) => this.item(message)));
    this.group();
    this.toEnd();
  }

  shown() {
    return [...messagesOf(state.place).values()].filter(isShown);
  }

  /** A message that is new, or has changed. */
  put(message, isNew) {
    if (message.place !== state.place || !isShown(message)) return;
    const near = this.atEnd();
    const old = byId(`m-${message.id}`);
    if (old) this.update(old, message);
    else this.list.append(this.item(message));
    this.group();
    const mine = isNew && [message.author, message.only, message.used?.by].includes(state.me);
    if (near || mine) this.toEnd();
    else if (isNew) this.newest.hidden = false;
    this.speak(message, isNew);
  }

  remove(id) {
    byId(`m-${id}`)?.remove();
    this.group();
  }

  item(message) {
    const item = h("li", { id: `m-${message.id}`, class: "message", tabIndex: -1 });
    this.fill(item, message);
    return item;
  }

  /** What did not change stays in place, so that a button can be pressed while the text above it grows. */
  update(item, message) {
    const fresh = bodyOf(message, () => this.remove(message.id));
    const kept = item.querySelector(":scope > .controls");
    const same = JSON.stringify(message.components) === item.dataset.components;
    if (!kept || !same) return this.fill(item, message, fresh);
    const actions = item.querySelector(":scope > .actions");
    const above = fresh.findIndex((part) => part.classList.contains("controls"));
    for (const child of [...item.children]) if (child !== kept && child !== actions) child.remove();
    kept.before(...fresh.slice(0, above));
    kept.after(...fresh.slice(above + 1));
    this.mark(item, message);
  }

  fill(item, message, body = bodyOf(message, () => this.remove(message.id))) {
    const held = item.contains(document.activeElement) && document.activeElement !== item;
    item.replaceChildren(...body);
    const actions = actionsOf(message, this.composer);
    if (actions) item.append(actions);
    item.dataset.components = JSON.stringify(message.components);
    this.mark(item, message);
    if (held) item.focus({ preventScroll: true });
  }

  mark(item, message) {
    Object.assign(item.dataset, { author: message.author, created: message.created });
    item.classList.toggle("concerns", concerns(message));
    item.classList.toggle("private-message", Boolean(message.only));
    item.classList.toggle("apart", Boolean(message.reply || message.used || message.only));
  }

  group() {
    let last = null;
    for (const item of this.list.children) {
      const { author: from, created } = item.dataset;
      const together = last && last.author === from && created - last.created < TOGETHER_S;
      item.classList.toggle("follows", Boolean(together) && !item.classList.contains("apart"));
      last = { author: from, created };
      item.tabIndex = item === this.list.lastElementChild ? 0 : -1;
    }
    byId("empty").hidden = this.list.children.length > 0;
  }

  /** Read out what is new, and replies once they have ended. */
  speak(message, isNew) {
    const streaming = message.thinking || message.content.trimEnd().endsWith(CURSOR);
    const ended = !isNew && this.streaming === message.id && !streaming;
    if (streaming) this.streaming = message.id;
    else if (ended) this.streaming = null;
    if (message.author !== state.me && (ended || (isNew && !streaming))) {
      announce(`${author(message.author).name}: ${message.content.slice(0, SPOKEN)}`);
    }
  }

  /** Arrows go from message to message; Tab goes on to what can be done with one. */
  walk(event) {
    const step = { ArrowUp: "previousElementSibling", ArrowDown: "nextElementSibling" }[event.key];
    const next = step && event.target.matches(".message") && event.target[step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }

  jump(id) {
    const item = id && byId(`m-${id}`);
    if (!item) return;
    item.scrollIntoView({ block: "center" });
    item.focus({ preventScroll: true });
  }

  atEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight < NEAR_PX;
  }

  toEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.newest.hidden = true;
  }
}
