/** Finding an account: by user, by any id of Stripe's, by a grant, or in a project's list. */

import { Problem, every, get } from "./api.js";
import { h } from "./dom.js";
import { ago, counted } from "./format.js";
import { listed } from "./paging.js";
import { accountAddress, go } from "./router.js";
import { accountLink, card, choice, code, field, nothing, row } from "./widgets.js";

export const title = "Accounts";
export const needs = "read_accounts";

/**
 * @param {Record<string, string>} params `q` is searched for; `project` is listed
 * @param {AbortSignal} signal
 */
export async function render({ q = "", project = "" }, signal) {
  const projects = await every("admin/projects", "projects", signal);
  const ids = projects.map((/** @type {any} */ each) => each.id);
  const listing = project || ids[0];
  const found = q ? await find(q, ids, signal) : [];
  if (found.length === 1) {
    location.replace(accountAddress(found[0]));
    return [];
  }
  return [
    form(q),
    q && results(q, found, ids),
    ids.length > 0
      ? card("All accounts of a project", chooser(ids, listing), await accounts(listing, signal))
      : nothing("There is no project yet."),
  ];
}

/** @param {string} q */
function form(q) {
  const input = h("input", { type: "search", value: q, required: true, maxlength: 256 });
  const made = h(
    "form",
    { class: "inline" },
    field("User id, Stripe id (cus_, sub_, pi_, ch_, cs_, evt_) or grant id", input),
    h("button", { type: "submit", class: "main" }, "Find"),
  );
  made.addEventListener("submit", (/** @type {Event} */ event) => {
    event.preventDefault();
    go("search", { q: input.value });
  });
  return made;
}

/**
 * Look for an id of an account's, and for a user of that very id in each project.
 * @param {string} q
 * @param {string[]} ids
 * @param {AbortSignal} signal
 * @returns {Promise<{project_id: string, user_id: string}[]>}
 */
async function find(q, ids, signal) {
  const byId = unlessUnknown(get("admin/lookup", { id: q }, signal));
  const byUser = ids.map(async (project_id) => {
    const view = await unlessUnknown(get("admin/accounts", { project_id, user_id: q }, signal));
    return view && view.account.updated_at ? { project_id, user_id: q } : null;
  });
  return (await Promise.all([byId, ...byUser])).filter(Boolean);
}

/**
 * What cannot be an id, or is nobody's, is no trouble here.
 * @param {Promise<any>} asked
 */
async function unlessUnknown(asked) {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Problem && [404, 422].includes(error.status)) return null;
    throw error;
  }
}

/**
 * @param {string} q
 * @param {{project_id: string, user_id: string}[]} found
 * @param {string[]} ids
 */
function results(q, found, ids) {
  if (found.length > 0) {
    const links = found.map((account) => h("li", {}, accountLink(account), ` in ${account.project_id}`));
    return card("Found", h("ul", {}, links));
  }
  const anew = ids.map((id) =>
    h("li", {}, h("a", { href: accountAddress({ project_id: id, user_id: q }) }, id)),
  );
  return card(
    "Nobody found",
    h("p", {}, "No account has ", code(q), "."),
    h("p", {}, "To give something to a user who is not known yet, open the account in its project:"),
    h("ul", {}, anew),
  );
}

/**
 * @param {string[]} ids
 * @param {string} chosen
 */
function chooser(ids, chosen) {
  const select = choice(
    ids.map((id) => [id, id]),
    chosen,
  );
  select.addEventListener("change", () => go("search", { project: select.value }));
  return field("Project", select);
}

/**
 * @param {string} project_id
 * @param {AbortSignal} signal
 */
function accounts(project_id, signal) {
  return listed({
    caption: `Accounts of ${project_id}, by user id`,
    noun: "account",
    columns: ["User", "Stripe customer", "Changes", "Last change"],
    load: async (cursor) => {
      const page = await get("admin/accounts", { project_id, limit: 25, cursor }, signal);
      return { items: page.accounts, next: page.next_cursor };
    },
    row: (each) =>
      row(
        accountLink(each),
        each.customer_id ? code(each.customer_id) : h("span", { class: "soft" }, "none"),
        counted(each.revision, "change"),
        ago(each.updated_at),
      ),
    empty: "Nobody is known in this project yet.",
  });
}
