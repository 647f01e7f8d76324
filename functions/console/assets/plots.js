/** Small drawings. Each has its figures in words too, for those who cannot see it. */

import { h, s } from "./dom.js";

/**
 * @typedef {object} Part
 * @property {string} name
 * @property {number} size
 * @property {string} tone a class that colours it
 */

/**
 * A bar of parts that together are a whole.
 * @param {string} label
 * @param {Part[]} parts
 * @param {number} [most] what a full bar is; the sum of the parts by default
 */
export function stack(label, parts, most) {
  const sum = parts.reduce((total, part) => total + part.size, 0);
  const whole = Math.max(most ?? sum, 1);
  const told = parts.filter((part) => part.size > 0).map((part) => `${part.name} ${part.size}`);
  let x = 0;
  const rects = parts.map((part) => {
    const width = (100 * part.size) / whole;
    x += width;
    return s(
      "rect",
      { class: part.tone, x: `${x - width}%`, width: `${width}%`, height: "100%" },
      title(part),
    );
  });
  return s(
    "svg",
    { class: "stack", role: "img", "aria-label": `${label}: ${told.join(", ") || "none"}` },
    s("rect", { class: "ground", width: "100%", height: "100%" }),
    rects,
  );
}

/**
 * The words to the colours.
 * @param {Part[]} parts
 */
export function legend(parts) {
  return h(
    "ul",
    { class: "legend" },
    parts.map((part) =>
      h(
        "li",
        {},
        s(
          "svg",
          { class: "key", "aria-hidden": "true" },
          s("rect", { class: part.tone, width: "100%", height: "100%" }),
        ),
        part.name,
      ),
    ),
  );
}

/**
 * @typedef {object} Column
 * @property {string} name
 * @property {number} size
 * @property {string} [tone]
 */

/**
 * Columns beside each other, the first at the left.
 * @param {string} label
 * @param {Column[]} columns
 */
export function columns(label, columns) {
  const most = Math.max(1, ...columns.map((column) => column.size));
  const width = 100 / Math.max(columns.length, 12);
  const drawn = columns.map((column, index) => {
    const height = column.size ? Math.max(4, (100 * column.size) / most) : 1.5;
    const place = {
      x: `${index * width + width * 0.12}%`,
      y: `${100 - height}%`,
      width: `${width * 0.76}%`,
      height: `${height}%`,
    };
    return s("rect", { class: column.size ? column.tone || "one" : "none", rx: 2, ...place }, title(column));
  });
  return s("svg", { class: "columns", role: "img", "aria-label": label }, drawn);
}

/** @param {{name: string, size: number}} part */
function title(part) {
  return s("title", {}, `${part.name}: ${part.size}`);
}
