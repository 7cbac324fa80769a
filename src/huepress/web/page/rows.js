// The list of pictures: a row each, changed in place, so that hundreds of them stay quick.
import { call, humanBytes, make, toldSaving } from "./api.js";
import * as settings from "./settings.js";
import { copy } from "./viewer.js";

const body = document.querySelector("#rows tbody");
const rows = new Map(); // by number: what is known of the picture, and its row
const sort = document.querySelector("#sort");
const stale = new Set(); // rows that are not drawn yet as they are
const MOST_OF_A_FRAME = 8; // milliseconds
let painting = 0;
let frames = 0;
let actions = {};

const keys = {
  added: (row) => row.turn,
  name: (row) => row.name.toLowerCase(),
  bytes: (row) => -row.bytes,
  after: (row) => (row.made ? -row.made.bytes : 1),
  saved: (row) => (row.made ? -row.made.saved : 1),
  score: (row) => (row.made && row.made.score !== null ? row.made.score : 101),
};

export const known = (id) => rows.get(id)?.row;
export const names = () => [...rows.values()].map(({ row }) => row);

function cell(kind, label) {
  return make("td", { role: "cell", className: kind, "data-label": label });
}

function build(id) {
  const element = make("tr", { role: "row", "data-id": id });
  const open = make("button", { type: "button", className: "open" }, make("img", { alt: "", width: 80, height: 60 }), make("span"));
  const head = make("th", { role: "rowheader", scope: "row", className: "picture-cell" }, open, make("p", { className: "note" }), make("progress", { max: 1, value: 0 }));
  const own = make("button", { type: "button", textContent: "Settings", "data-do": "own" });
  const take = make("a", { className: "button", textContent: "Download", download: "", "data-do": "take" });
  const command = make("button", { type: "button", textContent: "Command", title: "Copy the command that makes the same file", "data-do": "command" });
  const away = make("button", { type: "button", textContent: "Remove", "data-do": "away" });
  const last = cell("actions", "");
  last.append(take, own, command, away);
  element.append(head, cell("before", "Before"), cell("after", "After"), cell("saved", "Saved"), cell("score", "Score"), cell("format", "Format"), last);
  open.addEventListener("click", () => actions.compare(id));
  own.addEventListener("click", () => actions.own(id));
  command.addEventListener("click", async () => {
    if (settings.isPending()) await settings.flush().catch(() => {}); // what was typed last counts; what is wrong is told there
    copy(known(id).command);
  });
  away.addEventListener("click", () => call("DELETE", `api/pictures/${id}`).catch((error) => actions.tell(error.message)));
  return element;
}

const stages = { waiting: "waiting", first: "working", working: "working", done: "", failed: "failed" };

function fill({ row, element }) {
  const made = row.made;
  const put = (kind, text) => { element.querySelector(`.${kind}`).textContent = text; };
  const image = element.querySelector("img");
  const thumbnail = `api/pictures/${row.id}/thumbnail?of=${row.thumbnail}`; // another part of the picture is another one
  if (row.thumbnail && image.getAttribute("src") !== thumbnail) image.src = thumbnail;
  image.classList.toggle("blank", !row.thumbnail);
  element.querySelector(".open span").textContent = element.querySelector(".open").title = row.name;
  const open = element.querySelector(".open");
  open.disabled = !made;
  open.setAttribute("aria-label", made ? `Compare ${row.name}` : row.name);
  element.querySelector(".note").textContent =
    row.error || [made && made.is_first ? "a first look; the result is coming" : stages[row.stage], row.own ? "own settings" : "", ...(made ? made.remarks : [])].filter(Boolean).join(" · ");
  element.classList.toggle("failed", Boolean(row.error));
  element.classList.toggle("rough", Boolean(made && made.is_first));
  const progress = element.querySelector("progress");
  progress.hidden = row.stage === "done" || row.stage === "failed";
  progress.setAttribute("aria-label", `${row.name}: ${stages[row.stage]}`);
  if (row.part) progress.value = row.part;
  else progress.removeAttribute("value");
  put("before", row.size);
  put("after", made ? made.size : "–");
  put("saved", made ? (made.kept ? "kept" : made.saved_text.replace(" saved", "")) : "–");
  put("score", made && made.score !== null ? `${made.score} ${made.words}` : "–");
  put("format", made && made.format !== row.format ? `${row.format} → ${made.format}` : row.format);
  const take = element.querySelector("[data-do=take]");
  take.classList.toggle("off", !made);
  if (made) take.href = `api/pictures/${row.id}/result`;
  else take.removeAttribute("href");
  take.setAttribute("aria-label", `Download ${row.name}`);
  for (const [name, told] of [["own", "Settings of"], ["command", "Copy the command for"], ["away", "Remove"]]) {
    element.querySelector(`[data-do=${name}]`).setAttribute("aria-label", `${told} ${row.name}`);
  }
}

function order() {
  const key = keys[sort.value];
  const sorted = [...rows.values()].filter(({ element }) => element).sort((a, b) => {
    const [x, y] = [key(a.row), key(b.row)];
    return x < y ? -1 : x > y ? 1 : Number(a.row.id) - Number(b.row.id);
  });
  const focused = body.contains(document.activeElement) ? document.activeElement : null;
  sorted.forEach(({ element }, place) => { // only what is out of place moves
    if (body.children[place] !== element) body.insertBefore(element, body.children[place] || null);
  });
  if (focused && document.activeElement !== focused) focused.focus({ preventScroll: true }); // it went with what moved
}

/* Take a row away; focus in it goes to the same place of the next one, and from the last one to where pictures come in. */
function takeAway(id) {
  const element = rows.get(id)?.element;
  const focused = element?.contains(document.activeElement) ? document.activeElement : null;
  rows.delete(id);
  if (focused) {
    const next = element.nextElementSibling ?? element.previousElementSibling;
    (next?.querySelector(`[data-do="${focused.dataset.do}"]`) ?? next?.querySelector("[data-do=away]") ?? document.querySelector("#add")).focus();
  }
  element?.remove();
}

function total() {
  const all = [...rows.values()].map(({ row }) => row);
  const made = all.filter((row) => row.made);
  const before = made.reduce((sum, row) => sum + row.bytes, 0);
  const after = made.reduce((sum, row) => sum + row.made.bytes, 0);
  const open = all.filter((row) => row.stage !== "done" && row.stage !== "failed").length;
  const parts = [`${all.length} ${all.length === 1 ? "picture" : "pictures"}`];
  if (before) parts.push(`${humanBytes(before)} → ${humanBytes(after)}`, toldSaving(1 - after / before));
  if (open) parts.push(`${open} still to do`);
  document.querySelector("#totals").textContent = all.length ? parts.join(" · ") : "";
  document.querySelector("#rows").hidden = document.querySelector(".sorting").hidden = all.length === 0;
  document.querySelector("#empty").hidden = all.length > 0;
  document.querySelector("#download-all").hidden = made.length === 0;
}

/* Take over a change of the state. */
export function update(state) {
  for (const id of state.removed) takeAway(id);
  for (const row of state.rows) {
    const entry = rows.get(row.id) || {};
    entry.row = row;
    rows.set(row.id, entry);
    stale.add(row.id);
  }
  if (!painting) painting = requestAnimationFrame(paint);
}

/* Draw what has changed, a part of each frame at most, so that keys are answered while hundreds of rows change. */
function paint() {
  const end = performance.now() + MOST_OF_A_FRAME;
  for (const id of stale) {
    stale.delete(id);
    const entry = rows.get(id);
    if (!entry) continue; // removed meanwhile
    entry.element ||= build(id);
    fill(entry);
    if (performance.now() > end) break;
  }
  painting = stale.size ? requestAnimationFrame(paint) : 0;
  if (painting && ++frames % 8) return; // the whole is put in order now and then, and in the end
  order();
  total();
}

/* The state as a whole: what it lacks is no more. */
export function forget(state) {
  const there = new Set(state.rows.map((row) => row.id));
  for (const id of [...rows.keys()]) if (!there.has(id)) takeAway(id);
}

export function startRows(given) {
  actions = given;
  sort.addEventListener("change", order);
  total();
}
