// Draws the tables of the backstage drawer: rows keep their place, changed cells light up.

import { el } from "./dom.js";
import { keyed } from "./keyed.js";
import { flash } from "./motion.js";

/** Make the body of a table panel: `{node, update(panel)}`. */
export function tableBody() {
  const head = el("tr", {});
  const rows = el("tbody", {});
  const empty = el("p", { className: "empty" });
  // What can be scrolled has to be reachable with the keyboard.
  const table = el("table", {}, el("thead", {}, head), rows);
  const scroller = el("div", { className: "scroller", tabIndex: 0, role: "group" }, table);
  let columns = [];
  const update = keyed(rows, () => tableRow(() => columns), ({ key }) => key);
  return {
    node: el("div", {}, scroller, empty),
    update: (panel) => {
      columns = panel.columns;
      scroller.setAttribute("aria-label", panel.title);
      drawHead(head, columns);
      update(panel.rows);
      scroller.hidden = panel.rows.length === 0;
      empty.textContent = panel.rows.length ? "" : (panel.empty ?? "");
    },
  };
}

function drawHead(head, columns) {
  if (head.textContent === columns.map(({ name }) => name).join("")) return;
  const cells = columns.map(({ name, align = "" }) => el("th", { scope: "col", className: align }, name));
  head.replaceChildren(...cells);
}

function tableRow(columns) {
  const node = el("tr", {});
  let known = [];
  const update = ({ cells }) => {
    const now = cells.map((cell) => JSON.stringify(cell));
    cells.forEach((cell, index) => {
      if (now[index] === known[index]) return;
      const drawn = tableCell(cell, columns()[index]?.align);
      if (index < node.children.length) node.children[index].replaceWith(drawn);
      else node.append(drawn);
      if (textOf(known[index]) !== textOf(now[index]) && known.length) flash(drawn);
    });
    known = now;
  };
  return { node, update };
}

function tableCell(cell, align = "") {
  const { text, tone = "", progress, title } = typeof cell === "object" ? cell : { text: cell };
  const drawn = el("td", { className: `${align} ${tone}`, title }, el("span", {}, text));
  if (progress === undefined || progress === null) return drawn;
  drawn.append(el("progress", { max: 1, value: progress, "aria-label": `${Math.round(progress * 100)} %` }));
  return drawn;
}

/** A bar that grows is seen anyway: only a new text is news. */
function textOf(known) {
  const cell = known === undefined ? "" : JSON.parse(known);
  return cell?.text ?? cell;
}
