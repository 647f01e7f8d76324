/** Reconciliation: the runs that were made, and starting one. */

import { every, get, post } from "./api.js";
import { h } from "./dom.js";
import { question } from "./dialog.js";
import { count, span, when } from "./format.js";
import { listed } from "./paging.js";
import { unlessRefused } from "./roles.js";
import { address, go } from "./router.js";
import { badge, card, choice, field, row } from "./widgets.js";

export const title = "Reconciliation";
export const needs = "read_reconciliation";

/**
 * @param {Record<string, string>} _params
 * @param {AbortSignal} signal
 */
export async function render(_params, signal) {
  const start = () => h("p", {}, h("button", { type: "button", class: "main", onclick: ask }, "Start a run"));
  return [
    h(
      "p",
      {},
      "A run compares what Stripe has with ours, both ways, and repairs what differs. ",
      "One of everything is made every day at 02:00 UTC.",
    ),
    unlessRefused("reconcile", start),
    card("Runs, the newest first", await runs(signal)),
  ];
}

/** @param {AbortSignal} signal */
function runs(signal) {
  return listed({
    caption: "Reconciliation runs",
    noun: "run",
    columns: ["Started", "By", "Of", "Status", "Compared", "Differences", "Repaired", "Took"],
    load: async (cursor) => {
      const page = await get("admin/reconcile", { limit: 20, cursor }, signal);
      return { items: page.runs, next: page.next_cursor };
    },
    row: (run) =>
      row(
        h("a", { href: address("run", { id: run.run_id }) }, when(run.started_at)),
        run.actor,
        run.project_id || "everything",
        [badge(run.status), run.dry_run && " dry run"],
        count(run.compared),
        count(differences(run)),
        count(run.repaired),
        took(run),
      ),
    empty: "No run was made yet.",
  });
}

/**
 * How many differences a run found.
 * @param {any} run
 * @returns {number}
 */
export function differences(run) {
  return Object.values(run.counts).reduce((total, number) => Number(total) + Number(number), 0);
}

/** @param {any} run */
export function took(run) {
  if (!run.finished_at) return "not over yet";
  const seconds = (Date.parse(run.finished_at) - Date.parse(run.started_at)) / 1000;
  return seconds < 1 ? "under a second" : span(seconds);
}

async function ask() {
  const projects = await every("admin/projects", "projects");
  const project = choice([
    ["", "everything"],
    ...projects.map((/** @type {any} */ each) => /** @type {[string, string]} */ ([each.id, each.id])),
  ]);
  const since = h("input", { type: "datetime-local", step: "1" });
  const kind = choice(
    [
      ["dry", "report only, change nothing (dry run)"],
      ["repair", "repair what differs"],
    ],
    "dry",
  );
  const shards = h("input", { type: "number", min: 1, max: 16, value: 1, required: true });
  question({
    title: "Start a run",
    content: [
      field("Of", project),
      field("What Stripe made since (UTC), empty for all", since),
      field("What it shall do", kind),
      field("Parts beside each other", shards, "1 to 16; more is faster for a large account."),
    ],
    confirm: "Start",
    act: async () => {
      const scope = {
        ...(project.value && { project_id: project.value }),
        ...(since.value && { since: `${since.value}Z` }),
      };
      const body = { ...scope, dry_run: kind.value === "dry", shards: Number(shards.value) };
      const { run_id } = await post("admin/reconcile", body);
      go("run", { id: run_id });
    },
  });
}
