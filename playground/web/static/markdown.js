// Discord's Markdown: markdown-it for what is common, a few small rules for what is Discord's own.

import MarkdownIt from "../vendor/markdown-it.min.js";
import hljs from "../vendor/highlight.min.js";
import { author, state } from "./state.js";

const md = new MarkdownIt({ html: false, linkify: true, breaks: true, highlight });
md.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false });
// What Discord does not have.
md.disable(["table", "image", "hr", "lheading", "reference", "code", "entity"]);

const escape = md.utils.escapeHtml;
const STOPS = /[\n!#$%&*+\-:<=>@[\\\]^_`{}~|]/g; // where the other inline rules may begin; `|` is ours
const TAG = /^<(?:(@!?|@&|#)(\d+)|t:(\d{1,13})(?::([tTdDfFR]))?)>/;
const DEEPEST_HEADING = 3;

function highlight(code, language) {
  if (!language || !hljs.getLanguage(language)) return "";
  return hljs.highlight(code, { language, ignoreIllegals: true }).value;
}

md.inline.ruler.at("text", (s, silent) => {
  STOPS.lastIndex = s.pos;
  const end = STOPS.exec(s.src)?.index ?? s.posMax;
  if (end === s.pos) return false;
  if (!silent) s.pending += s.src.slice(s.pos, end);
  s.pos = end;
  return true;
});

md.inline.ruler.before("emphasis", "spoiler", (s, silent) => {
  if (!s.src.startsWith("||", s.pos)) return false;
  const end = s.src.indexOf("||", s.pos + 2);
  if (end <= s.pos + 2) return false;
  if (!silent) {
    const [from, to] = [s.pos, s.posMax];
    s.push("spoiler_open", "span", 1);
    [s.pos, s.posMax] = [from + 2, end];
    s.md.inline.tokenize(s);
    s.push("spoiler_close", "span", -1);
    s.posMax = to;
  }
  s.pos = end + 2;
  return true;
});

md.inline.ruler.before("autolink", "tag", (s, silent) => {
  const found = s.src[s.pos] === "<" && TAG.exec(s.src.slice(s.pos, s.pos + 40));
  if (!found) return false;
  if (!silent) s.push("tag", "", 0).meta = { kind: found[1] ?? "t", id: found[2], at: found[3], form: found[4] };
  s.pos += found[0].length;
  return true;
});

md.block.ruler.before(
  "list",
  "subtext",
  (s, line, _end, silent) => {
    const text = s.src.slice(s.bMarks[line] + s.tShift[line], s.eMarks[line]);
    if (!text.startsWith("-# ") || text.length < 4) return false;
    if (silent) return true;
    s.push("subtext_open", "small", 1).block = true;
    const inline = s.push("inline", "", 0);
    [inline.content, inline.map, inline.children] = [text.slice(3), [line, line + 1], []];
    s.push("subtext_close", "small", -1);
    s.line = line + 1;
    return true;
  },
  { alt: ["paragraph", "blockquote", "list"] },
);

// A line below a list or a quote is none of it, unless it says so itself.
md.block.ruler.before(
  "paragraph",
  "lines",
  (s, line, _end, silent) => silent && (s.parentType === "blockquote" || s.sCount[line] < s.blkIndent),
  { alt: ["paragraph", "blockquote"] },
);

md.core.ruler.after("block", "shallow", (s) => {
  s.tokens.forEach((token, index) => {
    if (!token.type.startsWith("heading_") || Number(token.tag[1]) <= DEEPEST_HEADING) return;
    if (token.type === "heading_open")
      s.tokens[index + 1].content = `${token.markup} ${s.tokens[index + 1].content}`;
    [token.type, token.tag] = [token.type.replace("heading", "paragraph"), "p"];
  });
});

const UNITS = [
  ["year", 31536000],
  ["month", 2592000],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

function relative(seconds) {
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? UNITS.at(-1);
  return new Intl.RelativeTimeFormat("en-GB", { numeric: "auto" }).format(Math.round(seconds / size), unit);
}

const FORMS = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { dateStyle: "short" },
  D: { dateStyle: "long" },
  F: { dateStyle: "full", timeStyle: "short" },
};

function moment({ at, form }) {
  const when = new Date(Number(at) * 1000);
  if (Number.isNaN(when.valueOf())) return escape(`<t:${at}>`);
  const options = FORMS[form] ?? { dateStyle: "long", timeStyle: "short" };
  const words = form === "R" ? relative((when - Date.now()) / 1000) : when.toLocaleString("en-GB", options);
  return `<time datetime="${when.toISOString()}" title="${escape(when.toLocaleString("en-GB"))}">${escape(words)}</time>`;
}

function mention({ kind, id }) {
  if (kind === "#") return `#${escape(state.places.get(id)?.name ?? "unknown")}`;
  if (kind === "@&") return `@${escape(state.roles.find((role) => role.id === id)?.name ?? "unknown")}`;
  return `@${escape(author(id).name)}`;
}

Object.assign(md.renderer.rules, {
  tag: (tokens, index) => {
    const { meta } = tokens[index];
    return meta.kind === "t" ? moment(meta) : `<span class="mention">${mention(meta)}</span>`;
  },
  spoiler_open: () => '<span class="spoiler" role="button" tabindex="0" aria-label="Spoiler: press to show">',
  spoiler_close: () => "</span>",
  strong_open: (tokens, index) => (tokens[index].markup === "__" ? "<u>" : "<strong>"),
  strong_close: (tokens, index) => (tokens[index].markup === "__" ? "</u>" : "</strong>"),
  link_open: (tokens, index, options, _env, renderer) => {
    tokens[index].attrSet("target", "_blank");
    tokens[index].attrSet("rel", "noopener noreferrer");
    return renderer.renderToken(tokens, index, options);
  },
});

/** Markdown as an element. Raw HTML in it is text, so this is the one place where markup is set. */
export function rendered(text) {
  const element = document.createElement("div");
  element.className = "markdown";
  element.innerHTML = md.render(text);
  return element;
}

function reveal(event) {
  const spoiler = event.target.closest?.(".spoiler");
  if (!spoiler || (event.type === "keydown" && event.key !== "Enter" && event.key !== " ")) return;
  spoiler.classList.add("shown");
  spoiler.removeAttribute("aria-label");
}

for (const type of ["click", "keydown"]) document.addEventListener(type, reveal);
