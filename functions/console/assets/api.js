/** Speaking to the service. */

import { bearer, close } from "./session.js";

/** Where the API is: the page's files lie two folders below it. */
export const ROOT = new URL("../../", import.meta.url);

const REMEMBERED = 60;

/** @type {{at: number, ms: number, ok: boolean, what: string}[]} the newest answers */
export const answers = [];

/** @typedef {{field: string, message: string}} FieldError */

/** An error as the service tells it (RFC 9457), or as much of one as there is. */
export class Problem extends Error {
  /**
   * @param {number} status
   * @param {{title?: string, detail?: string, code?: string, request_id?: string, errors?: FieldError[]}} body
   * @param {number} [wait] seconds after which it may be tried again, where the service says so
   */
  constructor(status, body, wait = 0) {
    super(body.detail || body.title || `The service answered ${status}.`);
    this.status = status;
    this.title = body.title || "The request failed";
    this.code = body.code || "";
    this.requestId = body.request_id || "";
    this.errors = body.errors || [];
    this.wait = wait;
  }
}

/**
 * @typedef {object} Asked
 * @property {Record<string, unknown>} [query] what is empty is left out
 * @property {unknown} [body] sent as JSON
 * @property {Record<string, string>} [headers]
 * @property {AbortSignal} [signal]
 */

/**
 * Ask the service.
 * @param {string} method
 * @param {string} path below the API's address, without a slash before it
 * @param {Asked} [asked]
 * @returns {Promise<any>} the answer's body
 * @throws {Problem}
 */
export async function ask(method, path, asked = {}) {
  const answer = await send(method, path, asked);
  const body = await readJson(answer);
  if (answer.ok) return body;
  const told = { request_id: answer.headers.get("x-request-id") || "", ...body };
  const problem = new Problem(answer.status, told, Number(answer.headers.get("retry-after")));
  if (answer.status === 401) close(`${problem.message} (request ${problem.requestId})`);
  throw problem;
}

/**
 * Ask the service, and take whatever it answers.
 * @param {string} method
 * @param {string} path
 * @param {Asked} [asked]
 * @returns {Promise<Response>}
 * @throws {Problem} where nobody answers
 */
export async function send(method, path, { query = {}, body, headers = {}, signal } = {}) {
  const url = new URL(path, ROOT);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") url.searchParams.set(name, String(value));
  }
  const sent = new Headers({ Authorization: `Bearer ${bearer()}`, ...headers });
  if (body !== undefined) sent.set("Content-Type", "application/json");
  const started = performance.now();
  const answer = await reach(url, {
    method,
    headers: sent,
    body: body === undefined ? undefined : JSON.stringify(body),
    signal,
    cache: "no-store",
    credentials: "omit",
    redirect: "error",
  });
  answers.push({
    at: Date.now(),
    ms: performance.now() - started,
    ok: answer.ok,
    what: `${method} /${path}`,
  });
  answers.splice(0, answers.length - REMEMBERED);
  return answer;
}

/**
 * @param {string} path
 * @param {Record<string, unknown>} [query]
 * @param {AbortSignal} [signal]
 */
export function get(path, query, signal) {
  return ask("GET", `api/v1/${path}`, { query, signal });
}

/**
 * Send a command; the same `once` never has a second effect.
 * @param {string} path
 * @param {unknown} [body]
 * @param {string} [once]
 */
export function post(path, body, once) {
  return ask("POST", `api/v1/${path}`, { body, headers: once ? { "Idempotency-Key": once } : {} });
}

/** @returns {string} a name for one intention, however often it is sent */
export function intention() {
  return crypto.randomUUID();
}

/**
 * Read every page of a list.
 * @param {string} path
 * @param {string} field which of the answer's is the list
 * @param {AbortSignal} [signal]
 * @returns {Promise<any[]>}
 */
export async function every(path, field, signal) {
  const found = [];
  let cursor = "";
  do {
    const page = await get(path, { limit: 100, cursor }, signal);
    found.push(...page[field]);
    cursor = page.next_cursor || "";
  } while (cursor);
  return found;
}

/** @param {Response} answer */
async function readJson(answer) {
  try {
    return await answer.json();
  } catch {
    return {};
  }
}

/**
 * @param {URL} url
 * @param {RequestInit} request
 */
async function reach(url, request) {
  try {
    return await fetch(url, request);
  } catch (error) {
    if (request.signal?.aborted) throw error;
    throw new Problem(0, {
      title: "Nobody answers",
      detail: "The service cannot be reached. Try again in a moment.",
    });
  }
}
