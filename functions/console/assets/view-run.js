/** One reconciliation run: how far it is, what it found, what it repaired. */

import { get } from "./api.js";
import { announce, fill, h } from "./dom.js";
import { ago, count, counted, when, words } from "./format.js";
import { listed } from "./paging.js";
import { stack } from "./plots.js";
import { differences, took } from "./view-runs.js";
import { accountLink, badge, card, choice, code, facts, field, nothing, row } from "./widgets.js";

export const title = "Reconciliation run";
export const within = "runs";

const STAGES = ["events", "stripe", "ours", "missing"];
const LOOK_AGAIN = 1_500;

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
    goesOn ? null : card("What differed", await list(run, path, signal)),
  );
  announce(
    `The run is ${words(run.status)}, ${counted(run.compared, "thing")} compared, ${run.repaired} repaired`,
  );
  if (!goesOn) return;
  const timer = window.setTimeout(() => look(path, place, signal).catch(() => {}), LOOK_AGAIN);
  signal.addEventListener("abort", () => window.clearTimeout(timer));
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
      ["Missed events fetched", count(run.events_swept)],
      ["Abandoned checkouts", count(run.abandoned_checkouts)],
      ...(run.error ? /** @type {[string, any][]} */ ([["Failed because", words(run.error)]]) : []),
    ]),
  );
}

/** @param {any} run */
function progress(run) {
  const at = run.status === "completed" ? STAGES.length : STAGES.indexOf(run.stage);
  const steps = STAGES.map((stage, index) => {
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
      stack(words(kind), [{ name: words(kind), size: Number(number), tone: "one" }], most),
      h("span", { class: "number" }, count(Number(number))),
    ),
  );
  return card("Differences by class", bars.length ? bars : nothing("No difference was found."));
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
    ["open", "what was not"],
  ]);
  const place = h("div", {});
  const fits = (/** @type {any} */ each) =>
    !only.value || (each.repair === "applied") === (only.value === "applied");
  const draw = async () => fill(place, await differing(path, signal, fits));
  only.addEventListener("change", draw);
  await draw();
  return h("div", {}, h("div", { class: "inline" }, field("Show", only)), place);
}

/**
 * @param {string} path
 * @param {AbortSignal} signal
 * @param {(difference: any) => boolean} fits
 */
function differing(path, signal, fits) {
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
        each.repair === "applied"
          ? badge("repaired", "good")
          : each.repair
            ? badge(each.repair)
            : h("span", { class: "soft" }, "none tried"),
      ),
  });
}

/** One side has nothing to say of it. */
function absent() {
  return h("span", { class: "soft" }, "nothing");
}
