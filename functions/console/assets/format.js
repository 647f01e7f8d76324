/** Values as people read them: instants in UTC, money by its currency, words. */

import { h } from "./dom.js";

const NO_DECIMALS = new Set("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split(" "));
const THREE_DECIMALS = new Set("bhd jod kwd omr tnd".split(" "));

const UNITS = /** @type {const} */ ([
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
]);

/**
 * Show an instant to the second; its title has it exactly.
 * @param {string | null | undefined} instant ISO 8601
 * @param {string} [otherwise] what to say where there is none
 */
export function when(instant, otherwise = "never") {
  if (!instant) return h("span", { class: "soft" }, otherwise);
  const text = new Date(instant).toISOString().slice(0, 19).replace("T", " ");
  return h("time", { datetime: instant, title: instant }, text, h("span", { class: "zone" }, " UTC"));
}

/**
 * Show how long ago, or ahead, an instant is; its title has it exactly.
 * @param {string} instant ISO 8601
 */
export function ago(instant) {
  const seconds = Math.round((Date.parse(instant) - Date.now()) / 1000);
  const words = seconds > 0 ? `in ${span(seconds)}` : `${span(-seconds)} ago`;
  return h("time", { datetime: instant, title: instant }, words);
}

/**
 * @param {number} seconds
 * @returns {string} such as `3 hours`
 */
export function span(seconds) {
  const [unit, size] = UNITS.find(([, length]) => seconds >= length) || ["second", 1];
  const number = Math.floor(seconds / size);
  return `${number} ${unit}${number === 1 ? "" : "s"}`;
}

/**
 * Write an amount, exactly.
 * @param {number} amount in the currency's minor unit
 * @param {string} currency ISO 4217, in lower case
 */
export function money(amount, currency) {
  const digits = NO_DECIMALS.has(currency) ? 0 : THREE_DECIMALS.has(currency) ? 3 : 2;
  const text = String(Math.abs(amount)).padStart(digits + 1, "0");
  const whole = text.slice(0, text.length - digits).replace(/\B(?=(\d{3})+$)/g, ",");
  const fraction = digits ? `.${text.slice(-digits)}` : "";
  return `${amount < 0 ? "-" : ""}${whole}${fraction} ${currency.toUpperCase()}`;
}

/** @param {number} number */
export function count(number) {
  return number.toLocaleString("en");
}

/**
 * @param {number} number
 * @param {string} noun in the singular
 */
export function counted(number, noun) {
  return `${count(number)} ${number === 1 ? noun : plural(noun)}`;
}

/** @param {string} noun in the singular */
export function plural(noun) {
  return `${noun.replace(/([^aeiou])y$/, "$1ie")}s`;
}

/**
 * Write a code as words.
 * @param {string | null | undefined} code such as `past_due`
 */
export function words(code) {
  return (code || "").replaceAll("_", " ");
}

/**
 * Write a feature's value.
 * @param {unknown} value
 */
export function valued(value) {
  if (value === true) return "yes";
  if (value === false || value === null || value === undefined) return "no";
  return String(value);
}

/**
 * Write a price as it is charged.
 * @param {{unit_amount: number, currency: string, interval: string | null, interval_count?: number}} price
 */
export function priced(price) {
  const every =
    price.interval_count && price.interval_count > 1
      ? `${price.interval_count} ${price.interval}s`
      : price.interval;
  return `${money(price.unit_amount, price.currency)}${every ? ` / ${every}` : ""}`;
}
