/** The console: who is signed in, which view is shown. */

import { fill, h } from "./dom.js";
import { address, go, here } from "./router.js";
import { close } from "./session.js";
import { signIn } from "./signin.js";
import { may, refused, take } from "./roles.js";
import { badge, trouble } from "./widgets.js";
import * as account from "./view-account.js";
import * as catalog from "./view-catalog.js";
import * as deliveries from "./view-deliveries.js";
import * as delivery from "./view-delivery.js";
import * as event from "./view-event.js";
import * as events from "./view-events.js";
import * as keys from "./view-keys.js";
import * as overview from "./view-overview.js";
import * as reference from "./view-reference.js";
import * as run from "./view-run.js";
import * as runs from "./view-runs.js";
import * as search from "./view-search.js";

/**
 * @typedef {object} View
 * @property {string} title
 * @property {string} [within] the view in the navigation to which it belongs
 * @property {string} [needs] the permission without which it shows nothing
 * @property {(params: Record<string, string>, signal: AbortSignal) => Promise<import("./dom.js").Child[]>} render
 */

/** @type {Record<string, View>} */
const VIEWS = {
  overview,
  search,
  account,
  events,
  event,
  runs,
  run,
  keys,
  catalog,
  deliveries,
  delivery,
  reference,
};

/** In the order of the navigation. */
const MENU = ["overview", "search", "events", "runs", "keys", "catalog", "deliveries", "reference"];

const page = /** @type {HTMLElement} */ (document.getElementById("page"));
const main = h("main", { id: "main", tabindex: "-1" });
const menu = h("nav", { "aria-label": "Views" });
let leaving = new AbortController();

/** @param {string} why */
function signedOut(why) {
  leaving.abort();
  for (const dialog of document.querySelectorAll("dialog")) dialog.remove();
  fill(main);
  const place = h("main", { class: "door" });
  fill(page, place);
  document.title = "Sign in · Billing console";
  signIn(place, why, signedIn, signedOut);
}

/** @param {{name: string, stage: string, role: string, permissions: string[]}} operator */
function signedIn(operator) {
  take(operator);
  const wanted = h("input", {
    type: "search",
    "aria-label": "Find an account",
    placeholder: "User, Stripe id or grant",
    name: "q",
  });
  const find = h("form", { class: "find", role: "search" }, wanted, h("button", { type: "submit" }, "Find"));
  find.addEventListener("submit", (/** @type {Event} */ submitted) => {
    submitted.preventDefault();
    if (wanted.value) go("search", { q: wanted.value });
  });
  const skip = h(
    "button",
    { type: "button", class: "skip", onclick: () => main.focus() },
    "Skip to the content",
  );
  const out = h(
    "button",
    { type: "button", class: "quiet", onclick: () => close("You are signed out.") },
    "Sign out",
  );
  const who = h(
    "p",
    { class: "who" },
    badge(operator.stage, operator.stage === "prod" ? "bad" : "plain"),
    h("span", { class: "name", title: operator.name }, operator.name),
    h("span", { class: "role soft" }, operator.role),
  );
  const brand = h("a", { class: "brand", href: address("overview") }, "Billing");
  fill(page, skip, h("header", { class: "top" }, brand, find, who, out), menu, main);
  show();
}

/** @param {View} view */
function isOpen({ needs }) {
  return !needs || may(needs);
}

async function show() {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  const { view, params } = here();
  const shown = VIEWS[view] || overview;
  const links = MENU.filter((name) => isOpen(VIEWS[name])).map((name) => {
    const isHere = VIEWS[name] === shown || name === shown.within;
    return h("a", { href: address(name), "aria-current": isHere && "page" }, VIEWS[name].title);
  });
  fill(menu, links);
  menu.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  for (const dialog of document.querySelectorAll("dialog")) dialog.remove();
  const heading = h("h1", { tabindex: "-1" }, shown.title);
  const content = h(
    "div",
    { class: "content", "aria-busy": "true" },
    h("p", { class: "soft loading" }, "Loading…"),
  );
  fill(main, heading, content);
  document.title = `${shown.title} · Billing console`;
  heading.focus({ preventScroll: true });
  window.scrollTo(0, 0);
  try {
    const made = isOpen(shown) ? await shown.render(params, signal) : [refused(String(shown.needs))];
    if (!signal.aborted) fill(content, made);
  } catch (error) {
    if (!signal.aborted) fill(content, trouble(error, show));
  } finally {
    content.removeAttribute("aria-busy");
  }
}

window.addEventListener("hashchange", () => {
  if (main.isConnected) show();
});
signedOut("");
