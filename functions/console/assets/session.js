/** The operator's key. It lives in this variable alone, and not a moment longer than it is used. */

let key = "";
let timer = 0;

/** @type {(why: string) => void} */
let whenClosed = () => {};

export const IDLE_MINUTES = 15;

/**
 * Begin a session.
 * @param {string} given
 * @param {(why: string) => void} closed is told why it ended
 */
export function open(given, closed) {
  key = given;
  whenClosed = closed;
  touch();
}

/** @returns {string} the key, or nothing where nobody is signed in */
export function bearer() {
  return key;
}

/**
 * Forget the key.
 * @param {string} why
 */
export function close(why) {
  if (!key) return;
  key = "";
  window.clearTimeout(timer);
  whenClosed(why);
}

/** Somebody is there. */
function touch() {
  if (!key) return;
  window.clearTimeout(timer);
  const why = `You were signed out after ${IDLE_MINUTES} minutes without a key or a click.`;
  timer = window.setTimeout(() => close(why), IDLE_MINUTES * 60_000);
}

for (const sign of ["keydown", "pointerdown"]) document.addEventListener(sign, touch, { passive: true });
window.addEventListener("pagehide", () => close("The page was left."));
