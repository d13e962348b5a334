// The page's two ways to the playground: news by WebSocket, actions by POST.

import { state } from "./state.js";

const AGAIN_MS = 1000;

/** Follow the news for ever; `connected` is told whether there is a connection. */
export function follow(receive, connected) {
  const socket = new WebSocket(`ws://${location.host}/news`);
  socket.addEventListener("message", (event) => receive(JSON.parse(event.data)));
  socket.addEventListener("open", () => connected(true));
  socket.addEventListener("close", () => {
    connected(false);
    setTimeout(() => follow(receive, connected), AGAIN_MS);
  });
}

/** Do something as the person one is; throws an Error in words where it is refused. */
export async function act(action, body, files = []) {
  const whole = JSON.stringify({ as: state.me, ...body });
  const options = { method: "POST", body: whole, headers: { "Content-Type": "application/json" } };
  if (files.length) {
    options.body = new FormData();
    options.body.append("body", whole);
    for (const file of files) options.body.append("file", file, file.name);
    delete options.headers;
  }
  let response;
  try {
    response = await fetch(`/do/${action}`, options);
  } catch {
    throw new Error("The playground doesn't answer. Is the demo still running?");
  }
  const answer = await response.json().catch(() => ({ error: "The playground refused that." }));
  if (!response.ok) throw new Error(answer.error);
  return answer;
}
