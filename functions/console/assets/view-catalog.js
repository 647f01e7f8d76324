/** What a project sells, as one document: edited, checked, compared, and then put. */

import { Problem, ask, every, get } from "./api.js";
import { announce, fill, h } from "./dom.js";
import { question } from "./dialog.js";
import { counted } from "./format.js";
import { editor } from "./editor.js";
import { lineAt, placeOf, places } from "./json-places.js";
import { adding, standing } from "./project-forms.js";
import { unlessRefused } from "./roles.js";
import { go } from "./router.js";
import { action, badge, card, choice, code, field, nothing, row, table, trouble } from "./widgets.js";

export const title = "Catalog";
export const needs = "read_catalog";

/** @typedef {{line: number, field: string, message: string}} Mistake */

/**
 * @param {Record<string, string>} params
 * @param {AbortSignal} signal
 */
export async function render({ project = "" }, signal) {
  const projects = await every("admin/projects", "projects", signal);
  const ids = projects.map((/** @type {any} */ each) => each.id);
  if (ids.length === 0)
    return [nothing("There is no project yet."), unlessRefused("manage_projects", adding)];
  const chosen = project || ids[0];
  const known = projects.find((/** @type {any} */ each) => each.id === chosen);
  const path = `api/v1/admin/projects/${encodeURIComponent(chosen)}/catalog`;
  const catalog = await ask("GET", path, { signal });
  const select = choice(
    ids.map((/** @type {string} */ id) => [id, id]),
    chosen,
  );
  select.addEventListener("change", () => go("catalog", { project: select.value }));
  return [
    h("div", { class: "inline" }, field("Project", select)),
    known && card("Project", ...standing(known)),
    card("Document", ...workbench(chosen, path, catalog)),
  ];
}

/**
 * @param {string} project
 * @param {string} path
 * @param {any} catalog
 */
function workbench(project, path, catalog) {
  const edit = editor(`Catalog of ${project}`, JSON.stringify(catalog, null, 2));
  const version = h(
    "p",
    { class: "soft" },
    `Version ${catalog.version}. It is put only upon that version, so nobody's change is lost.`,
  );
  const result = h("div", { class: "result", tabindex: "-1" });

  /** @param {boolean} dryRun */
  async function put(dryRun) {
    edit.mark([]);
    const document = parsed(edit.text());
    return ask("PUT", path, { query: { dry_run: dryRun }, body: document });
  }

  /** @param {() => Promise<void>} act */
  async function checked(act) {
    try {
      await act();
    } catch (error) {
      const found = mistakes(error, edit.text());
      edit.mark(found.map((each) => each.line));
      fill(result, found.length ? list(found, edit.goTo) : trouble(error));
      announce(found.length ? counted(found.length, "mistake") : String(error));
      result.focus();
    }
  }

  const review = action(
    "Review the changes",
    () =>
      checked(async () => {
        const { changes } = await put(true);
        fill(result, diff(changes), changes.length > 0 && h("p", {}, save(changes.length)));
        announce(counted(changes.length, "change"));
        result.focus();
      }),
    "main",
  );

  /** @param {number} number */
  function save(number) {
    const ask_ = () =>
      question({
        title: `Put ${counted(number, "change")} to ${project}?`,
        content: [
          h("p", {}, "What is new is made at Stripe; every holder has what the catalog gives from then on."),
        ],
        confirm: "Save",
        act: async () => {
          const done = await put(false);
          edit.setText(JSON.stringify(done.catalog, null, 2));
          fill(version, `Version ${done.version}.`);
          fill(result, h("p", { class: "notice good" }, `Saved as version ${done.version}.`));
          announce(`Saved as version ${done.version}.`);
        },
      });
    return h("button", { type: "button", class: "main", onclick: ask_ }, "Save them…");
  }

  const reread = action("Read it again", async () => {
    edit.setText(JSON.stringify(await get(path.replace("api/v1/", "")), null, 2));
    fill(result);
  });
  const buttons = () => h("div", { class: "buttons" }, review, reread);
  return [version, edit.element, unlessRefused("manage_catalog", buttons), result];
}

/** Something that is not JSON, before it is sent. */
class NotJson extends Error {}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new NotJson(String(error));
  }
}

/**
 * Say at which lines the document is wrong.
 * @param {unknown} error
 * @param {string} text
 * @returns {Mistake[]}
 */
function mistakes(error, text) {
  if (error instanceof NotJson) {
    const [, line, position] = error.message.match(/line (\d+)|position (\d+)/) || [];
    return [
      {
        line: line ? Number(line) : lineAt(text, Number(position ?? text.length)),
        field: "not JSON",
        message: error.message,
      },
    ];
  }
  if (!(error instanceof Problem)) return [];
  const known = places(text);
  return error.errors.map((each) => ({ line: lineAt(text, placeOf(known, each.field)), ...each }));
}

/**
 * @param {Mistake[]} found
 * @param {(line: number) => void} goTo
 */
function list(found, goTo) {
  const items = found.map((each) =>
    h(
      "li",
      {},
      h("button", { type: "button", class: "link", onclick: () => goTo(each.line) }, `Line ${each.line}`),
      " ",
      code(each.field),
      ` ${each.message}`,
    ),
  );
  return h(
    "div",
    { class: "notice bad", role: "alert" },
    h("p", {}, h("strong", {}, counted(found.length, "mistake"))),
    h("ul", {}, items),
  );
}

/** @param {any[]} changes */
function diff(changes) {
  if (changes.length === 0) return nothing("Nothing would change.");
  const rows = changes.map((change) =>
    row(
      badge(change.op, change.op === "add" ? "good" : change.op === "remove" ? "bad" : "warn"),
      [code(change.path), h("br"), change.summary],
      sides(change),
    ),
  );
  return h(
    "div",
    {},
    h("h3", {}, `${counted(changes.length, "change")} before saving`),
    table("Changes", ["Kind", "What", "Before and after"], rows),
  );
}

/** @param {any} change */
function sides({ before, after }) {
  const side = (/** @type {string} */ tag, /** @type {unknown} */ value) =>
    value === null || value === undefined
      ? null
      : h(tag, {}, typeof value === "object" ? JSON.stringify(value) : String(value));
  return h("div", { class: "sides" }, side("del", before), side("ins", after));
}
