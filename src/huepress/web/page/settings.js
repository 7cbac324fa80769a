// The form of settings, made of what the program declares, for all pictures or for one.
import { call, make } from "./api.js";
import { known } from "./rows.js";

const form = document.querySelector("#fields");
const target = document.querySelector("#target");
const wrong = document.querySelector("#wrong");
const asAll = document.querySelector("#as-all");
const WAIT = 350; // milliseconds without a key before a change counts
let fields = [];
let forAll = {};
let waiting = 0;

const present = () => (target.value ? known(target.value)?.own ?? forAll : forAll);

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
    const take = (promise) => promise.then(({ palette }) => set("palette", palette)).catch((error) => tell(error.message));
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

/* Show the settings that hold for whom the form is for; what somebody is typing stays. */
function show() {
  const values = present();
  for (const field of fields) {
    const element = form.elements[field.name];
    if (element === document.activeElement && waiting) continue;
    const value = values[field.name];
    if (field.kind === "flag") element.checked = Boolean(value);
    else if (field.kind === "choice") element.value = value ?? field.usual ?? "";
    else element.value = value ?? "";
  }
  asAll.hidden = !(target.value && known(target.value)?.own);
}

function read() {
  const values = {};
  for (const field of fields) {
    const element = form.elements[field.name];
    if (field.kind === "flag") { if (element.checked) values[field.name] = true; }
    else if (element.value.trim() !== "") values[field.name] = element.value.trim();
  }
  return values;
}

function tell(text) {
  wrong.textContent = text;
}

async function send(values) {
  const path = target.value ? `api/pictures/${target.value}/settings` : "api/settings";
  try {
    await call("PUT", path, values);
    tell("");
  } catch (error) {
    tell(error.message);
  }
}

/* Set one setting, for whom the form is for. */
export function set(name, value) {
  return send({ ...present(), [name]: value });
}

export const get = (name) => present()[name];

/* Make the form one for a picture, or with "" for all. */
export function choose(id) {
  if (![...target.options].some((option) => option.value === id)) {
    target.append(make("option", { value: id, textContent: known(id).name }));
  }
  target.value = id;
  tell("");
  show();
}

export function update(state) {
  if (state.chosen) forAll = state.chosen;
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
  form.addEventListener("input", (event) => {
    if (!event.target.name) return;
    clearTimeout(waiting);
    const quick = event.target.type === "checkbox" || event.target.tagName === "SELECT";
    waiting = setTimeout(() => {
      waiting = 0;
      send(read());
    }, quick ? 0 : WAIT);
  });
  target.addEventListener("change", () => choose(target.value));
  asAll.addEventListener("click", () => send(null));
  if (window.matchMedia("(max-width: 1190px)").matches) document.querySelector("#settings").open = false;
}
