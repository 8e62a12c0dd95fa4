import type { FormEvent } from 'react';

/** The ids to show, in one line. */
export function IdsForm({ ids, onChange }: { ids: string[]; onChange: (ids: string[]) => void }) {
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const text = String(new FormData(event.currentTarget).get('ids'));
    onChange(text.split(/[\s,]+/).filter((id) => id !== ''));
  };
  return (
    <form onSubmit={submit}>
      <label>
        Ids
        <input name="ids" defaultValue={ids.join(' ')} autoComplete="off" spellCheck={false} />
      </label>
      <button type="submit">Show</button>
    </form>
  );
}
