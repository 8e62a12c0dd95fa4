// The page of one sandbox system. It uses the switches below /_sandbox/, as any program may. All that comes from calls and
// contacts is set as text: a path may hold HTML.

const POLL_MS = 500;
const LONGEST_TEXT = 90;

const COMMON = [
  ['Answer 503', { status: 503 }],
  ['429, Retry-After 5', { status: 429, retryAfter: '5' }],
  ['At most 5 calls a second', { limit: { perSecond: 5 } }],
  ['Slow: 2 seconds', { latencyMs: 2000 }],
  ['No answer', { hang: true }],
  ['Cut the connection', { reset: 'before-headers' }],
  ['Broken JSON', { brokenJson: true }],
  ["A gateway's page", { gatewayPage: 502 }],
  ['Token endpoint: 503', { on: 'token', status: 503 }],
];
const PRESETS = {
  pms: COMMON,
  cas360: [...COMMON, ['Addresses: 503', { on: 'addresses', status: 503 }], ['Refresh token refused', { on: 'token', status: 400, body: '{"error":"invalid_grant"}' }]],
};

const element = (id) => document.getElementById(id);
const made = (tag, text, className = '') => Object.assign(document.createElement(tag), { textContent: text, className });

/** What was drawn last, as JSON: what has not changed is not drawn again, so that it can be selected. */
const drawn = new Map();
let state;

async function turn(method, name, value) {
  const response = await fetch(`/_sandbox/${name}`, { method, cache: 'no-store', ...(value !== undefined && { body: JSON.stringify(value) }) });
  const body = response.status === 204 ? undefined : await response.json();
  if (!response.ok) throw new Error(body.message);
  return body;
}

function say(text, isBad = false) {
  element('message').textContent = text;
  element('message').className = isBad ? 'bad' : '';
}

/** Runs an action of a button, says what it did, and draws what has changed. */
async function act(done, action) {
  try {
    await action();
    say(done);
  } catch (error) {
    say(error.message, true);
  }
  await refresh();
}

function draw(id, value, make) {
  const text = JSON.stringify(value);
  if (drawn.get(id) === text) return;
  drawn.set(id, text);
  element(id).replaceChildren(...make());
}

const setFaults = (faults) => turn('PUT', 'faults', faults);

function drawFaults({ faults }) {
  element('no-faults').hidden = faults.length > 0;
  draw('faults', faults, () =>
    faults.map((fault, index) => {
      const text = JSON.stringify(fault);
      const remove = made('button', 'Remove');
      remove.setAttribute('aria-label', `Remove ${text}`);
      remove.onclick = () => act('Removed.', async () => setFaults((await turn('GET', 'faults')).filter((_, at) => at !== index)));
      const item = document.createElement('li');
      item.append(remove, made('code', text));
      return item;
    }),
  );
}

function drawCalls({ calls, callCount }) {
  element('call-count').textContent = `${callCount} call${callCount === 1 ? '' : 's'}${callCount > calls.length ? `, the last ${calls.length} shown` : ''}`;
  draw('calls', calls, () => calls.toReversed().map(rowOf));
}

function rowOf({ kind, method, path, ids, relationships, status, startedAt, endedAt, aborted }) {
  const row = document.createElement('tr');
  const outcome = endedAt === undefined ? 'under way' : aborted ? `cut${status ? ` (${status})` : ''}` : String(status);
  const isBad = endedAt !== undefined && (aborted || status >= 400);
  const request = made('td', '', 'request');
  request.title = path;
  request.append(made('code', short(`${method} ${path}`)));
  row.append(
    made('td', new Date(startedAt).toLocaleTimeString('en-GB'), 'number'),
    made('td', relationships ? `${kind}, relationships` : kind),
    made('td', String(ids.length), 'number'),
    made('td', outcome, isBad ? 'bad' : ''),
    made('td', endedAt === undefined ? '' : `${endedAt - startedAt} ms`, 'number'),
    request,
  );
  return row;
}

const short = (text) => (text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text);

function drawTokens({ token: { lifetimeSeconds, rotates, spentUses } }) {
  const hasRefreshTokens = rotates !== undefined;
  element('tokens').textContent = [
    `New access tokens are good for ${lifetimeSeconds} seconds.`,
    hasRefreshTokens && (rotates ? 'A refresh token is good for one use.' : 'A refresh token can be used again.'),
    hasRefreshTokens && `Used refresh tokens that were sent again: ${spentUses}.`,
  ].filter(Boolean).join(' ');
  element('rotation').hidden = element('issue').hidden = !hasRefreshTokens;
  element('rotation').textContent = rotates ? 'Let refresh tokens be used again' : 'Void each refresh token once used';
}

function drawSystem({ name, source, neighbour }) {
  document.title = `Sandbox: ${name}`;
  element('title').textContent = `Sandbox: ${name}`;
  element('address').textContent = location.origin;
  element('neighbour').hidden = !neighbour;
  if (neighbour) Object.assign(element('neighbour'), { href: neighbour.url, textContent: `Go to ${neighbour.name}` });
  draw('presets', source, () =>
    PRESETS[source].map(([label, fault]) => {
      const button = made('button', label);
      button.title = JSON.stringify(fault);
      button.onclick = () => act(`Set: ${label}.`, async () => setFaults([...(await turn('GET', 'faults')), element('once').checked ? { ...fault, times: 1 } : fault]));
      return button;
    }),
  );
}

/** One request at a time: a late answer must not replace a newer one. */
let refreshing = Promise.resolve();
function refresh() {
  refreshing = refreshing.then(refreshOnce);
  return refreshing;
}

let isAway = false;
async function refreshOnce() {
  try {
    state = await turn('GET', 'state');
    if (isAway) say('The sandbox answers again.');
    isAway = false;
  } catch {
    isAway = true;
    return say('The sandbox does not answer: it has ended, or is busy.', true);
  }
  for (const part of [drawSystem, drawFaults, drawCalls, drawTokens]) part(state);
  if (!drawn.has('contacts')) search().catch(() => {});
}

let latestSearch = 0;
async function search() {
  const number = ++latestSearch;
  const { contacts, found, all } = await turn('GET', `contacts?search=${encodeURIComponent(element('search').value)}`);
  if (number !== latestSearch) return;
  element('found').textContent = found > contacts.length ? `${found} of ${all}, the first ${contacts.length} shown` : `${found} of ${all}`;
  draw('contacts', contacts, () =>
    contacts.map(({ id, name, kind }) => {
      const full = `${state.source}:${id}`;
      const copyId = made('button', full);
      copyId.setAttribute('aria-label', `Copy ${full}`);
      copyId.title = 'Copy';
      copyId.onclick = () => copy(full, `Copied ${full}.`);
      const cell = document.createElement('td');
      cell.append(copyId);
      const row = document.createElement('tr');
      row.append(cell, made('td', name), made('td', kind));
      return row;
    }),
  );
}

async function copy(text, done) {
  try {
    await navigator.clipboard.writeText(text);
    say(done);
  } catch {
    say(`The browser does not allow copying: ${text}`, true);
  }
}

element('clear').onclick = () => act('No fault is active.', () => turn('DELETE', 'faults'));
element('reset').onclick = () => act('Faults, calls and token switches are as at the start.', () => turn('POST', 'reset'));
element('forget').onclick = () => act('Calls forgotten.', () => turn('DELETE', 'calls'));
element('revoke').onclick = () => act('All access tokens are void.', () => turn('POST', 'revoke'));
element('rotation').onclick = () => act('Changed.', () => turn('PUT', 'token', { rotates: !state.token.rotates }));
element('issue').onclick = async () => copy((await turn('POST', 'refresh-token')).refreshToken, 'Copied a new refresh token.');
element('plan-form').onsubmit = (event) => {
  event.preventDefault();
  void act('Set.', async () => setFaults(parsed(element('plan').value)));
};
element('search').oninput = () => search().catch(() => {});

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('This is not JSON. An example: [{ "status": 503, "times": 2 }]');
  }
}

void refresh();
setInterval(() => {
  if (!document.hidden) void refresh();
}, POLL_MS);
document.addEventListener('visibilitychange', () => void refresh());
