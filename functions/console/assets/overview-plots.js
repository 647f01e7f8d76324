/** The drawings of the overview. */

import { answers } from "./api.js";
import { h } from "./dom.js";
import { count, counted, words } from "./format.js";
import { columns, legend, stack } from "./plots.js";
import { card, nothing } from "./widgets.js";

/** @type {[string, number, number][]} words, and seconds from and to */
const WAITS = [
  ["under an hour", 0, 3_600],
  ["under a day", 3_600, 86_400],
  ["under a week", 86_400, 604_800],
  ["longer", 604_800, Infinity],
];

/** Statuses that a plot tells apart, and how. */
const STANDING = [
  ["active", "good"],
  ["trialing", "two"],
  ["past_due", "warn"],
  ["canceled", "none"],
];

/** @param {any[]} figures */
export function standing(figures) {
  const most = Math.max(1, ...figures.map((each) => each.total_subscriptions));
  const parts = (/** @type {any} */ each) => {
    const known = STANDING.map(([name, tone]) => ({ name: words(name), size: each.by_status[name], tone }));
    const rest = each.total_subscriptions - known.reduce((total, part) => total + part.size, 0);
    return [...known, { name: "other", size: rest, tone: "bad" }];
  };
  return card(
    "Subscriptions by status",
    figures.map((each) =>
      bar(each.project_id, stack(each.project_id, parts(each), most), count(each.total_subscriptions)),
    ),
    figures.length > 0 && legend(parts(figures[0])),
  );
}

/**
 * @param {string} name
 * @param {Node} drawing
 * @param {string} figure
 */
function bar(name, drawing, figure) {
  return h(
    "div",
    { class: "bar" },
    h("span", { class: "name" }, name),
    drawing,
    h("span", { class: "number" }, figure),
  );
}

/**
 * How long the parked events have waited.
 * @param {any[]} events
 */
export function waiting(events) {
  const ages = events.map((event) => (Date.now() - Date.parse(event.recorded_at)) / 1000);
  const drawn = WAITS.map(([name, from, to]) => ({
    name,
    size: ages.filter((age) => age >= from && age < to).length,
    tone: "bad",
  }));
  return card(
    "Parked events by age",
    drawn.map((part) =>
      bar(part.name, stack(part.name, [part], Math.max(1, events.length)), count(part.size)),
    ),
  );
}

/** @param {any[]} runs newest first */
export function reconciliations(runs) {
  const repaired = [...runs]
    .reverse()
    .map((run) => ({ name: `${run.started_at}, repaired`, size: run.repaired, tone: "good" }));
  const told = `Things repaired by the newest ${counted(runs.length, "run")}; the last at the right`;
  return card(
    "Reconciliation",
    runs.length ? [columns(told, repaired), h("p", { class: "soft small" }, told)] : nothing("No run yet."),
  );
}

export function latency() {
  const drawn = answers.map(({ what, ms, ok }) => ({
    name: `${what}, ms`,
    size: Math.round(ms),
    tone: ok ? "one" : "bad",
  }));
  const sorted = answers.map(({ ms }) => ms).sort((a, b) => a - b);
  const median = Math.round(sorted[Math.floor(sorted.length / 2)] || 0);
  const slowest = Math.round(sorted.at(-1) || 0);
  const told = `${counted(drawn.length, "answer")} to this console: median ${median} ms, slowest ${slowest} ms`;
  return card("This console's own requests", columns(told, drawn), h("p", { class: "soft small" }, told));
}

/**
 * Add up, currency by currency.
 * @param {any[]} figures
 * @returns {Record<string, number>}
 */
export function revenues(figures) {
  /** @type {Record<string, number>} */
  const sums = {};
  for (const { mrr_by_currency: by } of figures) {
    for (const [currency, amount] of Object.entries(by))
      sums[currency] = (sums[currency] || 0) + Number(amount);
  }
  return sums;
}
