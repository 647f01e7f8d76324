/** One event or command: what became of it, what it says, and what can be done about it. */

import { every, get, post } from "./api.js";
import { announce, h } from "./dom.js";
import { question } from "./dialog.js";
import { when, words } from "./format.js";
import { accountLink, action, badge, card, code, choice, facts, field, trouble } from "./widgets.js";

export const title = "Event";
export const within = "events";

/**
 * What an operator can do about a parked event: one more is one more line.
 * @type {{text: string, applies: (entry: any) => boolean, act: (entry: any, done: Done) => Promise<unknown>}[]}
 */
const ACTIONS = [
  { text: "Replay", applies: () => true, act: replay },
  { text: "Link to a user", applies: (entry) => entry.reason === "unmatched", act: link },
];

/** @typedef {(told: string, outcome: string) => void} Done */

/**
 * @param {Record<string, string>} params
 * @param {AbortSignal} signal
 */
export async function render({ id = "" }, signal) {
  const entry = await get(`admin/events/${encodeURIComponent(id)}`, {}, signal);
  const place = h("div", {});
  return [place, card("What became of it", what(entry)), actions(entry, place), payload(entry)];
}

/** @param {any} entry */
function what(entry) {
  return facts([
    ["Event", code(entry.event_id)],
    ["What", `${entry.cause_name} (${words(entry.cause_type)})`],
    ["By", entry.actor],
    ["Outcome", badge(entry.outcome)],
    ...(entry.reason
      ? /** @type {[string, any][]} */ ([["Parked because", [badge(entry.reason), " ", entry.detail]]])
      : []),
    ["Came about", when(entry.caused_at)],
    [entry.outcome === "parked" ? "Parked since" : "Settled", when(entry.recorded_at)],
    ["Account", accountLink(entry.account)],
    ["Project", entry.project_id || "names none"],
  ]);
}

/**
 * @param {any} entry
 * @param {Element} place
 */
function actions(entry, place) {
  if (entry.outcome !== "parked") return null;
  /** @type {Done} */
  const done = (told, outcome) => {
    announce(told);
    place.replaceChildren(h("p", { class: `notice ${outcome === "parked" ? "warn" : "good"}` }, told));
  };
  const buttons = ACTIONS.filter((each) => each.applies(entry)).map((each) =>
    action(each.text, async () => {
      try {
        await each.act(entry, done);
      } catch (error) {
        place.replaceChildren(trouble(error));
      }
    }),
  );
  return card("What can be done", h("div", { class: "buttons" }, buttons));
}

/** @param {any} entry */
function payload(entry) {
  if (!entry.payload) return null;
  const text = JSON.stringify(entry.payload, null, 2);
  const from = entry.payload_from === "stripe" ? "as Stripe has it now" : "as Stripe sent it";
  return card(
    "What it says",
    h("p", { class: "soft small" }, `${from}; personal data is redacted`),
    h("pre", { tabindex: "0", "aria-label": "The event's payload" }, text),
  );
}

/**
 * @param {any} entry
 * @param {Done} done
 */
async function replay(entry, done) {
  const answer = await post(`admin/events/${encodeURIComponent(entry.event_id)}/replay`);
  done(told(answer), answer.outcome);
}

/**
 * @param {any} entry
 * @param {Done} done
 */
async function link(entry, done) {
  const projects = await every("admin/projects", "projects");
  const project = choice(
    projects.map((/** @type {any} */ each) => [each.id, each.id]),
    entry.project_id,
  );
  const user = h("input", { required: true, maxlength: 256, autocomplete: "off" });
  const reason = h("textarea", { required: true, maxlength: 500, rows: 2 });
  question({
    title: "Whose is it?",
    content: [
      h("p", {}, "From then on, whatever Stripe says of this customer is that user's. It cannot be undone."),
      field("Project", project),
      field("User", user, "Need not be known yet."),
      field("Reason, kept in the history", reason),
    ],
    confirm: "Link and replay",
    act: async () => {
      const body = { project_id: project.value, user_id: user.value, reason: reason.value };
      const answer = await post(`admin/events/${encodeURIComponent(entry.event_id)}/link`, body);
      done(told(answer), answer.outcome);
    },
  });
}

/** @param {any} answer */
function told({ outcome, reason, detail }) {
  return outcome === "parked"
    ? `It stays parked: ${words(reason)} (${detail}).`
    : `Its outcome is: ${words(outcome)}.`;
}
