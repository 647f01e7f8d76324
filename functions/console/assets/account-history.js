/** What was done to an account, newest first. */

import { get } from "./api.js";
import { h } from "./dom.js";
import { when, words } from "./format.js";
import { listed } from "./paging.js";
import { address } from "./router.js";
import { badge, code, row } from "./widgets.js";

/** Fields that only say how something was heard, and not what. */
const UNTOLD = new Set(["as_of", "event_id", "first_seen", "timeline", "id"]);

/**
 * @param {{project_id: string, user_id: string}} whose
 * @param {AbortSignal} signal
 * @param {(instant: string) => void} explain
 */
export function history(whose, signal, explain) {
  return listed({
    caption: "What was done to the account, newest first",
    noun: "change",
    columns: ["Recorded", "By", "What", "Outcome", "Access then"],
    load: async (cursor) => {
      const page = await get("admin/history", { ...whose, limit: 20, cursor }, signal);
      return { items: page.history, next: page.next_cursor };
    },
    row: (entry) =>
      row(
        when(entry.at),
        entry.cause_type === "stripe_event" ? entry.actor : `${entry.actor} (${words(entry.cause_type)})`,
        what(entry),
        badge(entry.outcome),
        h("button", { type: "button", class: "link", onclick: () => explain(entry.at) }, "Explain then"),
      ),
    empty: "Nothing was done to it yet.",
  });
}

/** @param {any} entry */
function what(entry) {
  const changes = changed(entry.before, entry.after);
  return [
    h("p", {}, h("a", { href: address("event", { id: entry.cause_id }) }, entry.cause_name)),
    entry.reason && h("p", { class: "quote" }, entry.reason),
    changes.length > 0 &&
      h("details", {}, h("summary", {}, "What changed"), h("ul", { class: "changes" }, changes)),
  ];
}

/**
 * Tell facts apart, field by field.
 * @param {Record<string, any>} before
 * @param {Record<string, any>} after
 */
function changed(before, after) {
  return Object.keys(after).flatMap((name) => {
    const known = before[name];
    if (typeof after[name] !== "object" || after[name] === null) return change(name, known, after[name]);
    if (!known) return h("li", {}, code(name), " is new", summary(after[name]));
    const fields = [...new Set([...Object.keys(known), ...Object.keys(after[name])])].filter(
      (field) => !UNTOLD.has(field),
    );
    return fields.flatMap((field) => change(`${name} ${field}`, known[field], after[name][field]));
  });
}

/** @param {any} fact */
function summary(fact) {
  const word = fact.status || fact.state || fact.feature_code;
  return word ? `: ${words(word)}` : "";
}

/**
 * @param {string} name
 * @param {unknown} before
 * @param {unknown} after
 */
function change(name, before, after) {
  const [was, is] = [written(before), written(after)];
  return was === is ? [] : h("li", {}, code(name), ` ${was} → ${is}`);
}

/** @param {unknown} value */
function written(value) {
  if (value === undefined || value === null || value === "") return "nothing";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
