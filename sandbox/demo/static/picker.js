// Lets one choose among the bot's commands while a message that begins with "/" is typed.

import { matching, slashCommands } from "./commands.js";
import { el } from "./dom.js";
import { state } from "./connection.js";
import { closeList, openList } from "./listbox.js";
import { nameOf } from "./entity_names.js";

/** Show the commands that the text of a field may mean; `choose` is given the chosen one. */
export function pickCommand(field, choose) {
  const typed = field.value;
  if (!state.room.may.command || !/^\/[^\n]*$/.test(typed)) return closeList(field);
  const commands = slashCommands();
  const complete = typed.endsWith(" ") && onlyMeant(commands, typed.slice(1).trim());
  if (complete) {
    closeList(field);
    return choose(complete);
  }
  return openList(field, {
    label: `Commands of ${nameOf(state.world.bot)}`,
    items: matching(commands, typed.slice(1)),
    row: commandRow,
    choose,
    empty: commands.length ? "No command has this name." : "There are no commands for you here.",
  });
}

/** Find the command of this name, if no other one goes on from it. */
function onlyMeant(commands, path) {
  const goesOn = commands.some((command) => command.path.startsWith(`${path} `));
  return goesOn ? null : commands.find((command) => command.path === path);
}

function commandRow({ path, description, options }) {
  const needed = options.filter((option) => option.required).map((option) => option.name);
  return [
    el("span", { className: "name" }, el("b", {}, `/${path}`), ...needed.map((name) => el("code", {}, name))),
    el("span", { className: "about" }, description),
    el("span", { className: "side" }, nameOf(state.world.bot)),
  ];
}
