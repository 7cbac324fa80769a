// Requests to the server that the page came from, and to nobody else.

/* Send something, and return the answer; what went wrong is an Error of one sentence, with the status of a refusal.
   `more` is said to fetch. */
export async function call(method, path, body, more = {}) {
  const isFile = body instanceof Blob;
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: { "X-Huepress": "1", "Content-Type": isFile ? "application/octet-stream" : "application/json" },
      body: body === undefined || isFile ? body : JSON.stringify(body),
      ...more,
    });
  } catch {
    throw new Error("huepress serve has ended; start it again");
  }
  const kind = answer.headers.get("Content-Type") || "";
  const told = kind.startsWith("application/json") ? await answer.json() : await answer.text();
  if (!answer.ok) {
    throw Object.assign(new Error(told.error || told || `the server answered ${answer.status}`), { status: answer.status });
  }
  return told;
}

export function humanBytes(n) {
  if (n < 1000) return `${n} B`;
  if (n < 1e6) return `${(n / 1e3).toFixed(1)} kB`;
  return n < 1e9 ? `${(n / 1e6).toFixed(2)} MB` : `${(n / 1e9).toFixed(2)} GB`;
}

/* Say a part of some bytes as rows do. */
export function toldSaving(saved) {
  if (saved < 0) return `${(-100 * saved).toFixed(1)} % larger`;
  return `${(Math.floor(1000 * saved + 1e-6) / 10).toFixed(1)} % saved`;
}

/* Make an element with properties (data-*, aria-* and class by their names) and children. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element && !name.includes("-")) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}
