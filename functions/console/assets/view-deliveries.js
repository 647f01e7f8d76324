/** What the service told the apps by webhook, and telling it again. */

import { Problem, every, get, post } from "./api.js";
import { announce, h } from "./dom.js";
import { question } from "./dialog.js";
import { ago, counted, when, words } from "./format.js";
import { listed } from "./paging.js";
import { address, go } from "./router.js";
import { badge, card, choice, code, facts, field, nothing, row, table } from "./widgets.js";

export const title = "Deliveries";

/** @type {[string, string][]} */
const STATES = [
  ["", "any state"],
  ["failed", "failed"],
  ["pending", "pending"],
  ["delivered", "delivered"],
];

/**
 * @param {Record<string, string>} params `endpoint` is the one whose deliveries are shown
 * @param {AbortSignal} signal
 */
export async function render({ project = "", endpoint = "", state = "" }, signal) {
  const projects = await every("admin/projects", "projects", signal);
  const ids = projects.map((/** @type {any} */ each) => each.id);
  if (ids.length === 0) return [nothing("There is no project yet.")];
  const chosen = project || ids[0];
  const path = `admin/projects/${encodeURIComponent(chosen)}/endpoints`;
  const endpoints = await unlessUnavailable(get(path, {}, signal));
  if (!endpoints)
    return [
      chooser(ids, chosen),
      card("Not available", h("p", {}, "This version of the service has no webhooks to apps.")),
    ];
  const known =
    endpoints.endpoints.find((/** @type {any} */ each) => each.endpoint_id === endpoint) ||
    endpoints.endpoints[0];
  return [
    chooser(ids, chosen),
    card(
      "Endpoints",
      endpoints.endpoints.length
        ? list(endpoints.endpoints, chosen)
        : nothing("The project has no endpoint."),
    ),
    known &&
      card(
        `Deliveries to ${known.url}`,
        standing(known),
        filter(chosen, known.endpoint_id, state),
        await deliveries(`${path}/${known.endpoint_id}/deliveries`, state, signal),
      ),
  ];
}

/**
 * @param {Promise<any>} asked
 */
async function unlessUnavailable(asked) {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Problem && error.code === "no_such_route") return null;
    throw error;
  }
}

/**
 * @param {string[]} ids
 * @param {string} chosen
 */
function chooser(ids, chosen) {
  const select = choice(
    ids.map((id) => [id, id]),
    chosen,
  );
  select.addEventListener("change", () => go("deliveries", { project: select.value }));
  return h("div", { class: "inline" }, field("Project", select));
}

/**
 * @param {any[]} endpoints
 * @param {string} project
 */
function list(endpoints, project) {
  const rows = endpoints.map((each) =>
    row(
      [
        h("a", { href: address("deliveries", { project, endpoint: each.endpoint_id }) }, each.url),
        h("br"),
        code(each.endpoint_id),
      ],
      each.description || "",
      each.event_types.length ? each.event_types.join(", ") : "everything",
      each.enabled ? badge("enabled") : badge("disabled", "bad"),
    ),
  );
  return table("Endpoints", ["Address", "Description", "Is told of", "State"], rows);
}

/** @param {any} endpoint */
function standing(endpoint) {
  if (endpoint.enabled && !endpoint.failing_since) return null;
  return facts([
    ["Failing since", when(endpoint.failing_since)],
    [
      "Disabled",
      endpoint.disabled_at ? [when(endpoint.disabled_at), `: ${words(endpoint.disabled_reason)}`] : "no",
    ],
  ]);
}

/**
 * @param {string} project
 * @param {string} endpoint
 * @param {string} state
 */
function filter(project, endpoint, state) {
  const select = choice(STATES, state);
  select.addEventListener("change", () => go("deliveries", { project, endpoint, state: select.value }));
  return h("div", { class: "inline" }, field("Show", select));
}

/**
 * @param {string} path
 * @param {string} state
 * @param {AbortSignal} signal
 */
function deliveries(path, state, signal) {
  return listed({
    caption: "Deliveries, the newest first",
    noun: "delivery",
    columns: ["What", "State", "Made", "Attempts", "Action"],
    load: async (cursor) => {
      const page = await get(path, { state, limit: 25, cursor }, signal);
      return { items: page.deliveries, next: page.next_cursor };
    },
    row: (each) =>
      row(
        [each.type, h("br"), code(each.delivery_id)],
        badge(each.state),
        ago(each.created_at),
        attempts(each),
        each.state === "failed"
          ? h("button", { type: "button", onclick: () => retry(path, each) }, "Retry")
          : "",
      ),
    empty: "Nothing was sent to it yet.",
  });
}

/** @param {any} delivery */
function attempts({ attempts: made, next_attempt_at }) {
  const last = made.at(-1);
  const came =
    last && (last.status ? `, the last answered ${last.status}` : `, the last: ${words(last.problem)}`);
  return [
    counted(made.length, "attempt"),
    came,
    next_attempt_at && [", the next ", ago(next_attempt_at)],
  ].flat();
}

/**
 * @param {string} path
 * @param {any} delivery
 */
function retry(path, delivery) {
  question({
    title: "Send it again?",
    content: [
      h(
        "p",
        {},
        `${delivery.type} `,
        code(delivery.delivery_id),
        " is tried anew, with the same id: an app that has it already ignores it.",
      ),
    ],
    confirm: "Retry",
    act: async () => {
      await post(`${path}/${encodeURIComponent(delivery.delivery_id)}/retry`);
      window.dispatchEvent(new HashChangeEvent("hashchange"));
      announce("It is sent again.");
    },
  });
}
