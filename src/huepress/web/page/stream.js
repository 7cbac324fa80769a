// What the server tells of its state, as long as somebody looks: browsers open but few connections to a server, and all
// tabs share them.
import { say } from "./viewer.js";

const AGAIN = 1000; // milliseconds until it is asked again whether the server answers
let events = null;
let asking = 0;
let isHeard = false; // since the last error: an end after that is none, of many tabs some are told to ask again
let told = ""; // why nothing is heard

/* Tell why nothing is heard. */
async function ask() {
  asking = 0;
  let problem = "";
  try {
    const answer = await fetch("api/fields");
    if (answer.status === 403) problem = "huepress serve was started anew: open the address that it has printed";
  } catch {
    problem = "huepress serve does not answer; start it again";
  }
  tell(problem);
  if (problem && !document.hidden) asking ||= setTimeout(ask, AGAIN);
}

function tell(problem) {
  if (problem === told && (!problem || document.querySelector(".said").textContent)) return;
  told = problem;
  say(problem, Infinity);
}

/* Have a function called with each change of the state. */
export function listen(change) {
  const open = () => {
    if (events && events.readyState !== EventSource.CLOSED) return;
    events = new EventSource("api/events");
    events.addEventListener("open", () => {
      isHeard = true;
      tell("");
    });
    events.addEventListener("error", () => {
      if (!isHeard || events?.readyState === EventSource.CLOSED) asking ||= setTimeout(ask, 0);
      isHeard = false;
    });
    events.addEventListener("message", (event) => change(JSON.parse(event.data)));
  };
  const close = () => {
    events?.close();
    events = null;
  };
  document.addEventListener("visibilitychange", () => { (document.hidden ? close : open)(); });
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", (event) => { if (event.persisted) open(); });
  open(); // even if it is not seen yet: at first all is drawn
}
