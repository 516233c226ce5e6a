// Divides a long list into stretches: the browser leaves those alone that are far out of sight.

import { el, show } from "./dom.js";

const MOST = 25;

/**
 * Give the elements of the stretches that parts make. A part is `{nodes, stretch?}`; it stays in the
 * stretch that it was put into first, for what is moved is loaded anew, and a video would stop.
 */
export function stretches(parts) {
  assign(parts);
  const groups = Map.groupBy(parts, (part) => part.stretch);
  for (const [stretch, own] of groups)
    show(
      stretch.node,
      own.flatMap((part) => part.nodes),
    );
  return [...groups.keys()].map((stretch) => stretch.node);
}

/** New parts go on with the stretch before them while there is room, or if they lie inside it. */
function assign(parts) {
  const following = stretchesAfter(parts);
  let current = null;
  parts.forEach((part, index) => {
    if (!part.stretch) {
      const isInside = current && current === following[index];
      part.stretch =
        isInside || current?.size < MOST ? current : { node: el("div", { className: "stretch" }), size: 0 };
      part.stretch.size += 1;
    }
    current = part.stretch;
  });
}

/** For each part, tell which stretch comes next behind it. */
function stretchesAfter(parts) {
  let next = null;
  return parts
    .toReversed()
    .map((part) => (next = part.stretch ?? next))
    .toReversed();
}
