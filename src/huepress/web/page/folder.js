// Saving into the folder that the server was started with: always tried first, and only then done.
import { call, make } from "./api.js";
import { refuse } from "./drop.js";
import * as settings from "./settings.js";

const place = document.querySelector("#saving");
const LOOK_AGAIN = 400; // milliseconds
let tried = ""; // how what would be saved now has been tried, as the server says: it alone knows all that this hangs on
let told = 0;
let looking = 0;
let problem = ""; // why the last wish was not followed
const parts = {};

const how = () => place.querySelector("[name=how]:checked").value;
const about = (how, into) => JSON.stringify([how, how === "into" ? into : ""]);

const ORDER = ["failed", "kept", "compressed"];

/* List what became of the files: first what went wrong, as long as it may be. */
function list({ files, dry_run: isDry }) {
  const words = { failed: isDry ? "would fail" : "failed", kept: isDry ? "would be kept" : "kept", compressed: isDry ? "would be saved" : "saved" };
  const sorted = [...files].sort((a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status));
  parts.list.replaceChildren(...sorted.map((each) => make("li", {
    className: each.status,
    textContent: [each.name, words[each.status] || each.status, each.told, each.note].filter(Boolean).join(" · "),
  })));
}

function show(run) {
  const running = Boolean(run?.running);
  const focused = Object.values(parts).includes(document.activeElement) ? document.activeElement : null;
  parts.stop.hidden = !running;
  parts.attempt.disabled = running;
  parts.save.disabled = running || settings.isPending() || tried !== about(how(), parts.into.value);
  if (focused?.disabled || focused?.hidden) [parts.stop, parts.save, parts.attempt].find((each) => !each.hidden && !each.disabled)?.focus();
  if (!run) {
    parts.state.textContent = problem;
    return;
  }
  const verb = run.dry_run ? "Trying" : "Saving";
  parts.state.textContent = running ? `${verb}: ${run.done} of ${run.total || "?"} …` : problem || run.error || run.summary;
  if (run.files.length !== parts.list.children.length || !running) list(run);
  parts.details.hidden = run.files.length === 0;
}

async function look() {
  const state = await call("GET", "api/folder");
  state.refused.slice(told).forEach(refuse);
  told = state.refused.length;
  const counted = (n, what) => `${n} ${what}${n === 1 ? "" : "s"}`;
  parts.results.textContent = [
    state.results && `Not listed: ${counted(state.results, "result")} of earlier runs.`,
    state.elsewhere && `Not saved here: ${counted(state.elsewhere, "picture")} that came from elsewhere; download them.`,
    state.unread && `Not listed: ${counted(state.unread, "video")}, which need a plug-in: pip install 'huepress[video]', and start again.`,
  ].filter(Boolean).join(" ");
  tried = state.tried ? about(state.tried.how, state.tried.into) : "";
  show(state.run);
  return state;
}

async function follow() {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN));
    const { run } = await look();
    if (!run?.running) return;
  }
}

async function begin(dryRun) {
  parts.list.replaceChildren();
  problem = "";
  try {
    await settings.flush(); // what was typed last counts
    await call("POST", "api/folder/run", { how: how(), into: parts.into.value, dry_run: dryRun });
    show({ running: true, dry_run: dryRun, done: 0, total: 0, files: [] });
    await follow();
  } catch (error) {
    problem = error.message;
    parts.state.textContent = problem;
    await look().catch(() => {}); // the server may have gone
  }
}

function build(root) {
  const choice = (value, label, checked) => make("label", {}, make("input", { type: "radio", name: "how", value, checked }), ` ${label}`);
  parts.into = make("input", { type: "text", value: "small", "aria-label": "Name of the folder", size: 12 });
  parts.attempt = make("button", { type: "button", textContent: "Try, write nothing" });
  parts.save = make("button", { type: "button", className: "chief", textContent: "Save", disabled: true });
  parts.stop = make("button", { type: "button", textContent: "Stop", hidden: true });
  parts.results = make("p", { className: "quiet" });
  parts.state = make("p", { role: "status", "aria-live": "polite" });
  parts.list = make("ul", { tabIndex: 0, "aria-label": "File by file" });
  parts.details = make("details", { hidden: true }, make("summary", { textContent: "File by file" }), parts.list);
  place.append(
    make("h3", { textContent: `Save in ${root}` }),
    make("fieldset", {}, make("legend", { className: "unseen", textContent: "How to save" }),
      choice("beside", "beside the originals, as NAME-huepress", true), make("span", {}, choice("into", "into the folder", false), " ", parts.into),
      choice("replace", "in place of the originals", false)),
    make("p", { className: "bar" }, parts.attempt, parts.save, parts.stop),
    parts.results, parts.state, parts.details,
  );
  place.addEventListener("input", () => {
    problem = "";
    show(null);
  });
  document.querySelector("#fields").addEventListener("input", () => { parts.save.disabled = true; }); // until it is tried
  parts.attempt.addEventListener("click", () => begin(true));
  parts.save.addEventListener("click", () => begin(false));
  parts.stop.addEventListener("click", () => call("DELETE", "api/folder/run"));
  place.hidden = false;
}

export async function startFolder() {
  const state = await call("GET", "api/folder");
  if (state.root === null) return; // started without one
  build(state.root);
  if (state.run) { // as it was when the page was left
    place.querySelector(`[value=${state.run.how}]`).checked = true;
    parts.into.value = state.run.into || parts.into.value;
  }
  await look();
  if (state.run?.running) follow().catch(() => {});
}

/* Something has changed: what was tried may be no more what would be saved. */
export function changed(isSetting) {
  if (!parts.save) return;
  if (isSetting) parts.save.disabled = true; // until the server has said
  looking ||= setTimeout(() => {
    looking = 0;
    look().catch(() => {}); // that the server has gone is told elsewhere
  }, isSetting ? 0 : LOOK_AGAIN);
}
