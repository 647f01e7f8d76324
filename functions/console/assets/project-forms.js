/** Making a project, and changing its name and where its pages may send people. */

import { ask, post } from "./api.js";
import { announce, h } from "./dom.js";
import { question } from "./dialog.js";
import { unlessRefused } from "./roles.js";
import { go } from "./router.js";
import { code, facts, field } from "./widgets.js";

/**
 * What a project is, and the buttons for it.
 * @param {{id: string, name: string, allowed_origins: string[]}} project
 */
export function standing(project) {
  const origins = project.allowed_origins.map((origin) => h("div", {}, code(origin)));
  return [
    facts([
      ["Id", code(project.id)],
      ["Name", project.name],
      ["Checkout and portal may send people to", origins.length ? origins : "nowhere yet"],
    ]),
    unlessRefused("manage_projects", () => {
      const change = h("button", { type: "button", onclick: () => edit(project) }, "Change the project");
      return h("div", { class: "buttons" }, change, adding());
    }),
  ];
}

/** The button that makes another one. */
export function adding() {
  return h("button", { type: "button", onclick: create }, "Create a project");
}

/** @param {{name: string, allowed_origins: string[]}} [project] */
function fields(project) {
  const name = h("input", {
    required: true,
    maxlength: 100,
    autocomplete: "off",
    value: project?.name || "",
  });
  const origins = h("textarea", { rows: 3, spellcheck: "false", placeholder: "https://app.example.com" });
  origins.value = (project?.allowed_origins || []).join("\n");
  return {
    content: [
      field("Name", name),
      field("Allowed origins, one a line", origins, "To which checkout and portal may send people back."),
    ],
    body: () => ({ name: name.value, allowed_origins: origins.value.split(/\s+/).filter(Boolean) }),
  };
}

function create() {
  const id = h("input", { required: true, maxlength: 64, autocomplete: "off", spellcheck: "false" });
  const form = fields();
  question({
    title: "Create a project",
    content: [field("Id", id, "Its keys and prices carry it; it cannot be changed."), ...form.content],
    confirm: "Create",
    act: async () => {
      const made = await post("admin/projects", { id: id.value, ...form.body() });
      go("catalog", { project: made.id });
    },
  });
}

/** @param {{id: string, name: string, allowed_origins: string[]}} project */
function edit(project) {
  const form = fields(project);
  question({
    title: `Change ${project.id}`,
    content: form.content,
    confirm: "Change",
    act: async () => {
      await ask("PUT", `api/v1/admin/projects/${encodeURIComponent(project.id)}`, { body: form.body() });
      window.dispatchEvent(new HashChangeEvent("hashchange"));
      announce(`${project.id} is changed.`);
    },
  });
}
