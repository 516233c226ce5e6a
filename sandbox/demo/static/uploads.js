// Knows how large a file may be here, and says how large one is.

import { guildHere } from "./connection.js";

const MIB = 1024 * 1024;
const PAGE_BYTES = 200 * MIB;
const DIRECT_BYTES = 10 * MIB;

/** Write a size for people, such as `1.4 MB`. */
export function sizeText(bytes) {
  if (bytes < 1024) return `${bytes} bytes`;
  const [size, unit] = bytes < MIB ? [bytes / 1024, "KB"] : [bytes / MIB, "MB"];
  return `${size.toLocaleString("en", { maximumFractionDigits: size < 10 ? 1 : 0 })} ${unit}`;
}

/** Say how large a file may be here. */
export function limitText() {
  return sizeText(limit());
}

/** Say why a file is too large to be sent here, or give null. */
export function tooLarge(file) {
  if (file.size <= limit()) return null;
  return `${file.name} is too large: ${sizeText(file.size)}, at most ${limitText()}.`;
}

function limit() {
  return Math.min(guildHere()?.upload_bytes ?? DIRECT_BYTES, PAGE_BYTES);
}
