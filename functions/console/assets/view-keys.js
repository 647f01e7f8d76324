/** API keys of the projects, and of operators: made, shown once, rotated, revoked. */

import { every, get, post } from "./api.js";
import { announce, fill, h } from "./dom.js";
import { question } from "./dialog.js";
import { when } from "./format.js";
import { listed } from "./paging.js";
import { may, unlessRefused } from "./roles.js";
import { go } from "./router.js";
import { shownOnce } from "./secret.js";
import { badge, card, choice, code, field, row } from "./widgets.js";

export const title = "Keys";
export const needs = "read_keys";

const OPERATORS = "admin";
const PAGE = 25;
/** What each role is for; the API reference says it exactly. */
const ROLES = {
  owner: "everything",
  operator: "everything but operators' keys",
  support: "reads accounts, events and deliveries",
  finance: "reads figures and reconciliations",
  metrics: "reads /metrics, for monitoring",
};
const SCOPES = ["checkout", "portal", "entitlements", "metrics"];

/** @type {[string, string][]} */
const OVERLAPS = [
  ["86400", "a day"],
  ["604800", "a week"],
  ["2592000", "30 days"],
  ["3600", "an hour"],
  ["0", "not at all"],
];

/**
 * @param {Record<string, string>} params
 * @param {AbortSignal} signal
 */
export async function render({ project = "" }, signal) {
  const projects = await every("admin/projects", "projects", signal);
  const ids = projects.map((/** @type {any} */ each) => each.id);
  const chosen = project || ids[0] || OPERATORS;
  const path = `admin/projects/${encodeURIComponent(chosen)}/keys`;
  const list = h("div", {});
  const again = async () => {
    const { keys } = await get(path, {}, signal);
    fill(list, await shown(keys, path, may(changing(chosen)) ? again : null));
  };
  await again();
  const create = () =>
    h(
      "p",
      {},
      h(
        "button",
        { type: "button", class: "main", onclick: () => make(chosen, path, again) },
        "Create a key",
      ),
    );
  const button = unlessRefused(changing(chosen), create);
  return [chooser(ids, chosen), button, card("Keys, the oldest first", list)];
}

/**
 * What one may have to do to change a project's keys; operators' own are for owners.
 * @param {string} project
 */
function changing(project) {
  return project === OPERATORS ? "manage_admin_keys" : "manage_keys";
}

/**
 * @param {string[]} ids
 * @param {string} chosen
 */
function chooser(ids, chosen) {
  const select = choice(
    [
      ...ids.map((id) => /** @type {[string, string]} */ ([id, id])),
      .../** @type {[string, string][]} */ (may("manage_admin_keys") ? [[OPERATORS, "operators"]] : []),
    ],
    chosen,
  );
  select.addEventListener("change", () => go("keys", { project: select.value }));
  return h("div", { class: "inline" }, field("Of", select));
}

/**
 * The service gives all keys at once; they are shown a page at a time.
 * @param {any[]} keys
 * @param {string} path
 * @param {(() => Promise<void>) | null} again shows them anew; `null` for who may change none
 */
function shown(keys, path, again) {
  return listed({
    caption: "Keys",
    noun: "key",
    columns: ["Name", "For", "Created", "Standing", "Actions"],
    load: async (cursor) => {
      const end = Number(cursor) + PAGE;
      return { items: keys.slice(Number(cursor), end), next: end < keys.length ? String(end) : null };
    },
    row: (key) =>
      row(
        [h("strong", {}, key.name), h("br"), code(key.key_id)],
        key.role ? badge(key.role, "plain") : key.scopes.join(", "),
        [when(key.created_at), ` by ${key.created_by}`],
        standing(key),
        again ? buttons(key, path, again) : h("span", { class: "soft" }, "none"),
      ),
    empty: "There is no key yet.",
  });
}

/** @param {any} key */
function hasEnded(key) {
  return Boolean(key.revoked_at) || (key.expires_at && Date.parse(key.expires_at) <= Date.now());
}

/** @param {any} key */
function standing(key) {
  if (key.revoked_at) return [badge("revoked", "plain"), " ", when(key.revoked_at)];
  if (hasEnded(key)) return [badge("expired", "plain"), " ", when(key.expires_at)];
  return [
    badge("works", "good"),
    key.expires_at && [" until ", when(key.expires_at)],
    key.replaced_by && " (rotated)",
  ].flat();
}

/**
 * @param {any} key
 * @param {string} path
 * @param {() => Promise<void>} again
 */
function buttons(key, path, again) {
  if (hasEnded(key)) return h("span", { class: "soft" }, "none");
  const one = `${path}/${encodeURIComponent(key.key_id)}`;
  const turn = h(
    "button",
    { type: "button", onclick: () => rotate(key, one, again), "aria-label": `Rotate ${key.name}` },
    "Rotate",
  );
  const stop = h(
    "button",
    {
      type: "button",
      class: "danger",
      onclick: () => revoke(key, one, again),
      "aria-label": `Revoke ${key.name}`,
    },
    "Revoke",
  );
  return h("div", { class: "buttons" }, !key.replaced_by && turn, stop);
}

/**
 * @param {string} project
 * @param {string} path
 * @param {() => Promise<void>} again
 */
function make(project, path, again) {
  const isOperators = project === OPERATORS;
  const name = h("input", { required: true, maxlength: 100, autocomplete: "off" });
  const boxes = SCOPES.map((scope) => h("input", { type: "checkbox", value: scope, checked: true }));
  const scopes = h(
    "fieldset",
    {},
    h("legend", {}, "Scopes"),
    h(
      "div",
      { class: "checks" },
      boxes.map((box) => h("label", { class: "check" }, box, box.value)),
    ),
  );
  const role = choice(
    Object.entries(ROLES).map(([each, what]) => [each, `${each}: ${what}`]),
    "operator",
  );
  const until = h("input", { type: "datetime-local", step: "1" });
  question({
    title: isOperators ? "Create an operator's key" : `Create a key of ${project}`,
    content: [
      field(isOperators ? "Operator's name, which appears in histories" : "Name", name),
      isOperators ? field("Role", role) : scopes,
      field("Expires (UTC), empty for never", until),
    ],
    confirm: "Create",
    act: async () => {
      const chosen = boxes.filter((box) => box.checked).map((box) => box.value);
      const body = {
        name: name.value,
        ...(isOperators ? { role: role.value } : { scopes: chosen }),
        ...(until.value && { expires_at: `${until.value}Z` }),
      };
      const issued = await post(path, body);
      await again();
      return shownOnce(issued.key);
    },
  });
}

/**
 * @param {any} key
 * @param {string} one
 * @param {() => Promise<void>} again
 */
function rotate(key, one, again) {
  const overlap = choice(OVERLAPS, "86400");
  question({
    title: `Rotate ${key.name}?`,
    content: [
      h("p", {}, "A successor with the same name and scopes is made and shown once."),
      field("The old key goes on working for", overlap),
    ],
    confirm: "Rotate",
    act: async () => {
      const issued = await post(`${one}/rotate`, { overlap_seconds: Number(overlap.value) });
      await again();
      return shownOnce(issued.key);
    },
  });
}

/**
 * @param {any} key
 * @param {string} one
 * @param {() => Promise<void>} again
 */
function revoke(key, one, again) {
  question({
    title: `Revoke ${key.name}?`,
    content: [
      h("p", {}, "Within 30 seconds ", code(key.key_id), " works nowhere any more. It cannot be undone."),
    ],
    confirm: "Revoke",
    kind: "danger",
    act: async () => {
      await post(`${one}/revoke`);
      await again();
      announce(`${key.name} is revoked.`);
    },
  });
}
