import { Contacts } from './Contacts';
import { IdsForm } from './IdsForm';
import { RefreshButton } from './RefreshButton';
import { SystemChoice } from './SystemChoice';
import { TokenChoice } from './TokenChoice';
import { useView } from './view';

export function Page() {
  const { ids, system } = useView();
  const shown = system === '' ? ids : ids.filter((id) => id.startsWith(`${system}:`));
  return (
    <>
      <header className="top">
        <h1>Contacts</h1>
        <IdsForm ids={ids} />
        <SystemChoice system={system} />
        <RefreshButton />
        <TokenChoice />
      </header>
      <main>
        {ids.length === 0 ? (
          <p className="notice">Give the ids of the contacts that you want to see.</p>
        ) : shown.length === 0 ? (
          <p className="notice">None of these ids is of the system {system}.</p>
        ) : (
          <Contacts ids={shown} />
        )}
      </main>
    </>
  );
}
