// One message, as it stands.

import { besidesOf } from "./besides.js";
import { controlsOf, hasMore } from "./controls.js";
import { h, icon } from "./elements.js";
import { rendered } from "./markdown.js";
import { author, dismiss, readable, self, state } from "./state.js";

/** Everything of a message but its actions; `again` redraws the list. */
export function bodyOf(message, again) {
  const from = author(message.author);
  const parts = [
    lineAbove(message),
    h(
      "div",
      { class: "avatar", dataset: { who: from.bot ? "bot" : from.role }, "aria-hidden": "true" },
      from.name[0],
    ),
    h(
      "div",
      { class: "head" },
      h("span", { class: "name" }, from.name),
      from.bot ? h("span", { class: "tag" }, "APP") : null,
      timeOf(message),
    ),
    contentOf(message),
    ...message.embeds.map(embedOf),
    ...besidesOf(message),
    controlsOf(message),
    message.reactions.length ? h("div", { class: "reactions" }, message.reactions.map(reactionOf)) : null,
    hasMore(message) ? h("p", { class: "quiet" }, "This page can't show some parts of this message.") : null,
    message.only ? privateNote(message, again) : null,
  ];
  return parts.filter(Boolean);
}

const reactionOf = (emoji) => h("span", { class: "reaction" }, emoji);

function timeOf(message) {
  const when = new Date(message.created * 1000);
  const short = when.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return h("time", { dateTime: when.toISOString(), title: when.toLocaleString() }, short);
}

/** What a message answers: another message, or a command. */
function lineAbove(message) {
  if (message.reply) {
    const target = message.reply;
    const text = target.deleted
      ? "Original message was deleted"
      : readable(target.text) || "a message without text";
    const mark = message.pinged.includes(target.author) ? "@" : "";
    const link = h(
      "button",
      { type: "button", class: "jump", dataset: { jump: target.id } },
      `${mark}${author(target.author).name} `,
      h("span", {}, text),
    );
    return h("div", { class: "above" }, icon("reply"), link);
  }
  if (!message.used) return null;
  const name = message.used.slash ? `/${message.used.name}` : message.used.name;
  return h(
    "div",
    { class: "above" },
    icon("reply"),
    `${author(message.used.by).name} used `,
    h("span", { class: "mention" }, name),
  );
}

function contentOf(message) {
  if (message.thinking) {
    const dots = h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i"));
    return h("div", { class: "content thinking" }, dots, `${author(message.author).name} is thinking…`);
  }
  if (!message.content) return null;
  const content = rendered(message.content);
  content.classList.add("content");
  if (message.edited) {
    const mark = h("span", { class: "edited", title: "This message was edited" }, " (edited)");
    lastLine(content).append(mark);
  }
  return content;
}

/** Where a word at the end of a text belongs: into its last paragraph or the last item of its last list. */
function lastLine(element) {
  const last = element.lastElementChild;
  if (last?.matches("ol, ul, li, blockquote")) return lastLine(last);
  return last?.matches("p, small") ? last : element;
}

function embedOf(embed) {
  const title = embed.url
    ? h("a", { href: embed.url, target: "_blank", rel: "noopener noreferrer" }, embed.title ?? "")
    : embed.title;
  const fields = (embed.fields ?? []).map((f) =>
    h("div", { class: f.inline ? "inline" : "" }, h("dt", {}, rendered(f.name)), h("dd", {}, rendered(f.value))),
  );
  return h(
    "article",
    { class: "embed" },
    embed.author?.name ? h("p", { class: "quiet" }, embed.author.name) : null,
    title ? h("h3", {}, title) : null,
    embed.description ? rendered(embed.description) : null,
    fields.length ? h("dl", {}, fields) : null,
    embed.footer?.text ? h("p", { class: "quiet" }, embed.footer.text) : null,
  );
}

function privateNote(message, again) {
  const act = () => {
    dismiss(message.id);
    again();
  };
  const button = h("button", { type: "button", class: "link", on: { click: act } }, "Dismiss message");
  return h("p", { class: "private" }, "Only you can see this · ", button);
}

/** Whether a message is for the eye of the person one is in particular: it mentions them. */
export const concerns = (message) => message.pinged.includes(state.me) && message.author !== self().id;
