// How the player gets its sheets from the server, which may still be drawing them.

const AT_ONCE = 2; // browsers open few connections to a server, and others have questions, too
const waiting = [];
let fetching = 0;
let isWanted = () => true;

/* Fetch what is waited for, in its order; what nobody shows any more is not asked for. */
function next() {
  while (fetching < AT_ONCE && waiting.length) {
    const { address, take, refuse } = waiting.shift();
    if (!isWanted(address)) {
      refuse();
      continue;
    }
    fetching++;
    fetch(address).then((answer) => (answer.ok ? answer.blob().then(take) : refuse())).catch(refuse).finally(() => {
      fetching--;
      next();
    });
  }
}

/* Return what gets the file at an address; `wanted` tells of an address whether its sheet still is. */
export function fetchInTurn(wanted) {
  isWanted = wanted;
  return (address) => new Promise((take, refuse) => {
    waiting.push({ address, take, refuse });
    next();
  });
}
