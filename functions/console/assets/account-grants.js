/** What operators gave by hand: giving more, and taking it back. */

import { intention, post } from "./api.js";
import { announce, h } from "./dom.js";
import { question } from "./dialog.js";
import { valued, when } from "./format.js";
import { may, unlessRefused } from "./roles.js";
import { badge, card, choice, code, field, nothing } from "./widgets.js";

const LONGEST_REASON = 500;

/**
 * @param {{project_id: string, user_id: string}} whose
 * @param {any} view the account as the service shows it
 * @param {any} catalog
 */
export function grants(whose, view, catalog) {
  const newest = [...view.account.grants].sort((a, b) => b.granted_at.localeCompare(a.granted_at));
  const give = () =>
    h(
      "p",
      {},
      h("button", { type: "button", onclick: () => grant(whose, catalog.features) }, "Grant a feature"),
    );
  const listed = newest.map((each) => one(each, Date.parse(view.at)));
  return card(
    "Grants",
    unlessRefused("grant", give),
    listed.length ? h("ul", { class: "plain" }, listed) : nothing("Nothing was given by hand."),
  );
}

/**
 * @param {any} found
 * @param {number} now milliseconds
 */
function one(found, now) {
  const state = stateOf(found, now);
  return h(
    "li",
    { class: "fact" },
    h(
      "p",
      {},
      h("strong", {}, found.feature_code),
      ` ${valued(found.value)} `,
      badge(state, state === "in force" ? "good" : "plain"),
    ),
    h("p", { class: "quote" }, found.reason),
    h(
      "p",
      { class: "small" },
      `by ${found.granted_by}, `,
      when(found.valid_from),
      " to ",
      when(found.valid_to),
    ),
    found.revoked_at &&
      h(
        "p",
        { class: "small" },
        `revoked by ${found.revoked_by} `,
        when(found.revoked_at),
        `: “${found.revoke_reason}”`,
      ),
    code(found.id),
    !found.revoked_at &&
      state !== "ended" &&
      may("grant") &&
      h(
        "button",
        { type: "button", class: "danger", onclick: () => revoke(found) },
        `Revoke ${found.feature_code}`,
      ),
  );
}

/**
 * @param {any} found
 * @param {number} now
 */
function stateOf(found, now) {
  if (found.revoked_at) return "revoked";
  if (Date.parse(found.valid_from) > now) return "to come";
  return found.valid_to && Date.parse(found.valid_to) <= now ? "ended" : "in force";
}

/**
 * @param {{project_id: string, user_id: string}} whose
 * @param {{code: string, name: string, type: string}[]} features
 */
function grant(whose, features) {
  const feature = choice(
    features.map((each) => [each.code, each.name ? `${each.code} (${each.name})` : each.code]),
  );
  const value = h("input", { type: "text", autocomplete: "off" });
  const valueField = field("Value", value, "A whole number or “unlimited” for a limit, text for a setting.");
  const until = h("input", { type: "datetime-local", step: "1" });
  const why = reason();
  const once = intention();
  const typeOf = () => features.find((each) => each.code === feature.value)?.type || "boolean";
  const adapt = () => {
    valueField.hidden = typeOf() === "boolean";
    value.required = !valueField.hidden;
  };
  feature.addEventListener("change", adapt);
  adapt();
  question({
    title: `Grant a feature to ${whose.user_id}`,
    content: [
      field("Feature", feature),
      valueField,
      field("Until (UTC), empty for ever", until),
      field("Reason, kept in the history", why),
    ],
    confirm: "Grant",
    act: async () => {
      const body = { ...whose, feature_code: feature.value, reason: why.value };
      const given = typeOf() === "boolean" ? {} : { value: asValue(value.value, typeOf()) };
      const ending = until.value ? { valid_to: `${until.value}Z` } : {};
      await post("admin/grant", { ...body, ...given, ...ending }, once);
      told(`${feature.value} is granted.`);
    },
  });
}

/** @param {any} found */
function revoke(found) {
  const why = reason();
  const once = intention();
  question({
    title: `Revoke ${found.feature_code}?`,
    content: [
      h("p", {}, "The grant ", code(found.id), " gives no access any more as soon as this is confirmed."),
      field("Reason, kept in the history", why),
    ],
    confirm: "Revoke",
    kind: "danger",
    act: async () => {
      await post("admin/revoke", { grant_id: found.id, revoke_reason: why.value }, once);
      told(`${found.feature_code} is revoked.`);
    },
  });
}

function reason() {
  return h("textarea", { required: true, maxlength: LONGEST_REASON, rows: 2 });
}

/**
 * @param {string} text
 * @param {string} type
 */
function asValue(text, type) {
  return type === "limit" && /^\d+$/.test(text.trim()) ? Number(text.trim()) : text;
}

/** @param {string} text */
function told(text) {
  window.dispatchEvent(new HashChangeEvent("hashchange"));
  announce(text);
}
