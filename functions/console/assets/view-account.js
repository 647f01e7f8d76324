/** One account: when it had what, why, what it has bought, and what was done to it. */

import { get } from "./api.js";
import { h } from "./dom.js";
import { when } from "./format.js";
import { accessOverTime } from "./account-access.js";
import { explanation } from "./account-explain.js";
import { holdings } from "./account-facts.js";
import { grants } from "./account-grants.js";
import { history } from "./account-history.js";
import { card, code, facts } from "./widgets.js";

export const title = "Account";
export const within = "search";
export const needs = "read_accounts";

/**
 * @param {Record<string, string>} params `project` and `user`; `feature` and `at` are explained
 * @param {AbortSignal} signal
 */
export async function render({ project = "", user = "", feature = "", at = "" }, signal) {
  const whose = { project_id: project, user_id: user };
  const [view, timeline, catalog] = await Promise.all([
    get("admin/accounts", whose, signal),
    get("admin/timeline", whose, signal),
    get(`admin/projects/${encodeURIComponent(project)}/catalog`, {}, signal),
  ]);
  const codes = features(catalog, timeline);
  const explain = explanation(whose, codes, feature, at);
  const past = await history(whose, signal, (instant) => explain.about("", instant));
  return [
    head(view.account),
    card("Access over time", accessOverTime(timeline, codes, view.history, explain.about)),
    h("div", { class: "halves" }, card("Why", explain.element), grants(whose, view, catalog)),
    holdings(view.account),
    card("History", past),
  ];
}

/** @param {any} account */
function head(account) {
  return h(
    "div",
    { class: "card" },
    h("p", { class: "user" }, account.user_id),
    facts([
      ["Project", account.project_id],
      ["Stripe customer", account.customer_id ? code(account.customer_id) : "none"],
      ["Changes", String(account.revision)],
      ["Last change", when(account.updated_at, "nothing is known of this user yet")],
    ]),
  );
}

/**
 * The features that may be asked about: those on sale, and those that were given once.
 * @param {any} catalog
 * @param {any} timeline
 * @returns {string[]}
 */
function features(catalog, timeline) {
  const onSale = catalog.features.map((/** @type {any} */ each) => each.code);
  const given = timeline.features.map((/** @type {any} */ each) => each.feature_code);
  return [...new Set([...onSale, ...given])].sort();
}
