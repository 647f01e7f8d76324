/**
 * What the operator's role may do. The service decides, and refuses what it must; the page only
 * says it beforehand, so that nobody fills in a form for nothing.
 */

import { h } from "./dom.js";

/** @type {{role: string, permissions: Set<string>}} */
let held = { role: "", permissions: new Set() };

/** @param {{role: string, permissions: string[]}} operator as the service tells of the key */
export function take({ role, permissions }) {
  held = { role, permissions: new Set(permissions) };
}

/**
 * @param {string} permission as `GET /api/v1/admin/me` names it
 * @returns {boolean}
 */
export function may(permission) {
  return held.permissions.has(permission);
}

/**
 * A control, or in its place why there is none.
 * @param {string} permission
 * @param {() => Node} make
 * @returns {Node}
 */
export function unlessRefused(permission, make) {
  return may(permission) ? make() : refused(permission);
}

/**
 * @param {string} permission
 * @returns {Node}
 */
export function refused(permission) {
  const what = permission.replaceAll("_", " ");
  return h("p", { class: "soft small" }, `Your role, ${held.role}, may not ${what}. Ask an owner.`);
}
