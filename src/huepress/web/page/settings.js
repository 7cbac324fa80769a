// The form of settings, made of what the program declares, for all pictures or for one.
import { call, make } from "./api.js";
import { known } from "./rows.js";

const form = document.querySelector("#fields");
const target = document.querySelector("#target");
const wrong = document.querySelector("#wrong");
const asAll = document.querySelector("#as-all");
const WAIT = 350; // milliseconds without a key before a change counts
const LONGEST_FLUSH = 5000; // milliseconds; whoever waits is not left waiting where no state comes
const ONE_FOR_ALL = "One for all pictures";
const FINDING = "Finding one for all …";
const BAD = Symbol("what a browser does not take for a number");
// By whom they are for, a picture or "" for all: changes until the server has taken them, its answers until a state tells
// as much, and what was wrong, by the names of the fields. What was typed is never taken from the fields, which show much
// that comes meanwhile; what was clicked is taken back where it is refused, and whoever asked for it says why.
const edits = new Map();
const settled = new Map();
const problems = new Map();
const due = new Set(); // for whom changes are to be sent now
const given = new Set(); // the pictures that are to be as all are
let fields = [];
let sharing = null; // the button for one palette for all, while that is being found
let forAll = {};
let version = -1; // of the state that was told last
let waiting = 0;
let sending = null; // a promise while changes are on their way
let onSent = () => {};
let typing = null; // the field in which somebody writes: its text, and where in it one is, stay

const ownOf = (id) => (settled.has(id) ? settled.get(id).chosen : known(id)?.own);

/* Return the settings that hold, with the changes that are under way. */
function present(id = target.value) {
  const values = { ...(id ? ownOf(id) ?? present("") : settled.get("")?.chosen ?? forAll) };
  for (const [name, { value }] of edits.get(id) ?? []) {
    if (value === null) delete values[name];
    else if (value !== BAD) values[name] = value;
  }
  return values;
}

/* Whether something was changed that no state has told of yet. */
export const isPending = () => settled.size > 0 || [...edits.values()].some((changed) => changed.size);

/* Whether a picture has settings of its own, or is about to get some. */
export const isOwn = (id) => Boolean(ownOf(id) || edits.get(id)?.size);

function input(field) {
  const id = `field-${field.name}`;
  const shared = { id, name: field.name, "aria-describedby": `${id}-help ${id}-wrong` };
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
    const shared = make("button", { type: "button", textContent: ONE_FOR_ALL });
    const take = (promise, id = target.value) => {
      tell("", id, field.name);
      return promise.then(({ palette }) => set({ palette }, id)).catch((error) => tell(error.message, id, field.name));
    };
    fromFile.addEventListener("click", () => file.click());
    file.addEventListener("change", () => {
      if (file.files[0]) take(call("POST", "api/palette", file.files[0]));
      file.value = "";
    });
    shared.addEventListener("click", async () => {
      if (sharing) return;
      shared.textContent = FINDING;
      shared.setAttribute("aria-disabled", true); // focus stays
      sharing = shared;
      const leftOut = [];
      await take(flush().then(() => call("POST", "api/shared-palette", {})).then((answer) => {
        leftOut.push(...answer.left_out);
        return answer;
      }));
      shared.textContent = ONE_FOR_ALL;
      shared.removeAttribute("aria-disabled");
      sharing = null;
      if (leftOut.length) tell(`Left out: ${leftOut.slice(0, 20).join("; ")}`, target.value, field.name);
    });
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
    const wrong = make("p", { id: `${id}-wrong`, className: "wrong", role: "alert" });
    const help = make("p", { id: `${id}-help`, className: "help", textContent: field.help });
    const label = make("label", { htmlFor: id, textContent: field.label });
    const row = make("div", { className: `field ${field.kind}` }, label, input(field));
    if (field.kind === "colors") row.append(colorTools(field));
    row.append(wrong, help);
    groups.get(field.group).append(row);
  }
}

/* Show the settings that hold for whom the form is for. */
function show() {
  const values = present();
  const changed = edits.get(target.value);
  for (const field of fields) {
    const element = form.elements[field.name];
    point(element, field.name);
    if (element === typing || changed?.get(field.name)?.value === BAD) continue;
    const value = values[field.name];
    if (field.kind === "flag") element.checked = Boolean(value);
    else if (field.kind === "choice") element.value = value ?? field.usual ?? "";
    else element.value = value ?? "";
  }
  wrong.textContent = problems.get(target.value)?.get("") ?? "";
  asAll.hidden = !(target.value && isOwn(target.value));
}

/* Tell beside a field what is wrong with it; where that is news, so that it is seen. */
function point(element, name) {
  const told = problems.get(target.value)?.get(name) ?? "";
  const place = document.querySelector(`#field-${name}-wrong`);
  if (place.textContent === told) return;
  place.textContent = told;
  if (told) {
    element.setAttribute("aria-invalid", true);
    element.closest("details").open = true;
    place.scrollIntoView({ block: "nearest" });
  } else {
    element.removeAttribute("aria-invalid");
  }
}

/* Return what a field says; null for nothing, which is the usual value. */
function valueOf(element) {
  if (element.type === "checkbox") return element.checked || null;
  return element.validity.badInput ? BAD : element.value.trim() || null;
}

function tell(text, id, name) {
  if (!problems.has(id)) problems.set(id, new Map());
  problems.get(id).set(name, text);
  show();
}

/* Note a change. `group`: what was changed with it, and is taken or refused together with it. */
function change(name, value, id, group) {
  if (!edits.has(id)) edits.set(id, new Map());
  edits.get(id).set(name, { value, group });
}

/* Have the server take what has changed; one after the other, so that the last word is the last. */
function send() {
  clearTimeout(waiting);
  waiting = 0;
  for (const [id, changed] of edits) if (changed.size) due.add(id);
  if (!due.size) return sending ?? Promise.resolve();
  sending ??= (async () => { // whoever is at it goes on with what comes meanwhile
    for (const id of due) {
      due.delete(id);
      await sendOne(id);
    }
    sending = null;
    show();
    onSent();
  })();
  return sending;
}

const pathFor = (id) => (id ? `api/pictures/${id}/settings` : "api/settings");

/* Keep an answer until a state tells as much; it may have come sooner than the answer. */
function settle(id, answer) {
  if (answer.version > version) settled.set(id, answer);
  else settled.delete(id);
}

/* Send changes, and forget those that are taken, unless they were changed again meanwhile. */
async function offer(id, sent) {
  const values = Object.fromEntries(sent.map(([name, { value }]) => [name, value]));
  settle(id, await call("PATCH", pathFor(id), values, { keepalive: true }));
  for (const [name, edit] of sent) {
    if (edits.get(id)?.get(name) === edit) edits.get(id).delete(name);
    edit.group.take?.();
  }
}

async function sendOne(id) {
  const all = [...(edits.get(id) ?? [])];
  const sent = all.filter(([, { value }]) => value !== BAD);
  const wrongs = new Map(all.filter(([, { value }]) => value === BAD).map(([name]) => [name, `${labelOf(name)} takes a number`]));
  const refuse = (part, error) => {
    for (const [name, edit] of part) {
      if (!edit.group.refuse) wrongs.set(name, error.message); // it stays in its field, and is sent with the next change
      else if (edits.get(id)?.get(name) === edit) edits.get(id).delete(name);
      edit.group.refuse?.(error);
    }
  };
  try {
    if (given.delete(id)) settle(id, await call("PUT", pathFor(id), null));
    if (sent.length) await offer(id, sent);
  } catch (error) {
    const parts = new Set(sent.map(([, { group }]) => group));
    if (!parts.size) wrongs.set("", error.message);
    for (const group of parts) { // one that is refused keeps no other away
      const part = sent.filter(([, edit]) => edit.group === group);
      try {
        if (parts.size === 1 || !error.status) throw error;
        await offer(id, part);
      } catch (reason) {
        refuse(part, reason);
      }
    }
  }
  problems.set(id, wrongs);
}

const labelOf = (name) => fields.find((field) => field.name === name).label;

/* Set some settings together, for whom the form is for; resolved when they are taken, rejected when they are not. */
export function set(values, id = target.value) {
  return new Promise((take, refuse) => {
    const group = { take, refuse };
    for (const [name, value] of Object.entries(values)) change(name, value || null, id, group);
    show();
    send();
  });
}

/* Wait until all that was typed holds, and the rows tell of it; an error where something of it is refused. */
export async function flush() {
  await send();
  const end = performance.now() + LONGEST_FLUSH;
  while (settled.size && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 30));
  for (const [id, wrongs] of problems) { // what is told of a change that holds is no reason to stop
    for (const [name, told] of wrongs) if (told && (!name || edits.get(id)?.has(name))) throw new Error(name ? `${labelOf(name)}: ${told}` : told);
  }
}

export const get = (name, id = target.value) => present(id)[name];

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
  version = state.version;
  if (state.chosen) forAll = state.chosen;
  if (sharing && state.shared < 1) sharing.textContent = `${FINDING} ${Math.round(100 * state.shared)} %`;
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

/* `sent`: called when changes have been sent. */
export async function startSettings(sent) {
  onSent = sent;
  fields = await call("GET", "api/fields");
  build();
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", ({ target: element }) => {
    if (!element.name) return;
    const quick = element.type === "checkbox" || element.tagName === "SELECT";
    if (!quick) typing = element;
    change(element.name, valueOf(element), target.value, {});
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
    target.focus(); // this button goes
    edits.delete(target.value);
    given.add(target.value);
    due.add(target.value);
    send();
  });
  if (window.matchMedia("(max-width: 1190px)").matches) document.querySelector("#settings").open = false;
}
