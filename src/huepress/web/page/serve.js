// The page: it shows the server's state, and holds none of its own that a reload could lose.
import * as comparison from "./compare.js";
import { startIntake } from "./drop.js";
import * as folder from "./folder.js";
import * as rows from "./rows.js";
import * as settings from "./settings.js";
import { say } from "./viewer.js";

rows.startRows({
  compare: comparison.open,
  own: (id) => {
    document.querySelector("#settings").open = true;
    settings.choose(id);
    document.querySelector("#field-n_colors").focus();
  },
  tell: say,
});
comparison.startComparison();
startIntake();
const gone = () => say("huepress serve does not answer; start it again", Infinity);
try {
  await settings.startSettings(() => {});
  await folder.startFolder();
} catch (error) {
  gone();
  throw error;
}

const events = new EventSource("api/events");
let isFirst = true;
events.addEventListener("open", () => { isFirst = true; say(""); });
events.addEventListener("error", gone);
events.addEventListener("message", (event) => {
  const state = JSON.parse(event.data);
  if (isFirst) rows.forget(state); // the state as a whole
  folder.changed(Boolean(state.chosen));
  isFirst = false;
  rows.update(state);
  settings.update(state);
  comparison.update();
});
