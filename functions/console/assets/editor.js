/** A place to edit a document, with its lines numbered and the wrong ones marked. */

import { freshId, h } from "./dom.js";

/**
 * @param {string} label
 * @param {string} text
 */
export function editor(label, text) {
  const id = freshId();
  const gutter = h("ol", { class: "gutter", "aria-hidden": "true" });
  const area = h("textarea", {
    id,
    spellcheck: "false",
    autocomplete: "off",
    wrap: "off",
    "aria-label": label,
  });
  area.value = text;
  /** @type {Set<number>} */
  let wrong = new Set();

  function number() {
    const lines = area.value.split("\n").length;
    gutter.replaceChildren(
      ...Array.from({ length: lines }, (_, index) =>
        h("li", { class: wrong.has(index + 1) && "wrong" }, String(index + 1)),
      ),
    );
    gutter.scrollTop = area.scrollTop;
  }

  area.addEventListener("input", number);
  area.addEventListener("scroll", () => (gutter.scrollTop = area.scrollTop));
  number();
  return {
    element: h("div", { class: "editor" }, gutter, area),
    /** @returns {string} */
    text: () => area.value,
    /** @param {string} next */
    setText(next) {
      area.value = next;
      wrong = new Set();
      number();
    },
    /**
     * Mark lines as wrong, and no others.
     * @param {number[]} lines
     */
    mark(lines) {
      wrong = new Set(lines);
      area.setAttribute("aria-invalid", String(lines.length > 0));
      number();
    },
    /**
     * Put the caret on a line.
     * @param {number} line
     */
    goTo(line) {
      const lines = area.value.split("\n");
      const from = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
      area.focus();
      area.setSelectionRange(from, from + lines[line - 1].length);
      area.scrollTop = (area.scrollHeight / lines.length) * Math.max(0, line - 6);
    },
  };
}
