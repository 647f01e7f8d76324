/** What needs somebody. */

import { h } from "./dom.js";
import { counted, span, words } from "./format.js";
import { address } from "./router.js";
import { differences } from "./view-runs.js";
import { card, nothing } from "./widgets.js";

const A_DAY_AND_A_HALF = 36 * 3600;

/**
 * @param {any[] | null} figures
 * @param {any} parked
 * @param {any} runs
 */
export function attention(figures, parked, runs) {
  const found = [
    ...(parked ? aboutParked(parked) : []),
    ...(figures ? aboutOverdue(figures) : []),
    ...(runs ? [...aboutRepairs(runs.runs), ...aboutRun(runs.runs[0])] : []),
  ];
  return card(
    "Needs attention",
    found.length ? h("ul", { class: "attention" }, found) : nothing("Nothing. All is well."),
  );
}

/** @param {any} parked */
function aboutParked(parked) {
  /** @type {Record<string, number>} */
  const reasons = {};
  for (const event of parked.events) reasons[event.reason] = (reasons[event.reason] || 0) + 1;
  return Object.entries(reasons).map(([reason, number]) => {
    const text = `${counted(number, "event")} parked: ${words(reason)}`;
    return item("bad", h("a", { href: address("events", { reason }) }, text));
  });
}

/** @param {any[]} figures */
function aboutOverdue(figures) {
  return figures
    .filter((each) => each.past_due_subscriptions > 0)
    .map((each) =>
      item("warn", `${each.project_id}: ${counted(each.past_due_subscriptions, "subscription")} past due`),
    );
}

/**
 * What the newest run that repairs has repaired; those that only report come after it.
 * @param {any[]} runs newest first
 */
function aboutRepairs(runs) {
  const last = runs.find((run) => !run.dry_run);
  if (!last || last.repaired === 0) return [];
  const text = `The last reconciliation repaired ${counted(last.repaired, "thing")}.`;
  return [item("good", link(last, text))];
}

/** @param {any} last */
function aboutRun(last) {
  if (!last) return [item("warn", "No reconciliation was made yet.")];
  const to = (/** @type {string} */ text) => link(last, text);
  const age = (Date.now() - Date.parse(last.started_at)) / 1000;
  const left = differences(last) - last.needs_person - last.repaired;
  return [
    last.status === "failed" && item("bad", to(`The last reconciliation failed: ${words(last.error)}`)),
    age > A_DAY_AND_A_HALF && item("bad", `The last reconciliation is ${span(age)} old.`),
    last.needs_person > 0 &&
      item(
        "warn",
        to(`${counted(last.needs_person, "thing")} only a person can settle, says the last reconciliation.`),
      ),
    left > 0 &&
      last.status === "completed" &&
      item("warn", to(`The last reconciliation left ${counted(left, "difference")}.`)),
  ].filter(Boolean);
}

/**
 * @param {any} run
 * @param {string} text
 */
function link(run, text) {
  return h("a", { href: address("run", { id: run.run_id }) }, text);
}

/**
 * @param {string} tone
 * @param {import("./dom.js").Child} text
 */
function item(tone, text) {
  return h("li", { class: tone }, text);
}
