/** Where a project's apps are told of changes, and what they were told. */

import { every, get } from "./api.js";
import { h } from "./dom.js";
import { endpointButtons, endpointState, endpointsOf, register, retryAllButton } from "./endpoint-forms.js";
import { ago, counted, when, words } from "./format.js";
import { listed } from "./paging.js";
import { may, unlessRefused } from "./roles.js";
import { address, go } from "./router.js";
import { retryButton } from "./view-delivery.js";
import { badge, card, choice, code, facts, field, nothing, row, table } from "./widgets.js";

export const title = "Deliveries";
export const needs = "read_deliveries";

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
  if (ids.length === 0) return [nothing("There is no project yet. Make one under Catalog.")];
  const chosen = project || ids[0];
  const path = endpointsOf(chosen);
  const { endpoints } = await get(path, {}, signal);
  const known = endpoints.find((/** @type {any} */ each) => each.endpoint_id === endpoint) || endpoints[0];
  const found = known && (await deliveries(chosen, known.endpoint_id, state, signal));
  const place = h("div", {});
  return [
    chooser(ids, chosen),
    place,
    card(
      "Endpoints",
      unlessRefused("manage_endpoints", () =>
        h("p", {}, h("button", { type: "button", onclick: () => register(chosen) }, "Register an endpoint")),
      ),
      endpoints.length
        ? list(endpoints, chosen, known)
        : nothing("The project has none: its apps read the entitlements, and are told of no change."),
    ),
    known &&
      card("The endpoint", standing(known), may("manage_endpoints") && endpointButtons(chosen, known, place)),
    known && card(`Deliveries to ${known.url}`, filter(chosen, known, state), found),
  ];
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
 * @param {any} known the one that is shown below
 */
function list(endpoints, project, known) {
  const rows = endpoints.map((each) => {
    const href = address("deliveries", { project, endpoint: each.endpoint_id });
    return row(
      [h("a", { href, "aria-current": each === known && "true" }, each.url), h("br"), code(each.endpoint_id)],
      each.description || h("span", { class: "soft" }, "none"),
      each.event_types.length ? each.event_types.join(", ") : "everything",
      endpointState(each),
    );
  });
  return table("Endpoints", ["Address", "Description", "Is told of", "State"], rows);
}

/** @param {any} endpoint */
function standing(endpoint) {
  /** @type {[string, any][]} */
  const found = [
    ["Address", endpoint.url],
    ["State", endpointState(endpoint)],
    ["Registered", [when(endpoint.created_at), ` by ${endpoint.created_by}`]],
  ];
  if (endpoint.failing_since) found.push(["Failing since", when(endpoint.failing_since)]);
  if (endpoint.slow_until) found.push(["Slow, so told less at once until", when(endpoint.slow_until)]);
  if (endpoint.disabled_at)
    found.push(["Disabled", [when(endpoint.disabled_at), `, ${words(endpoint.disabled_reason)}`]]);
  if (endpoint.old_secret_ends_at)
    found.push(["The old secret signs until", when(endpoint.old_secret_ends_at)]);
  return [
    facts(found),
    !endpoint.enabled &&
      h(
        "p",
        { class: "notice warn" },
        "It is told nothing. What comes meanwhile is not kept for it: " +
          "when it is enabled, its app reads the entitlements anew.",
      ),
  ];
}

/**
 * @param {string} project
 * @param {any} endpoint
 * @param {string} state
 */
function filter(project, endpoint, state) {
  const select = choice(STATES, state);
  select.addEventListener("change", () =>
    go("deliveries", { project, endpoint: endpoint.endpoint_id, state: select.value }),
  );
  const retry = endpoint.enabled && may("manage_endpoints") && retryAllButton(project, endpoint);
  return h("div", { class: "inline" }, field("Show", select), retry);
}

/**
 * @param {string} project
 * @param {string} endpoint
 * @param {string} state
 * @param {AbortSignal} signal
 */
function deliveries(project, endpoint, state, signal) {
  const path = `${endpointsOf(project)}/${endpoint}/deliveries`;
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
        [
          h("a", { href: address("delivery", { project, endpoint, id: each.delivery_id }) }, each.type),
          h("br"),
          code(each.delivery_id),
        ],
        badge(each.state),
        ago(each.created_at),
        attempts(each),
        retryButton(path, each) || h("span", { class: "soft" }, "none"),
      ),
    empty: state ? "None is in that state." : "Nothing was sent to it in the last 30 days.",
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
