// The page: it shows the server's state, and holds none of its own that a reload could lose.
import * as comparison from "./compare.js";
import { startIntake } from "./drop.js";
import * as folder from "./folder.js";
import * as rows from "./rows.js";
import * as settings from "./settings.js";
import { listen } from "./stream.js";
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
try {
  await settings.startSettings(() => folder.changed(true));
  await folder.startFolder();
} catch (error) {
  say("huepress serve does not answer; start it again", Infinity);
  throw error;
}

listen((state) => {
  if (state.whole) rows.forget(state);
  folder.changed(Boolean(state.chosen));
  rows.update(state);
  settings.update(state);
  comparison.update();
});
