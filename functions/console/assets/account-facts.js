/** What an account has bought: its subscriptions and purchases, as they were last heard of. */

import { h } from "./dom.js";
import { money, priced, when, words } from "./format.js";
import { badge, card, code, facts, nothing } from "./widgets.js";

/** @typedef {import("./dom.js").Child} Child */

/** @param {any} account */
export function holdings(account) {
  const bought = [...account.subscriptions.map(subscription), ...account.purchases.map(purchase)];
  return card(
    "Subscriptions and purchases",
    bought.length ? h("div", { class: "grid" }, bought) : nothing("Nothing was bought."),
  );
}

/** @param {any} fact */
function subscription(fact) {
  const items = fact.items.map((/** @type {any} */ item) => [
    `${item.quantity} × ${item.product_id || item.price_id}`,
    item.unit_amount === null ? "no fixed amount" : priced(item),
    ["paid until ", when(item.period_end)],
  ]);
  return h(
    "article",
    { class: "fact" },
    h("h3", {}, "Subscription ", badge(fact.status)),
    code(fact.id),
    items.map((/** @type {Child[]} */ [what, price, until]) => h("p", {}, what, ", ", price, h("br"), until)),
    facts([["Started", when(fact.started_at)], ...ending(fact), ["Heard of by", code(fact.event_id)]]),
    moneyBack(fact),
  );
}

/**
 * @param {any} fact
 * @returns {[string, Child | Child[]][]}
 */
function ending(fact) {
  /** @type {[string, Child | Child[]][]} */
  const found = [];
  if (fact.trial_end) found.push(["Trial ends", when(fact.trial_end)]);
  if (fact.cancel_at && !fact.ended_at) found.push(["Cancels", when(fact.cancel_at)]);
  if (fact.ended_at) found.push(["Ended", when(fact.ended_at)]);
  if (fact.collection_paused) found.push(["Collection", badge("collection_paused")]);
  return found;
}

/** @param {any} fact */
function purchase(fact) {
  const lines = fact.lines.map((/** @type {any} */ line) =>
    h("p", {}, `${line.quantity} × ${line.product_id || line.price_id}`),
  );
  return h(
    "article",
    { class: "fact" },
    h("h3", {}, "Purchase ", badge(fact.state)),
    code(fact.id),
    lines,
    facts([
      ["Paid", when(fact.paid_at)],
      ["Amount", fact.currency ? money(fact.amount, fact.currency) : "not heard of yet"],
      ["Heard of by", code(fact.event_id)],
    ]),
    moneyBack(fact),
  );
}

/** @param {any} fact */
function moneyBack({ refunds, disputes }) {
  const found = [
    ...refunds.map((/** @type {any} */ each) =>
      h(
        "li",
        {},
        `Refunded ${money(each.amount_refunded, each.currency)} of ${money(each.amount, each.currency)}, `,
        code(each.charge_id),
      ),
    ),
    ...disputes.map((/** @type {any} */ each) =>
      h(
        "li",
        {},
        `Dispute of ${money(each.amount, each.currency)}: ${words(each.status)}, `,
        code(each.charge_id),
      ),
    ),
  ];
  return found.length > 0 && h("ul", {}, found);
}
