/** Questions before something is done. */

import { announce, fill, freshId, h } from "./dom.js";
import { trouble } from "./widgets.js";

/**
 * @typedef {object} Question
 * @property {string} title
 * @property {import("./dom.js").Child[]} content
 * @property {string} confirm what the button says
 * @property {string} [kind] of the button: main or danger
 * @property {() => Promise<import("./dom.js").Child[] | void>} act what it does; what it returns is shown until closed
 * @property {() => void} [whenShown] what to do when that was read and closed
 */

/**
 * Ask, and act when it is confirmed; an error is told in the dialog, where it can be mended.
 * @param {Question} question
 */
export function question({ title, content, confirm, kind = "main", act, whenShown }) {
  const id = freshId();
  const problem = h("div", {});
  const done = h("button", { type: "submit", class: kind }, confirm);
  const cancel = h("button", { type: "button", onclick: () => dialog.close() }, "Cancel");
  const buttons = h("div", { class: "buttons" }, cancel, done);
  const form = h("form", { novalidate: false }, h("h2", { id }, title), content, problem, buttons);
  const dialog = h("dialog", { "aria-labelledby": id }, form);
  form.addEventListener("submit", async (/** @type {Event} */ event) => {
    event.preventDefault();
    done.disabled = true;
    fill(problem);
    try {
      const result = await act();
      if (result) {
        fill(form, h("h2", { id }, title), result, closing());
        if (whenShown) dialog.addEventListener("close", whenShown);
      }
      if (!result) dialog.close();
    } catch (error) {
      fill(problem, trouble(error));
    } finally {
      done.disabled = false;
    }
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  announce(title);

  function closing() {
    const button = h("button", { type: "button", class: "main", onclick: () => dialog.close() }, "Close");
    queueMicrotask(() => button.focus());
    return h("div", { class: "buttons" }, button);
  }
}
