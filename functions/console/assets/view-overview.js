/** What there is, project by project, and what needs somebody. */

import { every, get } from "./api.js";
import { h } from "./dom.js";
import { ago, count, counted, money, span, words } from "./format.js";
import { latency, reconciliations, revenue, revenues, standing, waiting } from "./overview-plots.js";
import { address } from "./router.js";
import { badge, card, nothing, row, table } from "./widgets.js";

export const title = "Overview";

const AT_ONCE = 4;
const A_DAY_AND_A_HALF = 36 * 3600;

/**
 * @param {Record<string, string>} _params
 * @param {AbortSignal} signal
 */
export async function render(_params, signal) {
  const [projects, parked, runs] = await Promise.all([
    every("admin/projects", "projects", signal),
    get("admin/events", { limit: 100 }, signal),
    get("admin/reconcile", { limit: 12 }, signal),
  ]);
  const figures = await measured(projects, signal);
  return [
    h("div", { class: "tiles" }, tiles(figures, parked, runs.runs[0])),
    attention(figures, parked, runs.runs[0]),
    h("div", { class: "grid" }, standing(figures), revenue(figures), waiting(parked.events)),
    h("div", { class: "grid wide" }, reconciliations(runs.runs), latency()),
    perProject(figures),
  ];
}

/**
 * Ask for all projects' figures, a few at a time.
 * @param {{id: string}[]} projects
 * @param {AbortSignal} signal
 */
async function measured(projects, signal) {
  /** @type {any[]} */
  const found = [];
  for (let from = 0; from < projects.length; from += AT_ONCE) {
    const some = projects.slice(from, from + AT_ONCE);
    found.push(...(await Promise.all(some.map(({ id }) => get(`metrics/project/${id}`, {}, signal)))));
  }
  return found;
}

/**
 * @param {any[]} figures
 * @param {any} parked
 * @param {any} last
 */
function tiles(figures, parked, last) {
  const sum = (/** @type {string} */ name) => figures.reduce((total, each) => total + each[name], 0);
  return [
    tile(
      "Active subscriptions",
      count(sum("active_subscriptions")),
      counted(sum("trialing_subscriptions"), "trial"),
    ),
    tile("Monthly recurring revenue", revenueLines(revenues(figures)), "estimated, by currency"),
    tile("Accounts", count(sum("accounts")), counted(sum("purchases"), "one-time purchase")),
    tile(
      "Parked events",
      `${count(parked.events.length)}${parked.next_cursor ? " or more" : ""}`,
      h("a", { href: address("events") }, "Look at them"),
    ),
    tile("Last reconciliation", last ? badge(last.status) : "none yet", last && ago(last.started_at)),
  ];
}

/** @param {Record<string, number>} sums */
function revenueLines(sums) {
  const lines = Object.entries(sums).map(([currency, amount]) =>
    h("span", { class: "line" }, money(amount, currency)),
  );
  return lines.length ? lines : "none";
}

/**
 * @param {string} name
 * @param {import("./dom.js").Child | import("./dom.js").Child[]} figure
 * @param {import("./dom.js").Child} below
 */
function tile(name, figure, below) {
  return h(
    "div",
    { class: "tile" },
    h("p", { class: "soft small" }, name),
    h("p", { class: "figure" }, figure),
    h("p", { class: "soft small" }, below),
  );
}

/**
 * @param {any[]} figures
 * @param {any} parked
 * @param {any} last
 */
function attention(figures, parked, last) {
  /** @type {Record<string, number>} */
  const reasons = {};
  for (const event of parked.events) reasons[event.reason] = (reasons[event.reason] || 0) + 1;
  const overdue = figures.filter((each) => each.past_due_subscriptions > 0);
  const found = [
    ...Object.entries(reasons).map(([reason, number]) =>
      item(
        "bad",
        h(
          "a",
          { href: address("events", { reason }) },
          `${counted(number, "event")} parked: ${words(reason)}`,
        ),
      ),
    ),
    ...overdue.map((each) =>
      item("warn", `${each.project_id}: ${counted(each.past_due_subscriptions, "subscription")} past due`),
    ),
    ...aboutRun(last),
  ];
  return card(
    "Needs attention",
    found.length ? h("ul", { class: "attention" }, found) : nothing("Nothing. All is well."),
  );
}

/** @param {any} last */
function aboutRun(last) {
  if (!last) return [item("warn", "No reconciliation was made yet.")];
  const to = (/** @type {string} */ text) => h("a", { href: address("run", { id: last.run_id }) }, text);
  const age = (Date.now() - Date.parse(last.started_at)) / 1000;
  const left =
    Object.values(last.counts).reduce((total, number) => total + Number(number), 0) - last.repaired;
  return [
    last.status === "failed" && item("bad", to(`The last reconciliation failed: ${words(last.error)}`)),
    age > A_DAY_AND_A_HALF && item("bad", `The last reconciliation is ${span(age)} old.`),
    last.repaired > 0 &&
      item("good", to(`The last reconciliation repaired ${counted(last.repaired, "thing")}.`)),
    left > 0 &&
      last.status === "completed" &&
      item("warn", to(`The last reconciliation left ${counted(left, "difference")}.`)),
  ].filter(Boolean);
}

/**
 * @param {string} tone
 * @param {import("./dom.js").Child} text
 */
function item(tone, text) {
  return h("li", { class: tone }, text);
}

/** @param {any[]} figures */
function perProject(figures) {
  const heads = [
    "Project",
    "Active",
    "Trialing",
    "Past due",
    "Canceled",
    "All",
    "Monthly revenue",
    "Purchases",
    "Accounts",
  ];
  const rows = figures.map((each) =>
    row(
      h("a", { href: address("search", { project: each.project_id }) }, each.project_id),
      count(each.active_subscriptions),
      count(each.trialing_subscriptions),
      count(each.past_due_subscriptions),
      count(each.canceled_subscriptions),
      count(each.total_subscriptions),
      each.currency ? money(each.estimated_mrr_cents, each.currency) : "none",
      count(each.purchases),
      count(each.accounts),
    ),
  );
  return card(
    "Projects",
    figures.length ? table("Figures by project", heads, rows) : nothing("There is no project yet."),
  );
}
