/** Where one is: `#/view?name=value`. No address ever holds a key. */

/** @typedef {Record<string, string>} Params */

/**
 * @param {string} view
 * @param {Record<string, unknown>} [params] what is empty is left out
 * @returns {string} what a link's `href` is
 */
export function address(view, params = {}) {
  const given = Object.entries(params).filter(
    ([, value]) => value !== undefined && value !== null && value !== "",
  );
  const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return `#/${view}${query ? `?${query}` : ""}`;
}

/** @returns {{view: string, params: Params}} */
export function here() {
  const [view, query] = location.hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  return { view: view || "overview", params: Object.fromEntries(new URLSearchParams(query || "")) };
}

/**
 * Go to a view.
 * @param {string} view
 * @param {Record<string, unknown>} [params]
 */
export function go(view, params) {
  location.hash = address(view, params);
}

/**
 * The address of an account.
 * @param {{project_id: string, user_id: string}} account
 */
export function accountAddress({ project_id, user_id }) {
  return address("account", { project: project_id, user: user_id });
}
