/** What the service did today, as it tells it for monitoring: Stripe's events, and how fast it answered. */

import { send } from "./api.js";
import { h } from "./dom.js";
import { samples } from "./exposition.js";
import { count, words } from "./format.js";
import { legend, stack } from "./plots.js";
import { card, code, nothing, row, table, trouble } from "./widgets.js";

/** @typedef {import("./exposition.js").Sample} Sample */

/** What became of an event, and how it is drawn. */
const OUTCOMES = /** @type {Record<string, string>} */ ({
  applied: "good",
  duplicate: "one",
  stale: "two",
  no_change: "three",
  parked: "bad",
});

const DURATION = "http_request_duration_seconds";

/**
 * Ask for the figures.
 * @param {AbortSignal} signal
 * @returns {Promise<Node[]>}
 */
export async function traffic(signal) {
  const answer = await send("GET", "metrics", { signal });
  if (!answer.ok) return [card("Events and latency", untold(answer.status))];
  const found = samples(await answer.text());
  return [events(found), latencies(found)];
}

/** @param {number} status */
function untold(status) {
  return trouble(
    new Error(
      `The service did not tell its figures (${status}). Try again in a minute; the rest is not touched by it.`,
    ),
  );
}

/** @param {Sample[]} found */
function events(found) {
  const told = found.filter(({ name }) => name === "webhook_events_total");
  const types = [...new Set(told.map(({ labels }) => labels.type))].sort();
  const outcomes = [...new Set(told.map(({ labels }) => labels.outcome))].sort();
  const parts = (/** @type {string} */ type) =>
    outcomes.map((outcome) => ({
      name: words(outcome),
      tone: OUTCOMES[outcome] || "none",
      size: total(told.filter(({ labels }) => labels.type === type && labels.outcome === outcome)),
    }));
  const bars = types.map((type) => ({ type, parts: parts(type) }));
  const size = (/** @type {{size: number}[]} */ of) => of.reduce((sum, each) => sum + each.size, 0);
  const most = Math.max(1, ...bars.map((each) => size(each.parts)));
  return card(
    "Stripe's events today",
    bars.length
      ? [
          ...bars.map((each) =>
            h(
              "div",
              { class: "bar long" },
              h("span", { class: "name" }, each.type),
              stack(each.type, each.parts, most),
              h("span", { class: "number" }, count(size(each.parts))),
            ),
          ),
          legend(parts("")),
        ]
      : nothing("None was heard since midnight (UTC), or it was not counted yet."),
  );
}

/** @param {Sample[]} found */
function latencies(found) {
  const counts = found.filter(({ name }) => name === `${DURATION}_count`);
  const routes = [...new Set(counts.map(({ labels }) => labels.route))].sort();
  const rows = routes.map((route) => {
    const of = (/** @type {string} */ name) =>
      found.filter((each) => each.name === name && each.labels.route === route);
    const asked = total(of(`${DURATION}_count`));
    const failed = total(of(`${DURATION}_count`).filter(({ labels }) => labels.status === "5xx"));
    const [half, most] = ["0.5", "0.95"].map((quantile) =>
      of(DURATION).find(({ labels }) => labels.quantile === quantile && labels.status === "2xx"),
    );
    return { route, asked, failed, mean: total(of(`${DURATION}_sum`)) / (asked || 1), half, most };
  });
  const slowest = Math.max(0.001, ...rows.map(({ mean, most }) => Math.max(mean, most?.value ?? 0)));
  const heads = [
    "Route",
    "Today",
    "Failed",
    "Mean today",
    "Median, 5 minutes",
    "95th, 5 minutes",
    "Compared",
  ];
  const drawn = rows.map(({ route, asked, failed, mean, half, most }) =>
    row(
      code(route),
      count(asked),
      count(failed),
      milliseconds(mean),
      half ? milliseconds(half.value) : quiet(),
      most ? milliseconds(most.value) : quiet(),
      stack(
        route,
        [{ name: "milliseconds", size: Math.round(1000 * (most?.value ?? mean)), tone: "one" }],
        1000 * slowest,
      ),
    ),
  );
  return card(
    "Requests and latency",
    drawn.length
      ? table("Requests and their latency by route", heads, drawn)
      : nothing("None was answered since midnight (UTC), or it was not counted yet."),
  );
}

/** @param {Sample[]} of */
function total(of) {
  return of.reduce((sum, { value }) => sum + value, 0);
}

/** @param {number} seconds */
function milliseconds(seconds) {
  return `${(1000 * seconds).toFixed(seconds < 0.01 ? 1 : 0)} ms`;
}

function quiet() {
  return h("span", { class: "soft" }, "none");
}
