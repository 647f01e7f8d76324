/** Where in a JSON text each value stands, so that an error can be shown at its line. */

const TOKEN = /[{}[\],:]|"(?:[^"\\\n]|\\.)*"|[^\s{}[\],:"]+/gy;

/**
 * Find the place of every value.
 * @param {string} text JSON that can be parsed
 * @returns {Map<string, number>} path such as `products[0].prices[1].currency` to offset
 */
export function places(text) {
  const reader = new Reader(text);
  reader.value("");
  return reader.found;
}

/** Goes through the text once. */
class Reader {
  /** @param {string} text */
  constructor(text) {
    /** @type {Map<string, number>} */
    this.found = new Map();
    this.tokens = tokens(text);
    this.index = 0;
  }

  next() {
    this.index += 1;
    return this.tokens[this.index - 1];
  }

  /** @param {string} path */
  value(path) {
    const { text, at } = this.next();
    if (!this.found.has(path)) this.found.set(path, at);
    if (text === "{") this.members(path);
    if (text === "[") this.elements(path);
  }

  /** @param {string} path */
  members(path) {
    while (this.tokens[this.index].text !== "}") {
      const { text, at } = this.next();
      const name = JSON.parse(text);
      const member = path ? `${path}.${name}` : name;
      this.found.set(member, at);
      this.next();
      this.value(member);
      if (this.tokens[this.index].text === ",") this.next();
    }
    this.next();
  }

  /** @param {string} path */
  elements(path) {
    for (let number = 0; this.tokens[this.index].text !== "]"; number += 1) {
      this.value(`${path}[${number}]`);
      if (this.tokens[this.index].text === ",") this.next();
    }
    this.next();
  }
}

/**
 * @param {string} text
 * @returns {{text: string, at: number}[]}
 */
function tokens(text) {
  const found = [];
  const pattern = new RegExp(TOKEN);
  for (let at = 0; at < text.length;) {
    pattern.lastIndex = at;
    const token = pattern.exec(text);
    if (token) found.push({ text: token[0], at });
    at = token ? pattern.lastIndex : at + 1;
  }
  return found;
}

/**
 * Find the place of a field, or of the nearest thing that it is in.
 * @param {Map<string, number>} known
 * @param {string} path
 * @returns {number} an offset
 */
export function placeOf(known, path) {
  for (let part = path; part; part = part.replace(/(\.[^.[]*|\[[^\]]*\]|^[^.[]*)$/, "")) {
    const at = known.get(part);
    if (at !== undefined) return at;
  }
  return 0;
}

/**
 * @param {string} text
 * @param {number} offset
 * @returns {number} counted from 1
 */
export function lineAt(text, offset) {
  return text.slice(0, offset).split("\n").length;
}
