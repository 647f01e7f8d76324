/** Trying a route of the API: a form made of its description. */

import { send } from "./api.js";
import { fill, h } from "./dom.js";
import { resolved } from "./view-reference.js";
import { field, trouble } from "./widgets.js";

const DEEPEST = 4;

/**
 * @param {{path: string, method: string, spec: any, parameters: any[]}} operation
 * @param {any} description
 */
export function tryIt({ path, method, spec, parameters }, description) {
  const asked = parameters.filter((each) => ["path", "query", "header"].includes(each.in));
  const inputs = asked.map((each) => ({
    each,
    input: h("input", { required: each.required, autocomplete: "off" }),
  }));
  const json = resolved(spec.requestBody, description)?.content?.["application/json"];
  const body = json && h("textarea", { rows: 8, spellcheck: "false" });
  if (body) body.value = JSON.stringify(json.example ?? example(json.schema, description, 0), null, 2);
  const result = h("div", { class: "result", "aria-live": "polite" });
  const form = h(
    "form",
    { class: "try" },
    inputs.map(({ each, input }) => field(`${each.name} (${each.in})`, input)),
    body && field("Body (JSON)", body),
    h("button", { type: "submit", class: method === "GET" ? "main" : "danger" }, `Send ${method}`),
    result,
  );
  form.addEventListener("submit", async (/** @type {Event} */ event) => {
    event.preventDefault();
    try {
      const url = inputs.reduce(
        (at, { each, input }) =>
          each.in === "path" ? at.replace(`{${each.name}}`, encodeURIComponent(input.value)) : at,
        path.replace(/^\//, ""),
      );
      const value = (/** @type {string} */ place) =>
        Object.fromEntries(
          inputs
            .filter(({ each, input }) => each.in === place && input.value)
            .map(({ each, input }) => [each.name, input.value]),
        );
      const answer = await send(method, url, {
        query: value("query"),
        headers: value("header"),
        body: body && body.value ? JSON.parse(body.value) : undefined,
      });
      fill(
        result,
        h(
          "p",
          {},
          h("strong", {}, `${answer.status}`),
          ` request ${answer.headers.get("x-request-id") || "unknown"}`,
        ),
        h("pre", { tabindex: "0" }, pretty(await answer.text())),
      );
    } catch (error) {
      fill(result, trouble(error));
    }
  });
  return form;
}

/** @param {string} text */
function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/**
 * Make a value of a schema, to begin with.
 * @param {any} given
 * @param {any} description
 * @param {number} depth
 * @returns {unknown}
 */
function example(given, description, depth) {
  const schema = resolved(given, description) || {};
  const first = schema.examples?.[0] ?? schema.example ?? schema.default ?? schema.const ?? schema.enum?.[0];
  if (first !== undefined) return first;
  if (depth > DEEPEST) return null;
  const either = (schema.anyOf || schema.oneOf || schema.allOf)?.[0];
  if (either) return example(either, description, depth + 1);
  if (schema.type === "array") return [];
  if (schema.type === "boolean") return false;
  if (schema.type === "integer" || schema.type === "number") return schema.minimum ?? 0;
  if (schema.type === "object" || schema.properties) {
    const needed = (schema.required || []).map((/** @type {string} */ name) => [
      name,
      example(schema.properties?.[name], description, depth + 1),
    ]);
    return Object.fromEntries(needed);
  }
  return schema.type === "null" ? null : "";
}
