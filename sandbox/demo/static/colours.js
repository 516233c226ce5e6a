// Writes colours, which Discord sends as whole numbers, for styles.

/** Write a colour, such as `#5865f2`. */
export function colourOf(number) {
  return `#${number.toString(16).padStart(6, "0")}`;
}
