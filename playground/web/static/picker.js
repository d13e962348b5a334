// A list of suggestions under the fingers: arrows move, Enter and Tab take, Escape closes.

import { h, newId } from "./elements.js";

export class Picker {
  /** `input` keeps the focus; the list is shown in `holder`. */
  constructor(input, holder, label) {
    this.input = input;
    this.items = [];
    this.list = h("ul", {
      id: newId("picker"),
      class: "picker",
      role: "listbox",
      "aria-label": label,
      hidden: true,
    });
    holder.append(this.list);
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-controls", this.list.id);
    input.addEventListener("blur", () => this.hide());
  }

  get open() {
    return !this.list.hidden;
  }

  /** `items` have a label, and may have a detail and a hint; `pick` gets the one that was taken. */
  show(items, pick) {
    this.items = items;
    this.pick = pick;
    this.list.replaceChildren(...items.map((item, index) => this.option(item, index)));
    this.list.hidden = items.length === 0;
    this.mark(0);
  }

  hide() {
    this.items = [];
    this.list.hidden = true;
    this.mark(-1);
  }

  option(item, index) {
    const option = h(
      "li",
      { id: newId("option"), role: "option" },
      h("span", { class: "label" }, item.label),
      item.detail ? h("span", { class: "detail" }, item.detail) : null,
      item.hint ? h("span", { class: "hint" }, item.hint) : null,
    );
    // Before the input loses the focus, and this list with it.
    option.addEventListener("mousedown", (event) => {
      event.preventDefault();
      this.take(index);
    });
    return option;
  }

  mark(index) {
    this.at = index;
    [...this.list.children].forEach((option, number) =>
      option.setAttribute("aria-selected", String(number === index)),
    );
    const marked = this.list.children[index];
    if (this.open && marked) {
      this.input.setAttribute("aria-activedescendant", marked.id);
      marked.scrollIntoView({ block: "nearest" });
    } else this.input.removeAttribute("aria-activedescendant");
    if (this.input.getAttribute("role") === "combobox")
      this.input.setAttribute("aria-expanded", String(this.open));
  }

  take(index) {
    const item = this.items[index];
    this.hide();
    if (item) this.pick(item);
  }

  /** Act on a key; whether it was for the list. */
  key(event) {
    if (!this.open || event.isComposing) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) this.mark((this.at + step + this.items.length) % this.items.length);
    else if ((event.key === "Enter" && !event.shiftKey) || event.key === "Tab") this.take(this.at);
    else if (event.key === "Escape") this.hide();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }
}
