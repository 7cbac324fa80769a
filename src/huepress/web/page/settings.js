// The form of settings, made of what the program declares, for all pictures or for one.
import { call, make } from "./api.js";
import { known } from "./rows.js";

const form = document.querySelector("#fields");
const target = document.querySelector("#target");
const wrong = document.querySelector("#wrong");
const asAll = document.querySelector("#as-all");
const WAIT = 350; // milliseconds without a key before a change counts
const BAD = Symbol("what a browser does not take for a number");
// By whom they are for, a picture or "" for all: changes until the server has taken them, its answers until a state tells
// as much, and what it has refused. What was typed is never taken from the fields, which show much that comes meanwhile.
const edits = new Map();
const settled = new Map();
const problems = new Map();
const due = new Set(); // for whom changes are to be sent now
const given = new Set(); // the pictures that are to be as all are
let fields = [];
let forAll = {};
let waiting = 0;
let sending = false;
let typing = null; // the field in which somebody writes: its text, and where in it one is, stay

const ownOf = (id) => (settled.has(id) ? settled.get(id).chosen : known(id)?.own);

/* Return the settings that hold, with the changes that are under way. */
function present(id = target.value) {
  const values = { ...(id ? ownOf(id) ?? present("") : settled.get("")?.chosen ?? forAll) };
  for (const [name, value] of edits.get(id) ?? []) {
    if (value === null) delete values[name];
    else if (value !== BAD) values[name] = value;
  }
  return values;
}

/* Whether a picture has settings of its own, or is about to get some. */
export const isOwn = (id) => Boolean(ownOf(id) || edits.get(id)?.size);

function input(field) {
  const id = `field-${field.name}`;
  const shared = { id, name: field.name, "aria-describedby": `${id}-help` };
  if (field.kind === "choice") {
    const values = field.usual === null ? ["", ...field.choices] : field.choices;
    const told = (value) => (value === "" ? "usual" : value === "auto" && field.name === "format" ? "smallest palette (auto)" : value);
    return make("select", shared, ...values.map((value) => make("option", { value, textContent: told(value) })));
  }
  if (field.kind === "flag") return make("input", { ...shared, type: "checkbox" });
  if (field.kind === "number") {
    const step = field.whole ? 1 : "any";
    return make("input", { ...shared, type: "number", min: field.low, max: field.high, step, placeholder: field.usual ?? "usual" });
  }
  return make("input", { ...shared, type: "text", spellcheck: false, placeholder: field.usual ?? "" });
}

function colorTools(field) {
  const tools = make("span", { className: "tools" });
  if (field.name === "palette") {
    const file = make("input", { type: "file", hidden: true });
    const fromFile = make("button", { type: "button", textContent: "From a file" });
    const shared = make("button", { type: "button", textContent: "One for all pictures" });
    const take = (promise, id = target.value) => {
      promise.then(({ palette }) => set("palette", palette, id)).catch((error) => tell(error.message, id));
    };
    fromFile.addEventListener("click", () => file.click());
    file.addEventListener("change", () => {
      if (file.files[0]) take(call("POST", "api/palette", file.files[0]));
      file.value = "";
    });
    shared.addEventListener("click", () => take(call("POST", "api/shared-palette", {})));
    tools.append(file, fromFile, shared);
  }
  return tools;
}

function build() {
  const groups = new Map();
  for (const field of fields) {
    if (!groups.has(field.group)) {
      const open = field.group === "everyday" || field.group === "targets";
      const group = make("details", { open }, make("summary", { textContent: field.group[0].toUpperCase() + field.group.slice(1) }));
      groups.set(field.group, group);
      form.append(group);
    }
    const id = `field-${field.name}`;
    const help = make("p", { id: `${id}-help`, className: "help", textContent: field.help });
    const label = make("label", { htmlFor: id, textContent: field.label });
    const row = make("div", { className: `field ${field.kind}` }, label, input(field));
    if (field.kind === "colors") row.append(colorTools(field));
    row.append(help);
    groups.get(field.group).append(row);
  }
}

/* Show the settings that hold for whom the form is for. */
function show() {
  const values = present();
  const changed = edits.get(target.value);
  for (const field of fields) {
    const element = form.elements[field.name];
    if (element === typing || changed?.get(field.name) === BAD) continue;
    const value = values[field.name];
    if (field.kind === "flag") element.checked = Boolean(value);
    else if (field.kind === "choice") element.value = value ?? field.usual ?? "";
    else element.value = value ?? "";
  }
  wrong.textContent = problems.get(target.value) ?? "";
  asAll.hidden = !(target.value && isOwn(target.value));
}

/* Return what a field says; null for nothing, which is the usual value. */
function valueOf(element) {
  if (element.type === "checkbox") return element.checked || null;
  return element.validity.badInput ? BAD : element.value.trim() || null;
}

function tell(text, id) {
  problems.set(id, text);
  show();
}

function change(name, value, id) {
  if (!edits.has(id)) edits.set(id, new Map());
  edits.get(id).set(name, value);
}

/* Have the server take what has changed; one after the other, so that the last word is the last. */
async function send() {
  clearTimeout(waiting);
  waiting = 0;
  for (const [id, changed] of edits) if (changed.size) due.add(id);
  if (sending) return; // whoever is at it goes on with this
  sending = true;
  for (const id of due) {
    due.delete(id);
    await sendOne(id);
  }
  sending = false;
  show();
}

async function sendOne(id) {
  const path = id ? `api/pictures/${id}/settings` : "api/settings";
  const sent = new Map(edits.get(id));
  const wrongs = [...sent].filter(([, value]) => value === BAD).map(([name]) => name);
  try {
    if (given.delete(id)) settled.set(id, await call("PUT", path, null));
    const values = Object.fromEntries([...sent].filter(([, value]) => value !== BAD));
    if (Object.keys(values).length) settled.set(id, await call("PATCH", path, values, { keepalive: true }));
    for (const [name, value] of sent) { // unless it was changed again meanwhile
      if (value !== BAD && edits.get(id)?.get(name) === value) edits.get(id).delete(name);
    }
    problems.set(id, wrongs.length ? `${fields.find((field) => field.name === wrongs[0]).label} takes a number` : "");
  } catch (error) {
    problems.set(id, error.message); // what was refused stays in its field, and is sent with the next change
  }
}

/* Set one setting, for whom the form is for. */
export function set(name, value, id = target.value) {
  change(name, value || null, id);
  show();
  send();
}

export const get = (name) => present()[name];

/* Make the form one for a picture, or with "" for all; what was typed for others is sent as theirs. */
export function choose(id) {
  if (waiting) send();
  typing = null;
  if (![...target.options].some((option) => option.value === id)) {
    target.append(make("option", { value: id, textContent: known(id).name }));
  }
  target.value = id;
  show();
}

export function update(state) {
  if (state.chosen) forAll = state.chosen;
  for (const [id, answer] of settled) if (state.version >= answer.version) settled.delete(id);
  for (const each of [edits, settled, problems]) {
    for (const id of each.keys()) if (id && !known(id)) each.delete(id);
  }
  for (const option of [...target.options]) {
    if (option.value && !known(option.value)) {
      if (target.value === option.value) target.value = "";
      option.remove();
    }
  }
  show();
}

export async function startSettings() {
  fields = await call("GET", "api/fields");
  build();
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", ({ target: element }) => {
    if (!element.name) return;
    const quick = element.type === "checkbox" || element.tagName === "SELECT";
    if (!quick) typing = element;
    change(element.name, valueOf(element), target.value);
    clearTimeout(waiting);
    waiting = setTimeout(send, quick ? 0 : WAIT);
  });
  form.addEventListener("focusout", () => {
    typing = null;
    show();
  });
  window.addEventListener("pagehide", () => { for (const id of edits.keys()) sendOne(id); });
  target.addEventListener("change", () => choose(target.value));
  asAll.addEventListener("click", () => {
    edits.delete(target.value);
    given.add(target.value);
    due.add(target.value);
    send();
  });
  if (window.matchMedia("(max-width: 1190px)").matches) document.querySelector("#settings").open = false;
}
