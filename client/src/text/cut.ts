// Long texts are cut, so that one answer can't make the page slow.
import { more } from "../words";

/** Characters of a text that are shown. */
export const SHOWN = 20_000;

/** The text up to `most` characters, and what was left out if anything was. */
export function cut(text: string, most: number = SHOWN): string {
  if (text.length <= most) return text;
  const left = (text.length - most).toLocaleString("en");
  return `${text.slice(0, most)}\n${more(left)}`;
}
