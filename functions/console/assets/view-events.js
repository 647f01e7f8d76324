/** Events that could not be applied: those that wait for somebody, and those that were dismissed. */

import { every, get, post } from "./api.js";
import { announce, fill, h } from "./dom.js";
import { question } from "./dialog.js";
import { ago, words } from "./format.js";
import { listed } from "./paging.js";
import { unlessRefused } from "./roles.js";
import { address, go } from "./router.js";
import { badge, card, choice, code, field, row, trouble } from "./widgets.js";

export const title = "Parked events";
export const needs = "read_events";

/** Why an event can be parked, as the API reference lists it. */
export const REASONS = [
  "unmatched",
  "unknown_project",
  "unknown_price",
  "unreadable",
  "belongs_to_other_account",
  "gone_at_stripe",
];

/** @type {[string, string][]} */
const STATES = [
  ["", "parked"],
  ["dismissed", "dismissed"],
];

/** @type {[string, string][]} */
const AGES = [
  ["", "any time"],
  ["3600", "an hour or longer"],
  ["86400", "a day or longer"],
  ["604800", "a week or longer"],
];

/**
 * @param {Record<string, string>} params the filter
 * @param {AbortSignal} signal
 */
export async function render({ state = "", reason = "", project = "", older = "" }, signal) {
  const projects = await every("admin/projects", "projects", signal);
  const filter = { state, reason, project_id: project, older_than_seconds: older };
  const found = state ? await dismissed(filter, signal) : await parked(filter, signal);
  return [
    filters(
      { state, reason, project, older },
      projects.map((/** @type {any} */ each) => each.id),
    ),
    reason && !state && unlessRefused("settle_events", () => everyOne(reason, project)),
    card(state ? "Dismissed" : "Waiting, the longest first", found),
    byId(),
  ];
}

/**
 * @param {Record<string, string>} chosen
 * @param {string[]} projects
 */
function filters(chosen, projects) {
  const state = choice(STATES, chosen.state);
  const reason = choice(
    [["", "any reason"], .../** @type {[string, string][]} */ (REASONS.map((each) => [each, words(each)]))],
    chosen.reason,
  );
  const project = choice(
    [["", "any project"], .../** @type {[string, string][]} */ (projects.map((each) => [each, each]))],
    chosen.project,
  );
  const older = choice(AGES, chosen.older);
  const form = h(
    "form",
    { class: "inline four" },
    field("Show", state),
    field("Reason", reason),
    field("Project", project),
    field("Waiting for", older),
  );
  form.addEventListener("change", () =>
    go("events", {
      state: state.value,
      reason: reason.value,
      project: project.value,
      older: older.value,
    }),
  );
  return form;
}

/**
 * @param {Record<string, string>} filter
 * @param {AbortSignal} signal
 */
function parked(filter, signal) {
  return listed({
    caption: "Parked events",
    noun: "event",
    columns: ["Event", "Reason", "What is missing", "Project", "Waiting since"],
    load: load(filter, signal),
    row: (event) => row(...what(event), event.detail, event.project_id || none(), ago(event.recorded_at)),
    empty: someFilter(filter) ? "No event waits that fits." : "No event waits. All is applied.",
  });
}

/**
 * @param {Record<string, string>} filter
 * @param {AbortSignal} signal
 */
function dismissed(filter, signal) {
  return listed({
    caption: "Dismissed events",
    noun: "event",
    columns: ["Event", "Was parked because", "Dismissed by", "Why", "Project", "When"],
    load: load(filter, signal),
    row: (event) =>
      row(
        ...what(event),
        event.dismissal.by,
        event.dismissal.reason,
        event.project_id || none(),
        ago(event.dismissal.at),
      ),
    empty: "No event was dismissed.",
  });
}

/**
 * @param {Record<string, string>} filter
 * @param {AbortSignal} signal
 */
function load(filter, signal) {
  return async (/** @type {string} */ cursor) => {
    const page = await get("admin/events", { ...filter, limit: 25, cursor }, signal);
    return { items: page.events, next: page.next_cursor };
  };
}

/** @param {Record<string, string>} filter */
function someFilter({ reason, project_id, older_than_seconds }) {
  return reason || project_id || older_than_seconds;
}

/** @param {any} event */
function what(event) {
  return [
    [
      h("a", { href: address("event", { id: event.event_id }) }, event.cause_name),
      h("br"),
      code(event.event_id),
    ],
    badge(event.reason),
  ];
}

function none() {
  return h("span", { class: "soft" }, "names none");
}

/**
 * Replay all of a reason, some at a time.
 * @param {string} reason
 * @param {string} project
 */
function everyOne(reason, project) {
  const place = h("div", {});
  const start = () =>
    question({
      title: `Replay all: ${words(reason)}?`,
      content: [
        h(
          "p",
          {},
          "Each is applied once, with projects and catalogs as they are now; what still lacks something stays parked.",
        ),
      ],
      confirm: "Replay them",
      act: async () => replayAll(reason, project, place),
    });
  return h(
    "div",
    {},
    h("button", { type: "button", onclick: start }, `Replay all that are parked: ${words(reason)}`),
    place,
  );
}

/**
 * @param {string} reason
 * @param {string} project
 * @param {Element} place
 */
async function replayAll(reason, project, place) {
  /** @type {Record<string, number>} */
  const outcomes = {};
  let cursor = "";
  try {
    do {
      const body = { reason, ...(project && { project_id: project }), ...(cursor && { cursor }) };
      const done = await post("admin/events/replay", body);
      for (const { outcome } of done.events) outcomes[outcome] = (outcomes[outcome] || 0) + 1;
      cursor = done.next_cursor || "";
    } while (cursor);
  } catch (error) {
    fill(place, trouble(error));
    throw error;
  }
  const told = Object.entries(outcomes).map(([outcome, number]) => `${words(outcome)} ${number}`);
  const text = told.length ? `Replayed: ${told.join(", ")}.` : "There was nothing to replay.";
  fill(place, h("p", { class: "notice good" }, text));
  announce(text);
}

/** Any event, parked or not, is shown by its id. */
function byId() {
  const input = h("input", { type: "search", required: true, placeholder: "evt_… or op_…" });
  const form = h(
    "form",
    { class: "inline" },
    field("Any event or command, by its id", input),
    h("button", { type: "submit" }, "Show"),
  );
  form.addEventListener("submit", (/** @type {Event} */ event) => {
    event.preventDefault();
    go("event", { id: input.value.trim() });
  });
  return card("What became of an event", form);
}
