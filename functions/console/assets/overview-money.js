/** Revenue over time, each currency by itself: no two are ever added. */

import { h } from "./dom.js";
import { counted, money, words } from "./format.js";
import { legend, series } from "./plots.js";
import { card, nothing, row, table } from "./widgets.js";

/** What moves the revenue of a month: up first, then down. */
const UP = [
  ["new", "good"],
  ["expansion", "two"],
  ["reactivated", "one"],
];
const DOWN = [
  ["contraction", "warn"],
  ["churned", "bad"],
];
const MOVES = [...UP, ...DOWN];

/**
 * Add up the projects' months and days, currency by currency.
 * @param {any[]} figures of the projects
 * @returns {{currency: string, mrr: number, trend: any[], days: any[]}[]}
 */
export function byCurrency(figures) {
  /** @type {Map<string, any>} */
  const found = new Map();
  for (const { currencies } of figures) {
    for (const one of currencies) {
      const known = found.get(one.currency);
      found.set(one.currency, known ? added(known, one) : one);
    }
  }
  return [...found.values()].sort((a, b) => a.currency.localeCompare(b.currency));
}

/**
 * Add figures of the same currency and the same months and days.
 * @param {any} one
 * @param {any} other
 * @returns {any}
 */
function added(one, other) {
  if (typeof one === "number") return one + other;
  if (typeof one === "string") return one;
  if (Array.isArray(one)) return one.map((each, index) => added(each, other[index]));
  return Object.fromEntries(Object.keys(one).map((name) => [name, added(one[name], other[name])]));
}

/** @param {any[]} figures */
export function revenueOverTime(figures) {
  const found = byCurrency(figures);
  if (found.length === 0) return [card("Monthly recurring revenue", nothing("No revenue recurs yet."))];
  return found.map((each) => h("div", { class: "grid" }, trend(each), movements(each), netRevenue(each)));
}

/** @param {{currency: string, mrr: number, trend: any[]}} of */
function trend({ currency, mrr, trend: months }) {
  const drawn = months.map(({ month, mrr: amount }) => ({
    name: month,
    up: [{ name: "MRR", size: amount, tone: "one", told: money(amount, currency) }],
    down: [],
  }));
  const told = `Monthly recurring revenue in ${currency.toUpperCase()} at the end of each month`;
  return card(
    `MRR, ${currency.toUpperCase()}`,
    h("p", { class: "figure" }, money(mrr, currency)),
    series(`${told}; now ${money(mrr, currency)}`, drawn),
    h("p", { class: "soft small" }, `${told}; the last is now.`),
  );
}

/** @param {{currency: string, trend: any[]}} of */
function movements({ currency, trend: months }) {
  const parts = (/** @type {any} */ month, /** @type {string[][]} */ kinds) =>
    kinds.map(([name, tone]) => ({ name, size: month[name], tone, told: money(month[name], currency) }));
  const drawn = months.map((month) => ({
    name: month.month,
    up: parts(month, UP),
    down: parts(month, DOWN),
  }));
  const rows = [...months]
    .reverse()
    .map((month) =>
      row(month.month, ...MOVES.map(([name]) => money(month[name], currency)), money(month.mrr, currency)),
    );
  const heads = ["Month", ...MOVES.map(([name]) => words(name)), "MRR"];
  return card(
    `MRR movements, ${currency.toUpperCase()}`,
    series(`Movements of the monthly recurring revenue in ${currency.toUpperCase()}`, drawn),
    legend(parts(months[0], MOVES)),
    h(
      "details",
      {},
      h("summary", {}, "In figures"),
      h("div", { class: "scroll", tabindex: "0" }, table(`MRR movements in ${currency}`, heads, rows)),
    ),
  );
}

/** @param {{currency: string, days: any[]}} of */
function netRevenue({ currency, days }) {
  const sum = days.reduce((total, { net_revenue }) => total + net_revenue, 0);
  const drawn = days.map(({ date, net_revenue: net, paid, refunded, disputed }) => {
    const parts = { paid, refunded, disputed };
    const named = Object.entries(parts).map(([name, amount]) => `${name} ${money(amount, currency)}`);
    const told = `${money(net, currency)} (${named.join(", ")})`;
    const part = { name: "net", size: Math.abs(net), tone: net < 0 ? "bad" : "good", told };
    return { name: date, up: net < 0 ? [] : [part], down: net < 0 ? [part] : [] };
  });
  const told =
    `Net revenue in ${currency.toUpperCase()}, day by day in UTC: ` +
    "paid, without what was refunded or disputed";
  return card(
    `Net revenue, ${currency.toUpperCase()}`,
    h("p", { class: "figure" }, money(sum, currency)),
    series(`${told}; ${money(sum, currency)} in ${counted(days.length, "day")}`, drawn),
    h("p", { class: "soft small" }, `${told}; today is the last.`),
  );
}

/** @param {any[]} figures */
export function customers(figures) {
  const rows = figures.map((each) => {
    const month = each.customers.at(-1);
    return row(
      each.project_id,
      String(each.paying_customers),
      `${month.new} new, ${month.reactivated} back`,
      share(month.churn),
      share(month.voluntary_churn),
      share(month.involuntary_churn),
      `${month.trials_started} begun, ${month.trials_ended} over`,
      share(month.trial_conversion),
    );
  });
  const heads = [
    "Project",
    "Paying",
    "This month",
    "Churn",
    "of it by choice",
    "for want of payment",
    "Trials",
    "Converted",
  ];
  return card(
    "Customers this month",
    rows.length ? table("Customers by project", heads, rows) : nothing("There is no project yet."),
  );
}

/** @param {{part: number, whole: number, rate: number | null}} of */
function share({ part, whole, rate }) {
  if (rate === null) return h("span", { class: "soft" }, "nothing to tell");
  return `${(100 * rate).toFixed(1)} % (${part} of ${whole})`;
}
