/** What is shown once: a key, or a secret, that the service does not tell again. */

import { announce, h } from "./dom.js";

/**
 * Show it, this once; with the dialog it is gone.
 * @param {string} secret
 */
export function shownOnce(secret) {
  const text = h("code", { class: "secret", tabindex: "0" }, secret);
  const copy = h("button", { type: "button" }, "Copy");
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(secret);
    copy.textContent = "Copied";
    announce("It is copied.");
  });
  return [
    h("p", { class: "notice warn" }, "Store it now: it is shown this once and cannot be had again."),
    h("p", {}, text),
    h("p", {}, copy),
  ];
}
