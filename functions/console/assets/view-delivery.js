/** One delivery: what was sent, each attempt, and trying it again. */

import { get, post } from "./api.js";
import { announce, fill, h } from "./dom.js";
import { question } from "./dialog.js";
import { endpointsOf } from "./endpoint-forms.js";
import { ago, when, words } from "./format.js";
import { may } from "./roles.js";
import { address } from "./router.js";
import { badge, card, code, facts, lookAgain, nothing, row, table } from "./widgets.js";

export const title = "Delivery";
export const within = "deliveries";
export const needs = "read_deliveries";

const SOON_MS = 60_000;

/** What an app's operator should know of an attempt that was not answered. */
const PROBLEMS = {
  url_refused: "The address's form is not allowed any more: change the endpoint.",
  not_public: "An address of its name is not public.",
  unresolved: "Its name has no address.",
  unreachable: "No connection came about, or it broke.",
  tls_failed: "The certificate is not the name's, has ended, or is nobody's.",
  timed_out: "It did not answer within five seconds.",
  not_http: "What came is no answer of HTTP/1.1.",
  endpoint_busy: "It was not tried: others of the endpoint had taken its share.",
  endpoint_disabled: "The endpoint was disabled when it came to its turn.",
};

/**
 * @param {Record<string, string>} params
 * @param {AbortSignal} signal
 */
export async function render({ project = "", endpoint = "", id = "" }, signal) {
  const path = `${endpointsOf(project)}/${encodeURIComponent(endpoint)}/deliveries`;
  const place = h("div", { class: "content" });
  await look(path, id, place, signal);
  const back = h(
    "a",
    { href: address("deliveries", { project, endpoint }) },
    "All deliveries to the endpoint",
  );
  return [h("p", {}, back), place];
}

/**
 * Show a delivery as it stands, and again while it is on its way.
 * @param {string} path
 * @param {string} id
 * @param {Element} place
 * @param {AbortSignal} signal
 */
async function look(path, id, place, signal) {
  const found = await get(`${path}/${encodeURIComponent(id)}`, {}, signal);
  fill(place, summary(path, found), card("Attempts", attempts(found.attempts)), sent(found));
  announce(`The delivery is ${words(found.state)}`);
  if (found.state === "pending" && isSoon(found))
    lookAgain(() => look(path, id, place, signal), place, signal);
}

/**
 * Whether it is worth waiting for; later attempts are hours apart.
 * @param {any} delivery
 */
function isSoon({ next_attempt_at }) {
  return !next_attempt_at || Date.parse(next_attempt_at) - Date.now() < SOON_MS;
}

/**
 * @param {string} path
 * @param {any} found
 */
function summary(path, found) {
  const next = found.next_attempt_at ? when(found.next_attempt_at) : "none by itself";
  return h(
    "div",
    { class: "card" },
    h("p", { class: "verdict" }, badge(found.state), ` ${found.type}`),
    facts([
      ["Delivery", code(found.delivery_id)],
      ["Made", [when(found.created_at), " ", h("span", { class: "soft" }, ago(found.created_at))]],
      ["Next attempt", next],
    ]),
    retryButton(path, found),
  );
}

/** @param {any[]} made */
function attempts(made) {
  const rows = made.map((each) =>
    row(
      when(each.at),
      each.status
        ? [badge(String(each.status), each.status < 300 ? "good" : "bad")]
        : [
            badge(each.problem, "bad"),
            " ",
            PROBLEMS[/** @type {keyof typeof PROBLEMS} */ (each.problem)] || words(each.problem),
          ],
      `${each.milliseconds} ms`,
    ),
  );
  return rows.length ? table("Attempts", ["At", "Answer", "Took"], rows) : nothing("None was made yet.");
}

/** @param {any} found */
function sent(found) {
  const text = JSON.stringify(found.event, null, 2);
  return card("What was sent", h("pre", { tabindex: "0", "aria-label": "The body that was sent" }, text));
}

/** How long an attempt may be overdue before the service lets it be made by hand. */
const OVERDUE_MS = 3_600_000;

/** @param {any} delivery */
function isOverdue(delivery) {
  const due = Date.parse(delivery.next_attempt_at || delivery.created_at);
  return delivery.state === "pending" && due < Date.now() - OVERDUE_MS;
}

/**
 * A button for a delivery that failed, or is overdue.
 * @param {string} path of the endpoint's deliveries
 * @param {any} delivery
 */
export function retryButton(path, delivery) {
  if (!(delivery.state === "failed" || isOverdue(delivery)) || !may("manage_endpoints")) return null;
  return h("button", { type: "button", onclick: () => retry(path, delivery) }, "Retry");
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
