import type { FormEvent } from 'react';
import { changeView } from './view';

/** The ids to show, in one line. A list that is pasted from a query or a spreadsheet is fine too. */
export function IdsForm({ ids }: { ids: string[] }) {
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const text = String(new FormData(event.currentTarget).get('ids'));
    changeView({ ids: text.split(/[\s,;"'[\]]+/).filter((id) => id !== ''), open: [] });
  };
  return (
    <form onSubmit={submit}>
      <label>
        Ids
        <input key={ids.join(' ')} name="ids" defaultValue={ids.join(' ')} autoComplete="off" spellCheck={false} />
      </label>
      <button type="submit">Show</button>
    </form>
  );
}
