/** One reconciliation run: how far it is, what it found, what it repaired. */

import { get } from "./api.js";
import { announce, fill, h } from "./dom.js";
import { ago, count, counted, when, words } from "./format.js";
import { listed } from "./paging.js";
import { stack } from "./plots.js";
import { differences, took } from "./view-runs.js";
import {
  accountLink,
  badge,
  card,
  choice,
  code,
  facts,
  field,
  lookAgain,
  nothing,
  prose,
  row,
} from "./widgets.js";

export const title = "Reconciliation run";
export const within = "runs";
export const needs = "read_reconciliation";

/** The stages of a run, in words. */
const STAGES = {
  events: "events that were missed",
  stripe: "Stripe's side",
  ours: "our side",
  missing: "what Stripe lost",
};

/** What only a person can settle, and how (docs/operations.md). */
const FOR_PERSON = {
  orphaned:
    "Nothing says to whom it was sold: set `project_id` and `user_id` in its metadata at Stripe, " +
    "and the next run takes it in; or leave it, if it is other business.",
  other_account:
    "Its metadata names another account than the one that holds it: " +
    "set it back at Stripe; grant by hand who should have the access.",
  unreadable: "It has a shape of no known API version: a release has to learn it.",
  mode: "It is of Stripe's other mode. If that is so of all, the stage's mode or the API key is wrong.",
};

/**
 * @param {Record<string, string>} params
 * @param {AbortSignal} signal
 */
export async function render({ id = "" }, signal) {
  const path = `admin/reconcile/${encodeURIComponent(id)}`;
  const place = h("div", { class: "content" });
  await look(path, place, signal);
  return [place];
}

/**
 * Show a run as it stands, and again while it goes on.
 * @param {string} path
 * @param {Element} place
 * @param {AbortSignal} signal
 */
async function look(path, place, signal) {
  const run = await get(path, {}, signal);
  const goesOn = run.status === "running";
  fill(
    place,
    summary(run),
    progress(run),
    found(run),
    forPerson(run),
    goesOn ? null : card("What differed", await list(run, path, signal)),
  );
  announce(
    `The run is ${words(run.status)}, ${counted(run.compared, "thing")} compared, ${run.repaired} repaired`,
  );
  if (!goesOn) return;
  lookAgain(() => look(path, place, signal), place, signal);
}

/** @param {any} run */
function summary(run) {
  return h(
    "div",
    { class: "card" },
    h(
      "p",
      { class: "verdict" },
      badge(run.status),
      run.dry_run && badge("dry run"),
      ` ${counted(run.repaired, "thing")} repaired`,
      run.needs_person > 0 && [", ", counted(run.needs_person, "thing"), " for a person"].join(""),
    ),
    facts([
      ["Run", code(run.run_id)],
      [
        "Started",
        [when(run.started_at), " ", h("span", { class: "soft" }, ago(run.started_at)), ` by ${run.actor}`],
      ],
      ["Took", took(run)],
      ["Of", [run.project_id || "everything", run.since && [", since ", when(run.since)]].flat()],
      ["Compared", count(run.compared)],
      ["Drifted", count(run.drifted)],
      ["Missed events fetched", count(run.events_swept)],
      ["Abandoned checkouts", count(run.abandoned_checkouts)],
      ...(run.error ? /** @type {[string, any][]} */ ([["Failed because", words(run.error)]]) : []),
    ]),
  );
}

/** @param {any} run */
function progress(run) {
  const stages = Object.entries(STAGES);
  const at = run.status === "completed" ? stages.length : stages.findIndex(([stage]) => stage === run.stage);
  const steps = stages.map(([, stage], index) => {
    const state = index < at ? "done" : index === at ? "now" : "to come";
    return h(
      "li",
      { class: state.replace(" ", ""), "aria-current": index === at && "step" },
      stage,
      h("span", { class: "unseen" }, `: ${state}`),
    );
  });
  const looked = Object.entries(run.phases).filter(([, number]) => Number(number) > 0);
  return card(
    "Progress",
    h("ol", { class: "steps" }, steps),
    h(
      "p",
      { class: "soft small" },
      looked.map(([phase, number]) => `${words(phase)} ${number}`).join(", ") || "nothing was looked at yet",
    ),
  );
}

/** @param {any} run */
function found(run) {
  const kinds = Object.entries(run.counts).filter(([, number]) => Number(number) > 0);
  const most = Math.max(1, ...kinds.map(([, number]) => Number(number)));
  const bars = kinds.map(([kind, number]) =>
    h(
      "div",
      { class: "bar" },
      h("span", { class: "name" }, words(kind)),
      stack(
        words(kind),
        [{ name: words(kind), size: Number(number), tone: kind in FOR_PERSON ? "warn" : "one" }],
        most,
      ),
      h("span", { class: "number" }, count(Number(number))),
    ),
  );
  return card("Differences by class", bars.length ? bars : nothing("No difference was found."));
}

/**
 * What no run repairs, and what to do about it.
 * @param {any} run
 */
function forPerson(run) {
  const kinds = Object.entries(FOR_PERSON).filter(([kind]) => run.counts[kind] > 0);
  if (kinds.length === 0) return null;
  const told = kinds.map(([kind, cure]) => h("li", {}, badge(kind, "warn"), " ", prose(cure)));
  return card("Only a person can settle", h("ul", { class: "plain spaced" }, told));
}

/**
 * @param {any} run
 * @param {string} path
 * @param {AbortSignal} signal
 */
async function list(run, path, signal) {
  if (differences(run) === 0) return nothing("Nothing differed.");
  const only = choice([
    ["", "all"],
    ["applied", "what was repaired"],
    ["person", "what only a person can settle"],
    ["open", "what else was not"],
  ]);
  const place = h("div", {});
  const sort = (/** @type {any} */ { kind, repair }) =>
    repair === "applied" ? "applied" : kind in FOR_PERSON ? "person" : "open";
  const fits = (/** @type {any} */ each) => !only.value || sort(each) === only.value;
  const draw = async () => fill(place, await differing(path, signal, fits, run.dry_run));
  only.addEventListener("change", draw);
  await draw();
  return h("div", {}, h("div", { class: "inline" }, field("Show", only)), place);
}

/**
 * @param {string} path
 * @param {AbortSignal} signal
 * @param {(difference: any) => boolean} fits
 * @param {boolean} isDry
 */
function differing(path, signal, fits, isDry) {
  return listed({
    caption: "Differences",
    noun: "difference",
    columns: ["Class", "Account", "Ours", "Stripe's", "Changed", "Repair"],
    load: async (cursor) => {
      const page = await get(path, { cursor }, signal);
      return { items: page.differences.filter(fits), next: page.next_cursor };
    },
    row: (each) =>
      row(
        [words(each.kind), h("br"), code(each.object_id)],
        each.user_id === null ? accountLink(null) : accountLink(each),
        each.ours || absent(),
        each.stripe || absent(),
        when(each.changed_at, "unknown"),
        repair(each, isDry),
      ),
    empty: "None of that kind.",
  });
}

/**
 * @param {any} difference
 * @param {boolean} isDry
 */
function repair({ kind, repair: came, reported_at }, isDry) {
  if (came === "applied") return badge("repaired", "good");
  if (came) return badge(came);
  if (kind in FOR_PERSON)
    return [badge("for a person", "warn"), reported_at ? [" first told ", ago(reported_at)] : " new"].flat();
  return h("span", { class: "soft" }, isDry ? "dry run" : "none tried");
}

/** One side has nothing to say of it. */
function absent() {
  return h("span", { class: "soft" }, "nothing");
}
