// Moves things a little so that a change is seen; not for those who want less motion.

const LESS = matchMedia("(prefers-reduced-motion: reduce)");
const FLASH_MS = 900;
const APPEAR_MS = 250;

/** Light something up for a moment: it has changed. */
export function flash(node) {
  if (LESS.matches) return;
  const frames = [{ backgroundColor: "rgb(88 101 242 / 30%)" }, { backgroundColor: "transparent" }];
  node.animate(frames, { duration: FLASH_MS, easing: "ease-out" });
}

/** Let something new slide in. */
export function appear(node) {
  if (LESS.matches) return;
  const frames = [
    { opacity: 0, transform: "translateY(-0.5rem)" },
    { opacity: 1, transform: "none" },
  ];
  node.animate(frames, { duration: APPEAR_MS, easing: "ease-out" });
}
