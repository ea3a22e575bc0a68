// The pairing page's script. What to do next is decided by `next`, which is pure; the rest
// shows it. It stands in the page as a module; tests import it where there is no document.
// Its types are checked: tsconfig.pages.json.

/** @typedef {import('../../../contracts/pairing-page.ts').PairingView} View */

/**
 * What the page knows from one answer to the next.
 * @typedef {object} Memory
 * @property {string} screen what is shown: pairing.css
 * @property {boolean} asked this visit has asked for a code, which it does by itself once
 * @property {number} rounds looks that changed nothing
 * @property {number} failures looks in a row without an answer
 * @property {string | undefined} code names the code that is shown
 * @property {string | undefined} request what this visit has asked for
 */

/**
 * @typedef {object} Move
 * @property {Memory} memory
 * @property {boolean} ask ask for a code now
 * @property {number | undefined} lookInMs when to look again; undefined is never
 */

/** @type {Memory} */
export const FIRST = {
  screen: 'idle',
  asked: false,
  rounds: 0,
  failures: 0,
  code: undefined,
  request: undefined,
};

/**
 * Milliseconds between two looks that change nothing; the last one goes on. Google answers
 * ten questions a minute about a VM's guest attributes.
 */
const PACES = {
  // A gateway needs some seconds for the first code, and next to none for those that follow.
  working: [5000, 3000, 3000, 4000, 6000, 8000],
  turning: [1500],
  asleep: [4000, 6000, 8000, 15_000],
  ended: [15_000, 30_000, 60_000, 300_000],
  failed: [3000, 6000, 12_000, 20_000],
};
/** While a code is good, a look does not reach the VM: it learns whether a phone has scanned. */
const CODE_LOOK_MS = 2500;
/** The VM publishes the next code when WhatsApp has changed it, and that takes a moment. */
const AFTER_CODE_MS = 1000;
const PAUSE_LOOK_MS = 60_000;
const FAILURES_SHOWN = 3;

/**
 * @param {keyof typeof PACES} name
 * @param {number} round
 */
const paceOf = (name, round) => PACES[name][Math.min(round, PACES[name].length - 1)];

/**
 * The screen of an answer that is not an error.
 * @param {Memory} memory
 * @param {View} view
 */
function screenOf(memory, view) {
  if (view.state === 'asleep' || view.state === 'dead') return `${view.state}-${view.why}`;
  if (view.state === 'same') return 'code';
  return view.state === 'idle' && memory.asked ? 'ended' : view.state;
}

/**
 * What to show, whether to ask for a code, and when to look again.
 * @param {Memory} memory
 * @param {View | undefined} view undefined: there was no answer
 * @returns {Move}
 */
export function next(memory, view) {
  if (!view) {
    const failures = memory.failures + 1;
    const screen = failures >= FAILURES_SHOWN ? 'trouble' : memory.screen;
    const lookInMs = paceOf('failed', failures - 1);
    return { memory: { ...memory, screen, failures }, ask: false, lookInMs };
  }
  const screen = screenOf(memory, view);
  const rounds = screen === memory.screen ? memory.rounds + 1 : 0;
  const ask = view.state === 'idle' && !memory.asked;
  const code = view.state === 'code' ? view.code : view.state === 'same' ? memory.code : undefined;
  const asked = memory.asked || ask;
  const request = (view.state === 'working' && view.request) || memory.request;
  return {
    memory: { screen, asked, rounds, failures: 0, code, request },
    ask,
    lookInMs: ask ? undefined : lookAfter(view, rounds, memory.screen === 'code'),
  };
}

/**
 * @param {View} view
 * @param {number} rounds
 * @param {boolean} afterCode a code was shown until now
 * @returns {number | undefined}
 */
function lookAfter(view, rounds, afterCode) {
  switch (view.state) {
    case 'code':
    case 'same':
      // The last look falls behind the end of the code, not shortly before it.
      return view.leftMs > CODE_LOOK_MS ? CODE_LOOK_MS : view.leftMs + AFTER_CODE_MS;
    case 'paused':
      return Math.min(view.leftMs + 500, PAUSE_LOOK_MS);
    case 'working':
      return paceOf(afterCode ? 'turning' : 'working', rounds);
    case 'asleep':
      return paceOf('asleep', rounds);
    case 'idle':
      return paceOf('ended', rounds);
    default:
      return undefined;
  }
}

/** A code that is about to die is taken away: nobody aims a phone in half a second. */
const LAST_MOMENT_MS = 500;
/** A look that takes longer has got lost. */
const PATIENCE_MS = 15_000;

/**
 * @param {string} id
 * @returns {any}
 */
const byId = (id) => document.getElementById(id);

/** @param {Response} answer */
const viewIn = (answer) =>
  answer.headers.get('content-type')?.startsWith('application/json') && answer.status !== 503
    ? answer.json().then((body) => (body.state ? body : undefined))
    : undefined;

/**
 * @param {string} path
 * @param {string} method
 * @returns {Promise<View | undefined>}
 */
async function call(path, method) {
  const base = location.pathname.replace(/\/+$/, '');
  const signal = AbortSignal.timeout(PATIENCE_MS);
  try {
    return await viewIn(await fetch(`${base}/${path}`, { method, signal, cache: 'no-store' }));
  } catch {
    return undefined;
  }
}

/** @param {string} screen */
function switchTo(screen) {
  const page = byId('page');
  const changed = page.dataset.screen !== screen;
  page.dataset.screen = screen;
  const heading = page.querySelector(`section.on-${screen} h1`)?.textContent ?? '';
  if (changed) byId('announcement').textContent = heading;
}

/**
 * With the day when that is not today: a pause can be a day long.
 * @param {Date} at
 * @param {Date} now
 * @param {string[]} locales
 */
export function pauseEnd(at, now, locales) {
  const today = at.toDateString() === now.toDateString();
  /** @type {Intl.DateTimeFormatOptions} */
  const day = today ? {} : { weekday: 'long' };
  return at.toLocaleString(locales, { ...day, hour: '2-digit', minute: '2-digit' });
}

/** @param {View} view */
function showPause(view) {
  if (view.state !== 'paused') return;
  byId('retry').dateTime = view.retryAt;
  byId('retry').textContent = pauseEnd(new Date(view.retryAt), new Date(), []);
}

/**
 * Another phone was scanned: told beside whatever comes next. A look that only says that the code
 * is the same one knows nothing of it.
 * @param {View} view
 */
function showWrongPhone(view) {
  if (view.state === 'same') return;
  const wrong = 'wrongPhone' in view ? view.wrongPhone : undefined;
  const { scanned = '', expected = '' } = wrong ?? {};
  Object.assign(byId('wrong').dataset, { scanned, expected });
  byId('scanned-end').textContent = scanned;
  byId('expected-end').textContent = expected;
}

/** Counts down, and takes the code away when it has run out. */
function createCountdown() {
  let diesAt = 0;
  const tick = () => {
    const leftMs = diesAt - performance.now();
    if (byId('page').dataset.screen !== 'code') return;
    if (leftMs < LAST_MOMENT_MS) switchTo('working');
    byId('time').value = Math.max(leftMs, 0) / 1000;
    byId('left').textContent = `${Math.max(Math.round(leftMs / 1000), 0)} s left`;
  };
  setInterval(tick, 250);
  return (/** @type {View} */ view) => {
    if (view.state !== 'code' && view.state !== 'same') return;
    diesAt = performance.now() + view.leftMs;
    if (view.state === 'code') {
      byId('qr').src = view.qr;
      byId('time').max = Math.max(view.leftMs / 1000, 20);
    }
    tick();
  };
}

function offerSharing() {
  const button = byId('share');
  button.hidden = false;
  button.addEventListener('click', async () => {
    const link = { title: document.title, url: location.origin + location.pathname };
    try {
      if (navigator.share) return await navigator.share(link);
      await navigator.clipboard.writeText(link.url);
      button.textContent = 'Link copied';
    } catch {
      // Not allowed, or thought better of: the mail has the link, too.
    }
  });
}

function start() {
  let memory = FIRST;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const count = createCountdown();

  /** @param {View | undefined} view */
  function take(view) {
    const move = next(memory, view);
    memory = move.memory;
    switchTo(memory.screen);
    if (view) {
      showPause(view);
      showWrongPhone(view);
      count(view);
    }
    clearTimeout(timer);
    if (move.ask) void ask();
    else if (move.lookInMs !== undefined) timer = setTimeout(look, move.lookInMs);
  }

  async function look() {
    if (document.hidden) return;
    clearTimeout(timer);
    const known = new URLSearchParams();
    if (memory.code) known.set('code', memory.code);
    if (memory.request) known.set('asked', memory.request);
    take(await call(`state?${known}`, 'GET'));
  }

  const ask = async () => take(await call('request', 'POST'));

  byId('again').addEventListener('click', (/** @type {Event} */ event) => {
    event.preventDefault();
    switchTo('working');
    void ask();
  });
  // Nobody needs a code on a page that nobody sees.
  document.addEventListener('visibilitychange', () => void look());
  offerSharing();
  if (document.hidden) return;
  take(JSON.parse(byId('page').dataset.view));
}

if ('document' in globalThis) start();
