// What a message carries besides text: files, recordings, stickers, a poll, another message.

import { h, icon } from "./elements.js";
import { rendered } from "./markdown.js";

const KILO = 1024;

export function besidesOf(message) {
  return [
    message.forwarded ? forwardOf(message.forwarded) : null,
    message.files.length ? h("div", { class: "files" }, message.files.map(fileOf)) : null,
    ...message.stickers.map((name) => h("p", { class: "quiet" }, `Sticker: ${name}`)),
    message.poll ? pollOf(message.poll) : null,
  ].filter(Boolean);
}

function forwardOf(message) {
  return h(
    "blockquote",
    { class: "forwarded" },
    h("p", { class: "quiet" }, icon("forward"), " Forwarded"),
    message.content ? rendered(message.content) : null,
    message.files.length ? h("div", { class: "files" }, message.files.map(fileOf)) : null,
  );
}

function pollOf(poll) {
  const answers = poll.answers.map((answer) => h("li", {}, `${answer.text} (${answer.votes})`));
  return h("div", { class: "embed" }, h("h3", {}, poll.question), h("ul", {}, answers));
}

function sized(bytes) {
  if (bytes < KILO) return `${bytes} bytes`;
  return bytes < KILO * KILO ? `${(bytes / KILO).toFixed(1)} KB` : `${(bytes / KILO / KILO).toFixed(1)} MB`;
}

function fileOf(file) {
  const href = `/files/${file.id}/${encodeURIComponent(file.name)}`;
  const link = h(
    "a",
    { class: "file", href, download: file.name },
    icon("file"),
    h("span", {}, file.name),
    h("small", {}, sized(file.size)),
  );
  if (file.image) {
    const picture = h("img", { src: href, alt: file.description || file.name, loading: "lazy" });
    return h("figure", {}, picture, h("figcaption", {}, link));
  }
  if (!file.sound) return link;
  const player = h("audio", { src: href, controls: true, preload: "none", "aria-label": file.name });
  return h("figure", {}, player, h("figcaption", {}, link));
}
