/** Why a user may or may not use a feature, at any instant. */

import { get } from "./api.js";
import { announce, fill, h } from "./dom.js";
import { priced, valued, when, words } from "./format.js";
import { badge, choice, code, facts, field, nothing, row, show, table } from "./widgets.js";

/**
 * The form, and what it found.
 * @param {{project_id: string, user_id: string}} whose
 * @param {string[]} codes features that may be asked about
 * @param {string} feature which is asked about at once, if any
 * @param {string} at an instant, or nothing for now
 */
export function explanation(whose, codes, feature, at) {
  const select = choice(
    codes.map((each) => [each, each]),
    feature || codes[0],
  );
  const instant = h("input", { type: "datetime-local", step: "1" });
  const result = h("div", { class: "result", tabindex: "-1" });
  const form = h(
    "form",
    { class: "inline" },
    field("Feature", select),
    field("At (UTC), empty for now", instant),
    h("button", { type: "submit", class: "main" }, "Explain"),
  );
  /** The instant that was asked about, to the microsecond, which the field cannot hold. */
  let exact = at;
  instant.value = toField(at);
  instant.addEventListener("input", () => (exact = instant.value ? `${instant.value}Z` : ""));
  form.addEventListener("submit", (/** @type {Event} */ event) => {
    event.preventDefault();
    return explain();
  });

  async function explain() {
    fill(result);
    await show(result, async () => {
      const found = await get("admin/explain", { ...whose, feature_code: select.value, at: exact });
      announce(found.sentence);
      return told(found);
    });
  }

  /**
   * Ask, as the form does; from elsewhere on the page.
   * @param {string} wanted a feature, or nothing for that which is chosen
   * @param {string} moment
   */
  async function about(wanted, moment) {
    if (wanted) select.value = wanted;
    exact = moment;
    instant.value = toField(moment);
    await explain();
    result.focus({ preventScroll: true });
    result.firstElementChild?.scrollIntoView({ block: "nearest" });
  }

  if (feature) explain();
  else fill(result, nothing("Choose a feature, or press “Why?” beside its bar."));
  const element = h("div", {}, form, result);
  return { element, about };
}

/** @param {string} instant */
function toField(instant) {
  return instant ? new Date(instant).toISOString().slice(0, 19) : "";
}

/** @param {any} found */
function told(found) {
  return [
    h(
      "p",
      { class: "verdict" },
      badge(found.allowed ? "allowed" : "denied"),
      ` ${found.feature_code}${found.allowed ? `: ${valued(found.value)}` : ""} `,
      h(
        "span",
        { class: "soft" },
        `because it is ${words(found.reason)}${found.is_forecast ? ", by what is known now" : ""}`,
      ),
    ),
    h("p", {}, found.sentence),
    facts([
      ["At", when(found.at)],
      ["Made so by", found.made_by ? maker(found.made_by) : "nothing ever did"],
      ["Until", found.allowed ? when(found.valid_to) : "-"],
      [
        "Catalog",
        `version ${found.catalog.version}${found.catalog.put_by ? ` of ${found.catalog.put_by}` : ""}`,
      ],
    ]),
    found.sources.length > 0 && sources(found.sources),
    found.remedies.length > 0 && remedies(found.remedies),
    found.offers.length > 0 && offers(found.offers),
  ];
}

/** @param {any} made_by */
function maker(made_by) {
  const reason = made_by.reason ? `: “${made_by.reason}”` : "";
  return [
    `${words(made_by.name)} of ${made_by.actor}${reason}, `,
    when(made_by.recorded_at),
    " ",
    code(made_by.id),
  ];
}

/** @param {any[]} found */
function sources(found) {
  const rows = found.map((each) =>
    row(
      [words(each.source), " ", code(each.source_id)],
      [badge(each.state), each.is_active ? "" : " not in force"],
      valued(each.value),
      [when(each.valid_from), " to ", when(each.valid_to)],
    ),
  );
  return h(
    "div",
    {},
    h("h3", {}, "Sources"),
    table("Sources of the feature", ["Source", "State", "Value", "From, to"], rows),
  );
}

/** @param {any[]} found */
function remedies(found) {
  const listed = found.map((each) => h("li", {}, each.text, each.at && [" ", when(each.at)]));
  return h("div", {}, h("h3", {}, "What would change it"), h("ul", {}, listed));
}

/** @param {any[]} found */
function offers(found) {
  const listed = found.map((each) =>
    h("li", {}, `${each.name}: ${each.prices.map(priced).join(", ") || "no price"}`),
  );
  return h("div", {}, h("h3", {}, "On sale with it"), h("ul", {}, listed));
}
