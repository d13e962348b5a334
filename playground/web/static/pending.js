// Files that go with the next message: pasted, dropped or chosen, with a look at each before it is sent.

import { h, icon, iconButton } from "./elements.js";
import { toast } from "./notices.js";

const MOST = 10; // Discord: files of a message
const MOST_BYTES = 10 * 1024 * 1024; // Discord: of a file, without Nitro
const LONGEST = 2000; // characters of a message; a longer paste becomes a file, as in Discord's clients
const PICTURE = /^image\/(png|jpeg|gif|webp|avif|bmp)$/;

export class Pending {
  constructor(changed) {
    this.changed = changed;
    this.files = [];
    this.looks = new Map(); // by file: the address of its picture
  }

  /** Take what was pasted; true where it is no text for the message. */
  paste(data) {
    const text = data.getData("text/plain");
    if (data.files.length) this.add(data.files);
    else if (text.length > LONGEST) this.add([new File([text], "message.txt", { type: "text/plain" })]);
    else return false;
    return true;
  }

  add(files) {
    const large = [...files].filter((file) => file.size > MOST_BYTES);
    if (large.length) toast(`${large[0].name} is too large: Discord takes 10 MB without Nitro.`);
    this.files.push(...[...files].filter((file) => !large.includes(file)));
    if (this.files.length > MOST) toast(`Discord takes ${MOST} files with a message.`);
    this.files.splice(MOST);
    this.changed();
  }

  /** Take them out, to be sent. */
  take() {
    const taken = this.files;
    this.files = [];
    for (const address of this.looks.values()) URL.revokeObjectURL(address);
    this.looks.clear();
    return taken;
  }

  draw() {
    if (!this.files.length) return null;
    return h("ul", { class: "pending", "aria-label": "Files to send" }, this.files.map((file) => this.item(file)));
  }

  item(file) {
    const remove = iconButton("close", `Remove ${file.name}`, () => {
      this.files = this.files.filter((other) => other !== file);
      this.changed();
    });
    const look = PICTURE.test(file.type) ? h("img", { src: this.look(file), alt: "" }) : icon("file");
    return h("li", { class: "pending-file" }, look, h("span", { title: file.name }, file.name), remove);
  }

  look(file) {
    if (!this.looks.has(file)) this.looks.set(file, URL.createObjectURL(file));
    return this.looks.get(file);
  }
}
