/** Lists that come in pages. */

import { announce, fill, h } from "./dom.js";
import { counted, plural } from "./format.js";
import { label, nothing, table, trouble } from "./widgets.js";

/**
 * @typedef {object} Listing
 * @property {string} caption
 * @property {string} noun what one of its things is called
 * @property {string[]} columns
 * @property {(cursor: string) => Promise<{items: any[], next: string | null}>} load
 * @property {(item: any) => Node} row
 * @property {string} [empty] what to say where there is nothing
 */

/**
 * A table that grows by a page at a time.
 * @param {Listing} listing
 * @returns {Promise<HTMLElement>} with its first page
 */
export async function listed({ caption, noun, columns, load, row, empty }) {
  const made = table(caption, columns, []);
  const body = made.querySelector("tbody");
  const foot = h("div", { class: "foot" });
  const place = h("div", {}, made, foot);
  let shown = 0;

  /** @param {string} cursor */
  async function page(cursor) {
    const { items, next } = await load(cursor);
    const rows = items.map(row);
    for (const each of rows) label(each, columns);
    body.append(...rows);
    shown += items.length;
    made.hidden = shown === 0;
    const told = shown || next ? `${counted(shown, noun)}${next ? ", and more" : ""}` : "";
    fill(
      foot,
      told ? h("p", { class: "soft small" }, told) : nothing(empty || `No ${noun} here.`),
      next && more(next),
    );
    announce(told || `No ${noun} here`);
  }

  /** @param {string} next */
  function more(next) {
    const button = h("button", { type: "button" }, `More ${plural(noun)}`);
    button.addEventListener("click", async () => {
      button.disabled = true;
      const first = shown;
      try {
        await page(next);
        body.children[first]?.querySelector("a, button")?.focus();
      } catch (error) {
        fill(foot, trouble(error), button);
        button.disabled = false;
      }
    });
    return button;
  }

  await page("");
  return place;
}
