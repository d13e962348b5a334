// The slash commands that a person is offered in a place.

import { state } from "./state.js";
import { act } from "./wire.js";

const SLASH = 1;
const NESTING = new Set([1, 2]); // sub-commands, and groups of them

let known = { key: "", commands: [] };

/** All that can be used, sub-commands each by themselves: {path, description, options}. */
export async function slashCommands() {
  const key = `${state.me} ${state.place}`;
  if (known.key !== key) {
    const { commands } = await act("commands", { place: state.place });
    known = { key, commands: commands.filter((c) => c.type === SLASH).flatMap((command) => flat(command, "")) };
  }
  return known.commands;
}

/** The bot has registered its commands again. */
export const forget = () => (known = { key: "", commands: [] });

function flat(command, before) {
  const path = `${before}${command.name}`;
  const options = command.options ?? [];
  const nested = options.filter((option) => NESTING.has(option.type));
  return nested.length
    ? nested.flatMap((option) => flat(option, `${path} `))
    : [{ path, description: command.description, options }];
}

/** Those that what is typed may become, the best first. */
export function matching(commands, typed) {
  const wanted = typed.toLowerCase().trim();
  const begins = commands.filter((command) => command.path.startsWith(wanted));
  return [...begins, ...commands.filter((command) => !begins.includes(command) && command.path.includes(wanted))];
}
