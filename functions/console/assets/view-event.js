/** One event or command: what became of it, what it says, and what can be done about it. */

import { every, get, post } from "./api.js";
import { announce, fill, h } from "./dom.js";
import { question } from "./dialog.js";
import { when, words } from "./format.js";
import { unlessRefused } from "./roles.js";
import { accountLink, action, badge, card, choice, code, facts, field, prose, trouble } from "./widgets.js";

export const title = "Event";
export const within = "events";
export const needs = "read_events";

/** Parked for want of an account: only of these may an operator say whose they are. */
const OF_NOBODY = new Set(["unmatched", "unknown_project"]);

/**
 * What an operator can do about an event that waits: one more is one more line.
 * @type {{text: string, applies: (entry: any) => boolean, act: (entry: any, done: Done) => Promise<unknown>}[]}
 */
const ACTIONS = [
  { text: "Replay", applies: () => true, act: replay },
  { text: "Link to a user", applies: (entry) => OF_NOBODY.has(entry.reason), act: link },
  { text: "Dismiss", applies: (entry) => entry.outcome === "parked", act: dismiss },
];

/** What cures an event, by the reason for which it is parked (docs/operations.md). */
const CURES = {
  unmatched:
    "Find out from the customer at Stripe whose it is, and link it; " +
    "or dismiss what is none of this service's business.",
  unknown_project:
    "Make the project that it names, then its catalog, and replay; or link it where the name is mistyped.",
  unknown_price: "Add the price with its `stripe_price_id` to the project's catalog, and replay.",
  unreadable: "A release has to learn the shape; a reconciliation brings in what the object at Stripe says.",
  belongs_to_other_account:
    "Set the metadata at Stripe back to the rightful account, or grant the access by hand; then dismiss it.",
  gone_at_stripe:
    "Check that the API key and the signing secret are of one Stripe account, and replay; dismiss test data.",
};

/** @typedef {(told: import("./dom.js").Child[], outcome: string) => Promise<void>} Done */

/**
 * @param {Record<string, string>} params
 * @param {AbortSignal} signal
 */
export async function render({ id = "" }, signal) {
  const path = `admin/events/${encodeURIComponent(id)}`;
  const place = h("div", {});
  const shown = h("div", { class: "content" });
  const draw = async () => {
    const entry = await get(path, {}, signal);
    /** @type {Done} */
    const done = async (told, outcome) => {
      const tone = ["parked", "failed"].includes(outcome) ? "warn" : "good";
      const notice = h("p", { class: `notice ${tone}`, tabindex: "-1" }, told);
      fill(place, notice);
      await draw();
      announce(notice.textContent);
      notice.focus();
    };
    fill(shown, card("What became of it", what(entry)), actions(entry, place, done), payload(entry));
  };
  await draw();
  return [place, shown];
}

/** @param {any} entry */
function what(entry) {
  const isWaiting = entry.outcome === "parked";
  return [
    facts([
      ["Event", code(entry.event_id)],
      ["What", `${entry.cause_name} (${words(entry.cause_type)})`],
      ["By", entry.actor],
      ["Outcome", badge(entry.outcome)],
      ["Came about", when(entry.caused_at)],
      [isWaiting ? "Parked since" : "Settled", when(entry.recorded_at)],
      ["Account", accountLink(entry.account)],
      ["Project", entry.project_id || "names none"],
    ]),
    entry.reason &&
      h(
        "p",
        {},
        isWaiting ? "Parked because " : "Was parked because ",
        badge(entry.reason),
        " ",
        entry.detail,
      ),
    entry.dismissal &&
      h(
        "p",
        { class: "quote" },
        `Dismissed by ${entry.dismissal.by}, `,
        when(entry.dismissal.at),
        `: “${entry.dismissal.reason}”`,
      ),
  ];
}

/**
 * @param {any} entry
 * @param {Element} place
 * @param {Done} done
 */
function actions(entry, place, done) {
  if (!["parked", "dismissed"].includes(entry.outcome)) return null;
  const buttons = ACTIONS.filter((each) => each.applies(entry)).map((each) =>
    action(each.text, async () => {
      try {
        await each.act(entry, done);
      } catch (error) {
        fill(place, trouble(error));
      }
    }),
  );
  const cure = CURES[/** @type {keyof typeof CURES} */ (entry.reason)];
  const row = () => h("div", { class: "buttons" }, buttons);
  return card("What can be done", cure && h("p", {}, prose(cure)), unlessRefused("settle_events", row));
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
  await done(told(answer), answer.outcome);
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
      const ids = answer.linked_ids.length ? [" Linked: ", answer.linked_ids.join(", "), "."] : [];
      await done([...told(answer), ...ids], answer.outcome);
    },
  });
}

/**
 * @param {any} entry
 * @param {Done} done
 */
async function dismiss(entry, done) {
  const reason = h("textarea", { required: true, maxlength: 500, rows: 2 });
  question({
    title: "Dismiss the event?",
    content: [
      h(
        "p",
        {},
        "It is taken off the list and changes no account. It can still be replayed or linked later.",
      ),
      field("Reason, kept with the event", reason),
    ],
    confirm: "Dismiss",
    kind: "danger",
    act: async () => {
      await post(`admin/events/${encodeURIComponent(entry.event_id)}/dismiss`, { reason: reason.value });
      await done(["It is dismissed."], "dismissed");
    },
  });
}

/**
 * @param {any} answer
 * @returns {import("./dom.js").Child[]}
 */
function told({ outcome, reason, detail, account }) {
  if (outcome === "parked") return [`It stays parked: ${words(reason)} (${detail}).`];
  return [
    `Its outcome is: ${words(outcome)}.`,
    ...(account ? [" Account: ", accountLink(account), "."] : []),
  ];
}
