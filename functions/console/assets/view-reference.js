/** The API, as the service describes it; every route can be tried with the key of this session. */

import { ask } from "./api.js";
import { h } from "./dom.js";
import { tryIt } from "./reference-form.js";
import { card, code, field, nothing, prose, row, table } from "./widgets.js";

export const title = "API";

const METHODS = ["get", "post", "put", "patch", "delete"];

/**
 * @param {Record<string, string>} _params
 * @param {AbortSignal} signal
 */
export async function render(_params, signal) {
  const description = await ask("GET", "openapi.json", { signal });
  const groups = grouped(description);
  const wanted = h("input", { type: "search", placeholder: "a path or a word" });
  const sections = groups.map(([name, operations]) =>
    card(
      name,
      operations.map((each) => operation(each, description)),
    ),
  );
  wanted.addEventListener("input", () => narrow(sections, wanted.value.toLowerCase()));
  return [
    h(
      "p",
      {},
      `${description.info.title} ${description.info.version}, OpenAPI ${description.openapi}. `,
      h("strong", {}, "What is tried here is done."),
    ),
    h("div", { class: "inline" }, field("Find", wanted)),
    ...sections,
  ];
}

/**
 * @typedef {{path: string, method: string, spec: any, parameters: any[]}} Operation
 */

/**
 * Sort the operations by their first tag.
 * @param {any} description
 * @returns {[string, Operation[]][]}
 */
function grouped(description) {
  /** @type {Map<string, Operation[]>} */
  const groups = new Map();
  for (const [path, item] of Object.entries(description.paths)) {
    for (const method of METHODS.filter((each) => each in item)) {
      const spec = item[method];
      const parameters = [...(item.parameters || []), ...(spec.parameters || [])].map((each) =>
        resolved(each, description),
      );
      const name = spec.tags?.[0] || "Routes";
      groups.set(name, [
        ...(groups.get(name) || []),
        { path, method: method.toUpperCase(), spec, parameters },
      ]);
    }
  }
  return [...groups];
}

/**
 * Follow a reference within the description.
 * @param {any} value
 * @param {any} description
 */
export function resolved(value, description) {
  if (!value?.$ref) return value;
  const parts = value.$ref.replace(/^#\//, "").split("/");
  const found = parts.reduce(
    (/** @type {any} */ at, /** @type {string} */ part) =>
      at?.[part.replaceAll("~1", "/").replaceAll("~0", "~")],
    description,
  );
  return found || {};
}

/**
 * @param {Operation} each
 * @param {any} description
 */
function operation(each, description) {
  const { method, path, spec, parameters } = each;
  const summary = h(
    "summary",
    {},
    h("span", { class: `method ${method.toLowerCase()}` }, method),
    " ",
    code(path),
    h("span", { class: "soft" }, ` ${spec.summary || ""}`),
  );
  const details = h("details", { class: "route" }, summary);
  details.addEventListener("toggle", () => {
    if (!details.open || details.children.length > 1) return;
    details.append(
      h("p", {}, prose(spec.description || "")),
      parameters.length
        ? table(
            "Parameters",
            ["Name", "In", "What"],
            parameters.map((one) => parameter(one)),
          )
        : nothing("It takes no parameter."),
      answers(spec.responses || {}, description),
      tryIt(each, description),
    );
  });
  return details;
}

/** @param {any} one */
function parameter(one) {
  return row(
    [code(one.name), one.required ? " needed" : ""],
    one.in,
    prose(one.description || one.schema?.description || ""),
  );
}

/**
 * @param {Record<string, any>} responses
 * @param {any} description
 */
function answers(responses, description) {
  const rows = Object.entries(responses).map(([status, response]) =>
    row(code(status), prose(resolved(response, description).description || "")),
  );
  return table("Answers", ["Status", "Meaning"], rows);
}

/**
 * @param {Element[]} sections
 * @param {string} word
 */
function narrow(sections, word) {
  for (const section of sections) {
    let shown = 0;
    for (const route of section.querySelectorAll("details.route")) {
      const fits = (route.querySelector("summary")?.textContent || "").toLowerCase().includes(word);
      /** @type {HTMLElement} */ (route).hidden = !fits;
      shown += Number(fits);
    }
    /** @type {HTMLElement} */ (section).hidden = shown === 0;
  }
}
