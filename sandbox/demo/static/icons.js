// Draws the page's icons: strokes on a 24 by 24 field, in the colour of the text around them.

import { svg } from "./dom.js";

const STROKES = {
  age: ["M12 3 2.5 20h19z", "M12 10v4", "M12 17v.01"],
  alert: ["M12 3 2.5 20h19z", "M12 10v4", "M12 17v.01"],
  app: ["M4 4h7v7H4z", "M13 13h7v7h-7z", "M13 4h7v7h-7z", "M4 13h7v7H4z"],
  at: ["M16 12a4 4 0 1 1-8 0 4 4 0 0 1 8 0z", "M16 12v1.5a2.5 2.5 0 0 0 5 0V12a9 9 0 1 0-3.6 7.2"],
  audio: ["M9 18V5l11-2v13", "M9 18a3 3 0 1 1-6 0 3 3 0 0 1 6 0z", "M20 16a3 3 0 1 1-6 0 3 3 0 0 1 6 0z"],
  back: ["M19 12H5", "m11 6-6 6 6 6"],
  backstage: ["M4 19V9", "M10 19V5", "M16 19v-7", "M21 19H2"],
  check: ["m5 12.5 5 5L19.5 7"],
  chevron: ["m6 9 6 6 6-6"],
  close: ["M6 6l12 12", "M18 6 6 18"],
  copy: ["M9 9h11v11H9z", "M5 15H4V4h11v1"],
  crown: ["m3 7 4.5 4L12 5l4.5 6L21 7l-2 11H5z"],
  down: ["M12 5v14", "m6 13 6 6 6-6"],
  download: ["M12 4v11", "m7 11 5 5 5-5", "M4 20h16"],
  edit: ["m4 20 1-4L16 5l3 3L8 19z"],
  external: ["M14 4h6v6", "M20 4 11 13", "M18 14v6H4V6h6"],
  eye: ["M2 12s3.6-6.5 10-6.5S22 12 22 12s-3.6 6.5-10 6.5S2 12 2 12z", "M15 12a3 3 0 1 1-6 0 3 3 0 0 1 6 0z"],
  file: ["M6 3h8l5 5v13H6z", "M14 3v5h5"],
  gear: [
    "M15 12a3 3 0 1 1-6 0 3 3 0 0 1 6 0z",
    "M12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M5 19l2-2M17 7l2-2",
  ],
  hash: ["M10 3 8 21", "M16 3l-2 18", "M4 9h17", "M3 15h17"],
  id: ["M3 5h18v14H3z", "M10 12a2 2 0 1 1-4 0 2 2 0 0 1 4 0z", "M14 10h4", "M14 14h4"],
  image: ["M3 4h18v16H3z", "m3 17 5-5 4 4 3-3 6 5", "M16 9v.01"],
  info: ["M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0z", "M12 11v5", "M12 8v.01"],
  lock: ["M5 11h14v10H5z", "M8 11V7a4 4 0 0 1 8 0v4"],
  menu: ["M4 6h16", "M4 12h16", "M4 18h16"],
  message: ["M4 4h16v13H10l-5 4v-4H4z"],
  more: ["M5 12v.01", "M12 12v.01", "M19 12v.01"],
  people: [
    "M12 8a4 4 0 1 1-8 0 4 4 0 0 1 8 0z",
    "M1.5 20c0-4 3-6 6.5-6s6.5 2 6.5 6",
    "M16 4.2a4 4 0 0 1 0 7.6",
    "M17.5 14.3c3 .6 5 2.6 5 5.7",
  ],
  person: ["M16 8a4 4 0 1 1-8 0 4 4 0 0 1 8 0z", "M4 21c0-4.5 3.5-7 8-7s8 2.5 8 7"],
  play: ["M7 4v16l13-8z"],
  plus: ["M12 5v14", "M5 12h14"],
  reload: ["M20 11a8 8 0 1 0-2.3 6.3", "M20 4v7h-7"],
  reply: ["M9 6 3 12l6 6", "M3 12h11a7 7 0 0 1 7 7"],
  search: ["M18 11a7 7 0 1 1-14 0 7 7 0 0 1 14 0z", "m16.5 16.5 4.5 4.5"],
  send: ["M3 4l18 8-18 8 3-8z", "M6 12h7"],
  slash: ["M3 3h18v18H3z", "m14.5 8-5 8"],
  spark: ["M12 3l2.2 6.800L21 12l-6.8 2.200L12 21l-2.2-6.800L3 12l6.8-2.200z"],
  thread: ["M5 4v7a4 4 0 0 0 4 4h11", "m15 10 5 5-5 5"],
  trash: ["M4 7h16", "M9 7V4h6v3", "M6 7l1 14h10l1-14"],
  up: ["M12 19V5", "m6 11 6-6 6 6"],
  upload: ["M12 16V5", "m7 9 5-5 5 5", "M4 20h16"],
  video: ["M3 6h12v12H3z", "m15 11 6-4v10l-6-4z"],
};

/** Draw an icon; with a label it is an image for screen readers, else it is decoration. */
export function icon(name, label) {
  const told = label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" };
  const paths = (STROKES[name] ?? STROKES.info).map((d) => svg("path", { d }));
  return svg("svg", { class: "icon", viewBox: "0 0 24 24", ...told }, ...paths);
}
