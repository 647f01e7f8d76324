/** A bar for each feature: when the user had it, and how long it will last. */

import { h, s } from "./dom.js";
import { counted, valued, words } from "./format.js";
import { go } from "./router.js";
import { badge, nothing } from "./widgets.js";

const MONEY = /^(checkout\.session|invoice|invoice_payment|payment_intent|charge|refund)\./;

/** What was done, told apart: the first line that fits has it. */
const DONE = [
  { name: "charges", tone: "two", fits: (/** @type {Done} */ { cause_name }) => MONEY.test(cause_name) },
  {
    name: "events",
    tone: "one",
    fits: (/** @type {Done} */ { cause_type }) => cause_type === "stripe_event",
  },
  { name: "by hand", tone: "three", fits: (/** @type {Done} */ { cause_type }) => cause_type === "operator" },
  { name: "repairs, links", tone: "warn", fits: () => true },
];

const TICKS = 4;
/** Share of the axis, in percent, beside “now” in which no instant is written; and on a telephone. */
const ROOM = { wide: 12, narrow: 30 };
const LOOK_AHEAD = 0.12;

/**
 * @typedef {object} Span
 * @property {string} valid_from
 * @property {string | null} valid_to
 * @property {unknown} value
 * @property {string} source
 * @property {string} source_id
 * @property {string} state
 */

/** @typedef {{at: string, cause_type: string, cause_name: string, cause_id: string, actor: string}} Done */

/**
 * Draw what the service tells of access over time.
 * @param {{at: string, features: {feature_code: string, spans: Span[]}[]}} timeline
 * @param {string[]} codes features that have a line, whether or not they were ever given
 * @param {Done[]} history what was done meanwhile
 * @param {(feature: string, instant: string) => void} explain
 */
export function accessOverTime(timeline, codes, history, explain) {
  const spans = new Map(timeline.features.map((each) => [each.feature_code, each.spans]));
  if (codes.length === 0) return nothing("The project's catalog has no feature.");
  const scale = new Scale([...spans.values()].flat(), Date.parse(timeline.at));
  return h(
    "div",
    { class: "lanes" },
    codes.map((code) => lane(code, spans.get(code) || [], scale, timeline.at, explain)),
    marks(history, scale),
    h("div", { class: "lane" }, h("span", {}), axis(scale)),
  );
}

/** From instants to places between 0 and 100 %. */
class Scale {
  /**
   * @param {Span[]} spans
   * @param {number} now milliseconds
   */
  constructor(spans, now) {
    const edges = spans
      .flatMap((span) => [span.valid_from, span.valid_to])
      .filter(Boolean)
      .map((edge) => Date.parse(String(edge)));
    const first = Math.min(now, ...edges);
    const last = Math.max(now, ...edges);
    const length = Math.max(last - first, 3_600_000);
    this.now = now;
    this.begin = first - length * 0.02;
    this.end = last + length * LOOK_AHEAD;
  }

  /** @param {number} instant */
  at(instant) {
    return (100 * (instant - this.begin)) / (this.end - this.begin);
  }

  /** @returns {number[]} instants that are written below */
  ticks() {
    const step = (this.end - this.begin) / TICKS;
    return Array.from({ length: TICKS }, (_, index) => this.begin + step * index);
  }

  /** @param {number} instant */
  word(instant) {
    const text = new Date(instant).toISOString();
    return this.end - this.begin > 3 * 86_400_000
      ? text.slice(0, 10)
      : `${text.slice(5, 10)} ${text.slice(11, 16)}`;
  }
}

/**
 * @param {string} code
 * @param {Span[]} spans
 * @param {Scale} scale
 * @param {string} now
 * @param {(feature: string, instant: string) => void} explain
 */
function lane(code, spans, scale, now, explain) {
  const present = spans.find((span) => includes(span, now));
  const bars = spans.map((span) => bar(code, span, scale, () => explain(code, span.valid_from)));
  const told = spans.map((span) => sentence(span)).join("; ") || "never given";
  const why = h(
    "button",
    { type: "button", class: "link", onclick: () => explain(code, "") },
    present ? "Why?" : "Why not?",
  );
  why.setAttribute("aria-label", `${present ? "Why" : "Why not"} ${code}`);
  return h(
    "div",
    { class: "lane" },
    h("span", { class: "name" }, code),
    s(
      "svg",
      { class: "track", role: "img", "aria-label": `${code}: ${told}` },
      s("rect", { class: "ground", y: "35%", width: "100%", height: "30%" }),
      bars,
      s("line", {
        class: "now",
        x1: `${scale.at(scale.now)}%`,
        x2: `${scale.at(scale.now)}%`,
        y1: "0",
        y2: "100%",
      }),
    ),
    h("span", { class: "state" }, present ? badge(valued(present.value), "good") : badge("no"), " ", why),
  );
}

/**
 * @param {string} code
 * @param {Span} span
 * @param {Scale} scale
 * @param {() => void} explain
 */
function bar(code, span, scale, explain) {
  const from = scale.at(Date.parse(span.valid_from));
  const to = span.valid_to ? scale.at(Date.parse(span.valid_to)) : 100;
  const place = { x: `${from}%`, width: `${Math.max(to - from, 0.6)}%`, y: "12%", height: "76%", rx: 3 };
  const rect = s("rect", { class: `given ${span.source}`, ...place, onclick: explain });
  rect.append(s("title", {}, `${code} ${sentence(span)}`));
  return rect;
}

/** @param {Span} span */
function sentence(span) {
  const until = span.valid_to ? `until ${span.valid_to}` : "without end";
  const source = `${span.source} ${span.source_id} (${words(span.state)})`;
  return `${valued(span.value)} from ${span.valid_from} ${until}, by the ${source}`;
}

/**
 * @param {Span} span
 * @param {string} instant
 */
function includes(span, instant) {
  const at = Date.parse(instant);
  return Date.parse(span.valid_from) <= at && (span.valid_to === null || at < Date.parse(span.valid_to));
}

/**
 * A dot for each change, kind by kind; the list of them is further below.
 * @param {Done[]} history
 * @param {Scale} scale
 */
function marks(history, scale) {
  const found = DONE.map((kind) => ({
    kind,
    of: history.filter((each) => DONE.find((one) => one.fits(each)) === kind),
  }));
  return found
    .filter(({ of }) => of.length > 0)
    .map(({ kind, of }) =>
      h(
        "div",
        { class: "lane" },
        h("span", { class: "soft small" }, kind.name),
        s(
          "svg",
          { class: "marks", role: "img", "aria-label": `${kind.name}: ${counted(of.length, "change")}` },
          of.map((each) => dot(each, kind.tone, scale)),
        ),
        h("span", { class: "state soft small" }, counted(of.length, "change")),
      ),
    );
}

/**
 * @param {Done} done
 * @param {string} tone
 * @param {Scale} scale
 */
function dot({ at, cause_name, cause_id, actor }, tone, scale) {
  return s(
    "circle",
    {
      class: tone,
      cx: `${scale.at(Date.parse(at))}%`,
      cy: "50%",
      r: 5,
      onclick: () => go("event", { id: cause_id }),
    },
    s("title", {}, `${at} ${cause_name} of ${actor}`),
  );
}

/** @param {Scale} scale */
function axis(scale) {
  const now = scale.at(scale.now);
  const away = (/** @type {number} */ instant) => Math.abs(scale.at(instant) - now);
  const ticks = scale.ticks().filter((instant) => away(instant) > ROOM.wide);
  return s(
    "svg",
    { class: "axis", "aria-hidden": "true" },
    ticks.map((instant, index) =>
      s(
        "text",
        {
          x: `${scale.at(instant)}%`,
          y: "14",
          class: (index % 2 === 1 || away(instant) < ROOM.narrow) && "wide",
        },
        scale.word(instant),
      ),
    ),
    s("text", { class: "nowword", x: `${now}%`, y: "14", "text-anchor": now > 90 ? "end" : "middle" }, "now"),
  );
}
