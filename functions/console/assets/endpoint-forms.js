/** What an operator does to an endpoint: registers, changes, pings and removes it. */

import { ask, intention, post } from "./api.js";
import { announce, h } from "./dom.js";
import { question } from "./dialog.js";
import { counted } from "./format.js";
import { address, go } from "./router.js";
import { shownOnce } from "./secret.js";
import { action, badge, field, trouble } from "./widgets.js";

/** What an endpoint can be told of, as the API reference lists it. */
const TYPES = [
  "entitlements.changed",
  "subscription.created",
  "subscription.updated",
  "subscription.ended",
  "purchase.completed",
  "purchase.refunded",
  "payment.failed",
  "trial.ending",
];

/** @param {string} project */
export function endpointsOf(project) {
  return `admin/projects/${encodeURIComponent(project)}/endpoints`;
}

/**
 * A form's fields, and what they say.
 * @param {any} [known] an endpoint that is changed
 */
function fields(known) {
  const url = h("input", {
    type: "url",
    required: true,
    maxlength: 2048,
    value: known?.url || "",
    placeholder: "https://app.example.com/hooks",
  });
  const about = h("input", { maxlength: 200, autocomplete: "off", value: known?.description || "" });
  const boxes = TYPES.map((type) =>
    h("input", { type: "checkbox", value: type, checked: known?.event_types.includes(type) }),
  );
  const types = h(
    "fieldset",
    {},
    h("legend", {}, "Is told of (none chosen: of everything)"),
    h(
      "div",
      { class: "checks" },
      boxes.map((box) => h("label", { class: "check" }, box, box.value)),
    ),
  );
  return {
    content: [field("Address", url), field("Description", about), types],
    body: () => ({
      url: url.value.trim(),
      description: about.value,
      event_types: boxes.filter((box) => box.checked).map((box) => box.value),
    }),
  };
}

/** @param {string} project */
export function register(project) {
  const form = fields();
  const once = intention();
  question({
    title: `Register an endpoint of ${project}`,
    content: form.content,
    confirm: "Register",
    act: async () => shownOnce((await post(endpointsOf(project), form.body(), once)).secret),
    whenShown: again,
  });
}

/**
 * The buttons beside an endpoint.
 * @param {string} project
 * @param {any} endpoint
 * @param {Element} place where trouble is told
 */
export function endpointButtons(project, endpoint, place) {
  const path = `${endpointsOf(project)}/${encodeURIComponent(endpoint.endpoint_id)}`;
  /** @param {() => Promise<unknown>} act */
  const told = (act) => async () => {
    try {
      await act();
    } catch (error) {
      place.replaceChildren(trouble(error));
    }
  };
  const ping = action(
    "Send a ping",
    told(async () => {
      const { delivery_id: id } = await post(`${path}/test`);
      go("delivery", { project, endpoint: endpoint.endpoint_id, id });
    }),
  );
  const turn = action(
    endpoint.enabled ? "Disable" : "Enable",
    told(async () => {
      await patch(path, { enabled: !endpoint.enabled });
      again(endpoint.enabled ? "It is disabled." : "It is enabled.");
    }),
    endpoint.enabled ? "" : "main",
  );
  return h(
    "div",
    { class: "buttons" },
    endpoint.enabled && ping,
    turn,
    h("button", { type: "button", onclick: () => change(path, endpoint) }, "Change"),
    h("button", { type: "button", onclick: () => rotate(path) }, "Rotate the secret"),
    h(
      "button",
      { type: "button", class: "danger", onclick: () => remove(project, path, endpoint) },
      "Remove",
    ),
  );
}

/**
 * @param {string} path
 * @param {any} endpoint
 */
function change(path, endpoint) {
  const form = fields(endpoint);
  question({
    title: "Change the endpoint",
    content: form.content,
    confirm: "Change",
    act: async () => {
      await patch(path, form.body());
      again("It is changed.");
    },
  });
}

/** @param {string} path */
function rotate(path) {
  question({
    title: "Rotate its secret?",
    content: [
      h("p", {}, "A new secret is shown once. For a day both sign, in which the app is given the new one."),
    ],
    confirm: "Rotate",
    act: async () => shownOnce((await post(`${path}/rotate-secret`)).secret),
    whenShown: again,
  });
}

/**
 * @param {string} project
 * @param {string} path
 * @param {any} endpoint
 */
function remove(project, path, endpoint) {
  question({
    title: `Remove ${endpoint.url}?`,
    content: [h("p", {}, "It is told nothing any more, and what is on its way to it is dropped.")],
    confirm: "Remove",
    kind: "danger",
    act: async () => {
      await ask("DELETE", `api/v1/${path}`);
      if (location.hash === address("deliveries", { project })) again("It is removed.");
      else go("deliveries", { project });
    },
  });
}

/**
 * A button that puts back all that failed at an endpoint.
 * @param {string} project
 * @param {any} endpoint
 */
export function retryAllButton(project, endpoint) {
  const path = `${endpointsOf(project)}/${encodeURIComponent(endpoint.endpoint_id)}/retry`;
  const since = h("input", { type: "datetime-local", step: "1" });
  const start = () =>
    question({
      title: "Send all again that failed?",
      content: [
        h("p", {}, "Each is tried anew, the oldest first, with the id that it had: what came is ignored."),
        field("Made since (UTC), empty for all", since),
      ],
      confirm: "Retry them",
      act: async () => {
        const number = await retryAll(path, since.value ? { since: `${since.value}Z` } : {});
        again(`${counted(number, "delivery")} sent again.`);
      },
    });
  return h("button", { type: "button", onclick: start }, "Retry all that failed");
}

/**
 * @param {string} path
 * @param {Record<string, string>} scope
 */
async function retryAll(path, scope) {
  let number = 0;
  let cursor = "";
  do {
    const done = await post(path, { ...scope, ...(cursor && { cursor }) });
    number += done.retried;
    cursor = done.next_cursor || "";
  } while (cursor);
  return number;
}

/** @param {any} endpoint */
export function endpointState(endpoint) {
  if (!endpoint.enabled) return badge("disabled", "bad");
  return endpoint.failing_since ? badge("failing", "warn") : badge("enabled");
}

/**
 * @param {string} path
 * @param {unknown} body
 */
function patch(path, body) {
  return ask("PATCH", `api/v1/${path}`, { body });
}

/** @param {string} [text] */
function again(text) {
  window.dispatchEvent(new HashChangeEvent("hashchange"));
  if (text) announce(text);
}
