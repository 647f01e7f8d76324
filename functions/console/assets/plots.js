/** Small drawings. Each has its figures in words too, for those who cannot see it. */

import { h, s } from "./dom.js";

/**
 * @typedef {object} Part
 * @property {string} name
 * @property {number} size
 * @property {string} tone a class that colours it
 * @property {string} [told] the size as people read it
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

/**
 * @typedef {object} Moment
 * @property {string} name such as a month
 * @property {Part[]} up from the line upwards
 * @property {Part[]} down from the line downwards
 */

/**
 * Columns over time, of parts that stand on a line or hang from it; the oldest at the left.
 * @param {string} label
 * @param {Moment[]} moments
 */
export function series(label, moments) {
  const sum = (/** @type {Part[]} */ parts) => parts.reduce((total, { size }) => total + size, 0);
  const above = Math.max(0, ...moments.map(({ up }) => sum(up)));
  const below = Math.max(0, ...moments.map(({ down }) => sum(down)));
  const whole = above + below || 1;
  const line = above + below ? (100 * above) / whole : 100;
  const width = 100 / moments.length;
  const drawn = moments.flatMap((moment, index) => {
    const x = index * width + width * 0.12;
    const up = stacked(moment.up, { x, width: width * 0.76, from: line, whole, sign: -1 });
    const down = stacked(moment.down, { x, width: width * 0.76, from: line, whole, sign: 1 });
    return s("g", {}, s("title", {}, sentence(moment)), ground(index * width, width), up, down);
  });
  const axis = s("line", { class: "line", x1: "0%", x2: "100%", y1: `${line}%`, y2: `${line}%` });
  return h(
    "div",
    { class: "series" },
    s("svg", { class: "columns", role: "img", "aria-label": label }, drawn, axis),
    h(
      "p",
      { class: "ends soft small", "aria-hidden": "true" },
      h("span", {}, moments[0]?.name || ""),
      h("span", {}, moments.at(-1)?.name || ""),
    ),
  );
}

/**
 * @param {Part[]} parts
 * @param {{x: number, width: number, from: number, whole: number, sign: number}} place in percent
 */
function stacked(parts, { x, width, from, whole, sign }) {
  let at = from;
  return parts
    .filter(({ size }) => size > 0)
    .map(({ size, tone }) => {
      const height = (100 * size) / whole;
      const y = sign < 0 ? at - height : at;
      at += sign * height;
      return s("rect", { class: tone, x: `${x}%`, y: `${y}%`, width: `${width}%`, height: `${height}%` });
    });
}

/**
 * What the pointer finds where nothing is drawn.
 * @param {number} x
 * @param {number} width
 */
function ground(x, width) {
  return s("rect", { class: "unseen-ground", x: `${x}%`, width: `${width}%`, height: "100%" });
}

/** @param {Moment} moment */
function sentence({ name, up, down }) {
  const parts = [...up, ...down].filter(({ size }) => size > 0);
  return `${name}: ${parts.map((part) => `${part.name} ${part.told ?? part.size}`).join(", ") || "nothing"}`;
}

/** @param {{name: string, size: number, told?: string}} part */
function title(part) {
  return s("title", {}, `${part.name}: ${part.told ?? part.size}`);
}
