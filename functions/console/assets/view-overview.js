/** What there is, project by project, and what needs somebody. */

import { every, get } from "./api.js";
import { h } from "./dom.js";
import { ago, count, counted, money } from "./format.js";
import { attention } from "./overview-attention.js";
import { customers, revenueOverTime } from "./overview-money.js";
import { latency, reconciliations, revenues, standing, waiting } from "./overview-plots.js";
import { traffic } from "./overview-traffic.js";
import { may, refused } from "./roles.js";
import { address, go } from "./router.js";
import { badge, card, choice, field, nothing, row, show, table, trouble } from "./widgets.js";

export const title = "Overview";
export const needs = "read_catalog";

const AT_ONCE = 4;

/**
 * What the role may not read is not asked for, and its place says so.
 * @param {Record<string, string>} params `project`: of this one alone; of all by default
 * @param {AbortSignal} signal
 */
export async function render({ project = "" }, signal) {
  const [projects, parked, runs] = await Promise.all([
    every("admin/projects", "projects", signal),
    may("read_events") ? get("admin/events", { limit: 100 }, signal) : null,
    may("read_reconciliation") ? get("admin/reconcile", { limit: 12 }, signal) : null,
  ]);
  const chosen = projects.filter((/** @type {any} */ { id }) => !project || id === project);
  const { figures, instead } = await measuredOrTold(chosen, signal);
  const busy = h("div", { class: "content" });
  if (may("read_operations")) show(busy, () => traffic(signal));
  return [
    chooser(projects, project),
    h("div", { class: "tiles" }, tiles(figures, parked, runs)),
    attention(figures, parked, runs),
    ...(figures ? revenueOverTime(figures) : [instead]),
    h("div", { class: "grid" }, figures && standing(figures), parked && waiting(parked.events)),
    figures && customers(figures),
    may("read_operations") && busy,
    h("div", { class: "grid wide" }, runs && reconciliations(runs.runs), latency()),
    figures && perProject(figures),
  ];
}

/**
 * @param {{id: string}[]} projects
 * @param {string} chosen
 */
function chooser(projects, chosen) {
  const select = choice(
    [["", "all projects"], ...projects.map(({ id }) => /** @type {[string, string]} */ ([id, id]))],
    chosen,
  );
  select.addEventListener("change", () => go("overview", { project: select.value }));
  return h("div", { class: "inline" }, field("Figures of", select));
}

/**
 * Figures that cannot be had take nothing else from the page: their place says why.
 * @param {{id: string}[]} projects
 * @param {AbortSignal} signal
 * @returns {Promise<{figures: any[] | null, instead?: Node}>}
 */
async function measuredOrTold(projects, signal) {
  if (!may("read_metrics")) return { figures: null, instead: refused("read_metrics") };
  try {
    return { figures: await measured(projects, signal) };
  } catch (error) {
    if (signal.aborted) throw error;
    return {
      figures: null,
      instead: trouble(error, () => window.dispatchEvent(new HashChangeEvent("hashchange"))),
    };
  }
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
 * @param {any[] | null} figures
 * @param {any} parked
 * @param {any} runs
 */
function tiles(figures, parked, runs) {
  return [figures && business(figures), parked && waitingTile(parked), runs && lastRun(runs.runs[0])].flat();
}

/** @param {any[]} figures */
function business(figures) {
  const sum = (/** @type {string} */ name) => figures.reduce((total, each) => total + each[name], 0);
  return [
    tile(
      "Active subscriptions",
      count(sum("active_subscriptions")),
      counted(sum("trialing_subscriptions"), "trial"),
    ),
    tile("MRR", revenueLines(revenues(figures)), "estimated, a month"),
    tile("Paying customers", count(sum("paying_customers")), counted(figures.length, "project")),
    tile("Accounts", count(sum("accounts")), counted(sum("purchases"), "one-time purchase")),
  ];
}

/** @param {any} parked */
function waitingTile(parked) {
  return tile(
    "Parked events",
    `${count(parked.events.length)}${parked.next_cursor ? " or more" : ""}`,
    h("a", { href: address("events") }, "Look at them"),
  );
}

/** @param {any} last */
function lastRun(last) {
  return tile("Last reconciliation", last ? badge(last.status) : "none yet", last && ago(last.started_at));
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
