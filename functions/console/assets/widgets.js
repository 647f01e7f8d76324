/** The small parts of which every view is made. */

import { Problem } from "./api.js";
import { announce, fill, freshId, h } from "./dom.js";
import { span, words } from "./format.js";
import { accountAddress } from "./router.js";

/** @typedef {import("./dom.js").Child} Child */

/** Seldom enough that watching does not spend a key's requests of an hour. */
const LOOK_AGAIN_MS = 4_000;

const GOOD = new Set(
  "active trialing paid no_payment_required granted completed applied allowed delivered enabled".split(" "),
);
const BAD = new Set(
  `failed parked unpaid dispute_lost revoked denied unmatched unknown_project unknown_price unreadable
  belongs_to_other_account gone_at_stripe too_many`.split(/\s+/),
);
const WARN = new Set(
  "past_due disputed paused collection_paused incomplete partly_refunded running pending".split(" "),
);

/**
 * A word on a coloured ground; the word says all, the colour only helps.
 * @param {string} word
 * @param {string} [tone] good, bad, warn or plain
 */
export function badge(word, tone) {
  const found = tone || (GOOD.has(word) ? "good" : BAD.has(word) ? "bad" : WARN.has(word) ? "warn" : "plain");
  return h("span", { class: `badge ${found}` }, words(word));
}

/**
 * A part of the page with a heading.
 * @param {string} title
 * @param {...(Child | Child[])} children
 */
export function card(title, ...children) {
  const id = freshId();
  return h("section", { class: "card", "aria-labelledby": id }, h("h2", { id }, title), ...children);
}

/**
 * Names and values.
 * @param {[string, Child | Child[]][]} pairs
 */
export function facts(pairs) {
  return h(
    "dl",
    { class: "facts" },
    pairs.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
  );
}

/**
 * A table that is a list of cards where there is no room for columns.
 * @param {string} caption for those who cannot see where it stands
 * @param {string[]} columns
 * @param {Node[]} rows
 */
export function table(caption, columns, rows) {
  const heads = columns.map((column) => h("th", { scope: "col" }, column));
  for (const row of rows) label(row, columns);
  return h(
    "table",
    {},
    h("caption", { class: "unseen" }, caption),
    h("thead", {}, h("tr", {}, heads)),
    h("tbody", {}, rows),
  );
}

/**
 * @param {...(Child | Child[])} cells
 */
export function row(...cells) {
  return h(
    "tr",
    {},
    cells.map((cell) => h("td", {}, h("div", {}, cell))),
  );
}

/**
 * Tell each cell of a row its column's name.
 * @param {Node} made
 * @param {string[]} columns
 */
export function label(made, columns) {
  made.childNodes.forEach((cell, index) =>
    /** @type {Element} */ (cell).setAttribute("data-label", columns[index]),
  );
}

/**
 * A field with its label.
 * @param {string} name
 * @param {any} control
 * @param {string} [hint]
 */
export function field(name, control, hint) {
  const id = freshId();
  control.id = id;
  if (hint) control.setAttribute("aria-describedby", `${id}-hint`);
  return h(
    "div",
    { class: "field" },
    h("label", { for: id }, name),
    control,
    hint && h("p", { class: "hint", id: `${id}-hint` }, hint),
  );
}

/**
 * A choice among some.
 * @param {[string, string][]} options value and words
 * @param {string} [chosen]
 * @param {Record<string, unknown>} [props]
 */
export function choice(options, chosen, props = {}) {
  return h(
    "select",
    props,
    options.map(([value, text]) => h("option", { value, selected: value === chosen }, text)),
  );
}

/**
 * What went wrong, in the service's words, with the id by which its logs tell more.
 * @param {unknown} error
 * @param {() => void} [again]
 */
export function trouble(error, again) {
  const problem =
    error instanceof Problem ? error : new Problem(0, { title: "The console failed", detail: String(error) });
  return h(
    "div",
    { class: "notice bad", role: "alert" },
    h("p", {}, h("strong", {}, problem.title), problem.status ? ` (${problem.status} ${problem.code})` : ""),
    h("p", {}, problem.message),
    problem.wait > 1 && h("p", {}, `It may be tried again in ${span(problem.wait)}.`),
    problem.errors.length > 0 &&
      h(
        "ul",
        {},
        problem.errors.map(({ field: name, message }) => h("li", {}, h("code", {}, name), ` ${message}`)),
      ),
    problem.requestId && h("p", { class: "small" }, "Request ", h("code", {}, problem.requestId)),
    again && h("button", { type: "button", onclick: again }, "Try again"),
  );
}

/**
 * Show what a promise brings, and what it says where it fails.
 * @param {Element} place
 * @param {() => Promise<Child | Child[]>} load
 */
export async function show(place, load) {
  place.setAttribute("aria-busy", "true");
  if (!place.hasChildNodes()) fill(place, h("p", { class: "soft loading" }, "Loading…"));
  try {
    fill(place, await load());
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return;
    fill(
      place,
      trouble(error, () => show(place, load)),
    );
  } finally {
    place.removeAttribute("aria-busy");
  }
}

/**
 * Look again in a while, unless the view is left; where that fails, say so where it is seen.
 * @param {() => Promise<unknown>} look
 * @param {Element} place
 * @param {AbortSignal} signal
 */
export function lookAgain(look, place, signal) {
  const failed = (/** @type {unknown} */ error) => {
    if (!signal.aborted) place.prepend(trouble(error, () => look().catch(failed)));
  };
  const timer = window.setTimeout(() => look().catch(failed), LOOK_AGAIN_MS);
  signal.addEventListener("abort", () => window.clearTimeout(timer));
}

/**
 * A button that does something that takes a moment.
 * @param {string} text
 * @param {() => Promise<unknown>} act
 * @param {string} [kind] main, danger or quiet
 */
export function action(text, act, kind = "") {
  const button = h("button", { type: "button", class: kind }, text);
  button.addEventListener("click", async () => {
    button.disabled = true;
    announce(`${text}…`);
    try {
      await act();
    } finally {
      button.disabled = false;
    }
  });
  return button;
}

/**
 * Text in which backticks stand around code.
 * @param {string} text
 * @returns {Child[]}
 */
export function prose(text) {
  return text.split("`").map((part, index) => (index % 2 ? code(part) : part));
}

/** @param {string} id */
export function code(id) {
  return h("code", {}, id);
}

/**
 * @param {{project_id: string, user_id: string} | null} account
 * @param {string} [otherwise]
 */
export function accountLink(account, otherwise = "nobody known") {
  if (!account) return h("span", { class: "soft" }, otherwise);
  return h("a", { href: accountAddress(account) }, account.user_id);
}

/**
 * @param {string} text
 */
export function nothing(text) {
  return h("p", { class: "soft" }, text);
}
