// Building elements without markup in strings.

const SVG = "http://www.w3.org/2000/svg";
const SHAPES = {
  reply: "M10 6 4 12l6 6M4 12h9a7 7 0 0 1 7 7",
  forward: "M14 6l6 6-6 6M20 12h-9a7 7 0 0 0-7 7",
  edit: "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
  remove: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10 11v5M14 11v5",
  apps: "M5 5h5v5H5zM14 5h5v5h-5zM5 14h5v5H5zM14 14h5v5h-5z",
  attach: "M12 5v14M5 12h14",
  send: "M5 12h13M12 6l6 6-6 6",
  close: "M6 6l12 12M18 6 6 18",
  file: "M7 3h7l4 4v14H7zM14 3v4h4",
  down: "M12 5v13M6 12l6 6 6-6",
  thread: "M6 4v9a3 3 0 0 0 3 3h9M14 12l4 4-4 4",
  copy: "M9 9h10v11H9zM5 15V4h10",
};

/** An element; `props` are properties, but `class`, `dataset`, `on` (listeners) and names with a dash. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined) continue;
    if (name === "class") element.className = value;
    else if (name === "dataset") Object.assign(element.dataset, value);
    else if (name === "on") for (const [type, act] of Object.entries(value)) element.addEventListener(type, act);
    else if (name.includes("-") || name === "role" || name === "for") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" })) {
    svg.setAttribute(key, value);
  }
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", SHAPES[name]);
  svg.append(path);
  return svg;
}

/** A button that shows an icon and says what it does. */
export function iconButton(name, label, act, className = "") {
  const props = { type: "button", class: `icon-button ${className}`, title: label, "aria-label": label };
  return h("button", { ...props, on: { click: act } }, icon(name));
}

export const byId = (id) => document.getElementById(id);

let unique = 0;
export const newId = (prefix) => `${prefix}-${++unique}`;
