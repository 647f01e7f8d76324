/** Signing in: a key is given, tried, and kept in memory alone. */

import { ask } from "./api.js";
import { fill, h } from "./dom.js";
import { IDLE_MINUTES, close, open } from "./session.js";
import { field, trouble } from "./widgets.js";

/**
 * Show the form.
 * @param {Element} place
 * @param {string} why somebody was signed out; empty at first
 * @param {(operator: any) => void} entered
 * @param {(why: string) => void} left
 */
export function signIn(place, why, entered, left) {
  const input = h("input", {
    type: "password",
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    required: true,
    placeholder: "bk_admin_…",
  });
  const problem = h("div", {}, why && h("p", { class: "notice warn", role: "status" }, why));
  const button = h("button", { type: "submit", class: "main" }, "Sign in");
  const ends = `after ${IDLE_MINUTES} idle minutes, on a reload, and when you sign out`;
  const hint = `It stays in this tab's memory alone, and is forgotten ${ends}.`;
  const form = h(
    "form",
    { class: "card narrow" },
    h("h1", {}, "Billing console"),
    problem,
    field("Operator's key", input, hint),
    button,
  );
  form.addEventListener("submit", async (/** @type {Event} */ event) => {
    event.preventDefault();
    button.disabled = true;
    open(input.value.trim(), () => {});
    try {
      const operator = await ask("GET", "api/v1/admin/me");
      open(input.value.trim(), left);
      input.value = "";
      entered(operator);
    } catch (error) {
      close("");
      fill(problem, trouble(error));
      input.select();
    } finally {
      button.disabled = false;
    }
  });
  fill(place, form);
  input.focus();
}
