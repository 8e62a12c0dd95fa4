import { useState } from 'react';
import { Contacts } from './Contacts';
import { IdsForm } from './IdsForm';
import { ScopeChoice } from './ScopeChoice';

/** Contacts that the sandbox knows, of every kind. */
const exampleIds = [
  'pms:4711',
  'cas360:555742',
  'cas360:40005',
  'pms:5002',
  'cas360:54',
  'cas360:30001',
  'pms:5010',
  'cas360:1001',
  'cas360:20001',
];

export function Page() {
  const [ids, setIds] = useState(exampleIds);
  return (
    <>
      <header className="top">
        <h1>Contacts</h1>
        <IdsForm ids={ids} onChange={setIds} />
        <ScopeChoice />
      </header>
      <main>{ids.length > 0 ? <Contacts ids={ids} /> : <p className="notice">Give the ids of the contacts that you want to see.</p>}</main>
    </>
  );
}
