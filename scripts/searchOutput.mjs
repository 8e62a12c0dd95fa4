// Passes on what it reads, and fails at its end if a secret or a guarded value of the sandbox was in it: the whole test suite
// works with those, and none of its output may hold one. `npm test 2>&1 | node scripts/searchOutput.mjs`
import { cas360Data } from '../dist/sandbox/data/cas360.js';
import { pmsData } from '../dist/sandbox/data/pms.js';

const GUARDED = ['password', 'passportNumber', 'socialSecurityNumber', 'taxNumber', 'cognitoId', 'identityConfirmedReference', 'keyCardCode', 'saltoIdentifier'];
const rows = [...pmsData(1).contacts.values(), ...cas360Data(1).contacts.values()];
// Shorter ones could be anything.
const values = rows.flatMap((row) => GUARDED.map((key) => row[key])).filter((value) => typeof value === 'string' && value.length >= 8);
const canaries = new Set([...values, 'sandbox-pms-secret', 'sandbox-cas360-secret']);
const TOKENS = [/access-[0-9a-f]{8}-[0-9a-f-]{27}/, /refresh-[0-9a-f]{8}-[0-9a-f-]{27}/, /eyJ[\w-]{20,}\.eyJ[\w-]{20,}/];

const chunks = [];
for await (const chunk of process.stdin) {
  process.stdout.write(chunk);
  chunks.push(chunk);
}
const output = Buffer.concat(chunks).toString();
const forms = (word) => [word, Buffer.from(word).toString('base64').replace(/=+$/, ''), Buffer.from(word).toString('hex'), encodeURIComponent(word)];
const found = [...canaries].filter((word) => forms(word).some((form) => output.includes(form)));
const tokens = TOKENS.filter((token) => token.test(output));
if (found.length + tokens.length > 0) {
  process.stderr.write(`The output holds what it must not: ${[...found, ...tokens].join(', ')}\n`);
  process.exit(1);
}
