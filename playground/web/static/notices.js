// What the page says beside the chat: to all, and to those who listen to it.

import { byId } from "./elements.js";

const TOAST_MS = 6000;
let timer = 0;

/** Say something that went wrong, for a while. */
export function toast(text) {
  const place = byId("toast");
  place.textContent = text;
  place.hidden = false;
  clearTimeout(timer);
  timer = setTimeout(() => (place.hidden = true), TOAST_MS);
}

/** Say something to those who listen to the page. */
export function announce(text) {
  byId("status").textContent = text;
}

/** Do something; where it fails, say so and return undefined. */
export async function attempt(action) {
  try {
    return await action();
  } catch (error) {
    toast(error.message);
    return undefined;
  }
}
