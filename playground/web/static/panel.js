// The panel for the curious: how fresh the text is, what the bot asks of Discord, and the controls.

import { byId, h, newId } from "./elements.js";
import { attempt } from "./notices.js";
import { state } from "./state.js";
import { act } from "./wire.js";

const KEPT = 60; // requests in the list
const SAMPLES = 80; // of the curve
const CURVE_S = 2; // the height of the curve
const SLIDERS = [
  {
    name: "tokens_per_second",
    label: "Model's speed",
    unit: "tokens/s",
    own: "as scripted",
    steps: [null, 5, 10, 20, 40, 60, 100, 200, 400],
  },
  {
    name: "first_token_after",
    label: "Silence before its first token",
    unit: "s",
    own: "as scripted",
    steps: [null, 0, 0.3, 1, 2, 5, 10],
  },
  {
    name: "latency",
    label: "Discord's round trip",
    unit: "s",
    discord: true,
    steps: [0, 0.05, 0.1, 0.2, 0.5, 1, 2],
  },
];
const CHOICES = [
  {
    name: "fault",
    label: "The next answer",
    options: [
      ["", "goes well"],
      ["limited", "is rate limited for 3 s"],
      ["overloaded", "meets an overloaded model"],
      ["refused", "is refused"],
      ["too_long", "is too long for the model"],
      ["no_credit", "costs more than the credits"],
      ["data_policy", "meets a data policy"],
      ["breaks", "breaks off half way"],
      ["picture", "is a picture only"],
      ["audio", "is sound only"],
      ["safety", "is stopped by a safety filter"],
      ["prohibited", "is prohibited"],
      ["refusal", "is a refusal"],
      ["tool", "calls a tool nobody offered"],
      ["thought", "spends every token on thinking"],
      ["filtered", "is filtered"],
    ],
  },
  {
    name: "limits",
    label: "Discord's rate limits",
    discord: true,
    options: [
      ["usual", "as usual: 5 edits in 5 s"],
      ["tight", "tight: 2 edits in 5 s"],
      ["shared", "shared: others write as well"],
      ["none", "none to speak of"],
    ],
  },
];
const TROUBLES = [
  ["edit", "Fail the next edit"],
  ["shared", "Rate limit the next edit"],
  ["edge", "Cloudflare blocks the next edit"],
  ["global", "Refuse everything for 5 s"],
  ["gateway", "Drop the bot's connection"],
  ["again", "Drop it, then repeat events"],
];

let controls = new Map(); // by name: how to show a value
let ages = [];

/** Draw the whole panel. */
export function drawPanel(panel) {
  byId("scripted").hidden = !panel.scripted;
  byId("real").hidden = panel.scripted;
  byId("requests").replaceChildren(...panel.requests.map(line));
  drawControls(panel.scripted);
  showCounts(panel.counts);
  showSettings(panel.settings);
  ages = [];
  showFreshness(panel.freshness);
  toEnd();
}

export function addRequest({ request, counts }) {
  const list = byId("requests");
  const near = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
  list.append(line(request));
  while (list.children.length > KEPT) list.firstElementChild.remove();
  showCounts(counts);
  if (near) toEnd();
}

const toEnd = () => (byId("requests").scrollTop = byId("requests").scrollHeight);

function line(request) {
  const place = state.places.get(request.place);
  const where = place ? ` in ${place.kind === "dm" ? "a direct message" : `#${place.name}`}` : "";
  const failed = request.status >= 400 ? "failed" : "";
  return h(
    "li",
    { class: failed },
    h("span", { class: "method" }, request.method),
    h("span", { class: "what" }, request.what, h("span", { class: "quiet" }, where)),
    h("span", { class: "code" }, String(request.status)),
  );
}

function showCounts(counts) {
  for (const [name, count] of Object.entries(counts))
    byId(`count-${name}`).textContent = count.toLocaleString("en-GB");
  byId("count-refused").parentElement.classList.toggle("bad", counts.refused > 0);
}

// --- Freshness

const seconds = (value) => `${value.toFixed(2)} s`;

export function showFreshness({ live, sent, shown, age, mean, all }) {
  byId("age").textContent = live ? seconds(age) : "–";
  byId("mean").textContent = sent ? seconds(mean) : "–";
  byId("mean-all").textContent = sent ? seconds(all) : "–";
  byId("tokens-sent").textContent = sent.toLocaleString("en-GB");
  byId("tokens-shown").textContent = shown.toLocaleString("en-GB");
  const bar = byId("tokens-bar");
  [bar.max, bar.value] = [Math.max(sent, 1), shown];
  ages = live ? [...ages, age].slice(-SAMPLES) : ages;
  const step = 200 / (SAMPLES - 1);
  const points = ages.map(
    (value, index) =>
      `${(index * step).toFixed(1)},${(40 - (Math.min(value, CURVE_S) / CURVE_S) * 38).toFixed(1)}`,
  );
  byId("curve").setAttribute("points", points.join(" "));
}

// --- Controls

const set = (name, value) => attempt(() => act("set", { name, value }));

function drawControls(scripted) {
  controls = new Map();
  const mine = (spec) => scripted || spec.discord;
  const troubles = TROUBLES.map(([what, label]) =>
    h(
      "button",
      { type: "button", class: "button secondary", on: { click: () => attempt(() => act("trouble", { what })) } },
      label,
    ),
  );
  byId("controls").replaceChildren(
    ...SLIDERS.filter(mine).map(slider),
    ...CHOICES.filter(mine).map(choice),
    h("div", { class: "troubles" }, troubles),
  );
}

function slider({ name, label, unit, own, steps }) {
  const id = newId("control");
  const words = (value) => (value === null ? own : `${value} ${unit}`);
  const output = h("output", { for: id });
  const input = h("input", { id, type: "range", min: 0, max: steps.length - 1, step: 1 });
  const show = (value) => {
    const nearest = steps.findIndex((step) => step === value);
    input.value = nearest < 0 ? 0 : nearest;
    output.textContent = words(value);
    input.setAttribute("aria-valuetext", words(value));
  };
  input.addEventListener("input", () => show(steps[input.value]));
  input.addEventListener("change", () => set(name, steps[input.value]));
  controls.set(name, show);
  return h("div", { class: "control" }, h("label", { for: id }, label), output, input);
}

function choice({ name, label, options }) {
  const id = newId("control");
  const input = h(
    "select",
    { id },
    options.map(([value, words]) => h("option", { value }, words)),
  );
  input.addEventListener("change", () => set(name, input.value));
  controls.set(name, (value) => (input.value = value));
  return h("div", { class: "control" }, h("label", { for: id }, label), input);
}

export function showSettings(settings) {
  for (const [name, value] of Object.entries(settings)) controls.get(name)?.(value);
}
