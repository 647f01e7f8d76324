/** Reading the figures that the service tells in Prometheus' text format. */

/** @typedef {{name: string, labels: Record<string, string>, value: number}} Sample */

const SAMPLE = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const LABEL = /([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g;
const ESCAPED = /** @type {Record<string, string>} */ ({ "\\n": "\n", '\\"': '"', "\\\\": "\\" });

/**
 * @param {string} text
 * @returns {Sample[]}
 */
export function samples(text) {
  return text.split("\n").flatMap((line) => {
    const [, name, labels = "", value] = line.match(SAMPLE) || [];
    return name ? [{ name, labels: labelled(labels), value: Number(value) }] : [];
  });
}

/** @param {string} text */
function labelled(text) {
  const found = [...text.matchAll(LABEL)].map(([, name, value]) => [
    name,
    value.replace(/\\[n"\\]/g, (each) => ESCAPED[each]),
  ]);
  return Object.fromEntries(found);
}
