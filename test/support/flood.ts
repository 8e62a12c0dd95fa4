// A process of its own: callers who all want 500 contacts, more than the subgraph can do. Run by Node as it stands, with
// the subgraph's address, the ids, how many callers, and for how many milliseconds in FLOOD. Prints what became of them.
import { Agent, request } from 'undici';

const { url, ids, callers, forMs } = JSON.parse(process.env.FLOOD ?? '{}') as { url: string; ids: string[]; callers: number; forMs: number };
const body = JSON.stringify({
  query: 'query ($ids: [ID!]!) { contacts(ids: $ids) { id name email status contactType address { lines city country { name } } relationships { type startDate } } }',
  variables: { ids },
});
const dispatcher = new Agent({ connections: callers, headersTimeout: 30_000 });
const endsAt = performance.now() + forMs;
const tally = { served: 0, refused: 0, other: 0, unfitRefusals: 0, refusedInMs: [] as number[] };

async function call(): Promise<void> {
  while (performance.now() < endsAt) {
    const startedAt = performance.now();
    try {
      const answer = await request(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body, dispatcher });
      const text = await answer.body.text();
      if (answer.statusCode === 200) tally.served++;
      else if (answer.statusCode === 503) {
        tally.refused++;
        tally.refusedInMs.push(Math.round(performance.now() - startedAt));
        if (!text.includes('"code":"OVERLOADED"') || !(Number(answer.headers['retry-after']) >= 1)) tally.unfitRefusals++;
        // Less than it was asked to wait, so that the pressure stays.
        await new Promise((resolve) => setTimeout(resolve, 100));
      } else tally.other++;
    } catch {
      tally.other++;
    }
  }
}

await Promise.all(Array.from({ length: callers }, call));
process.stdout.write(JSON.stringify(tally));
process.exit(0);
