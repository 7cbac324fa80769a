// Files that are dropped, pasted or chosen, sent one by one: a few at once, whatever their number.
import { call, make } from "./api.js";

const AT_ONCE = 3;
const queue = [];
const refused = [];
let running = 0;
let sent = 0;
let last = 0; // the turn of the file that was dropped last, in microseconds: several come in at once, in any order
let total = 0;
let listing = 0; // dropped folders whose files are not all known yet

const state = document.querySelector("#intake-state");
const list = document.querySelector("#refused");

function tell() {
  state.textContent = sent < total ? `Adding ${sent + 1} of ${total} …` : "";
  list.hidden = refused.length === 0;
  list.querySelector("summary").textContent =
    refused.length === 1 ? "1 file was not taken" : `${refused.length} files were not taken`;
}

export function refuse(told) {
  refused.push(told);
  if (refused.length <= 200) list.querySelector("ul").append(make("li", { textContent: told }));
  tell();
}

async function send() {
  running += 1;
  while (queue.length) {
    const { name, turn, open } = queue.shift();
    try {
      const file = await open();
      const answer = await call("POST", `api/pictures?name=${encodeURIComponent(name)}&turn=${turn}`, file);
      answer.refused.forEach(refuse);
    } catch (error) {
      refuse(`${name}: ${error.message}`);
    }
    sent += 1;
    if (sent === total) sent = total = 0;
    tell();
  }
  running -= 1;
}

function add(name, open) {
  last = Math.max(last + 1, Date.now() * 1000);
  queue.push({ name, turn: last, open });
  total += 1;
  tell();
  if (running < AT_ONCE) send();
}

function addFiles(files) {
  for (const file of files) add(file.webkitRelativePath || file.name || "pasted.png", async () => file);
}

/* Add what is below a dropped folder; a browser lists a hundred entries at a time. */
async function addEntry(entry, path) {
  if (entry.isFile) {
    add(path + entry.name, () => new Promise((resolve, reject) => entry.file(resolve, reject)));
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!entries.length) return;
    for (const each of entries) await addEntry(each, `${path}${entry.name}/`);
  }
}

/* Add what was dropped, one after the other: in that order it is listed. */
async function addEntries(entries) {
  listing += 1;
  for (const entry of entries) await addEntry(entry, "").catch((error) => refuse(`${entry.name}: ${error.message}`));
  listing -= 1;
}

export function startIntake() {
  const hint = document.querySelector("#drop-hint");
  for (const [button, input] of [["#add", "#files"], ["#add-folder", "#folder-files"]]) {
    const field = document.querySelector(input);
    document.querySelector(button).addEventListener("click", () => field.click());
    field.addEventListener("change", () => {
      addFiles(field.files);
      field.value = "";
    });
  }
  document.addEventListener("dragover", (event) => {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    hint.hidden = false;
  });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) hint.hidden = true; });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    hint.hidden = true;
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    if (entries.length) {
      addEntries(entries);
    } else {
      addFiles(event.dataTransfer.files);
    }
  });
  window.addEventListener("beforeunload", (event) => { // only this page can send what it was given
    if (total || listing) event.preventDefault();
  });
  document.addEventListener("paste", (event) => addFiles(event.clipboardData.files));
}
