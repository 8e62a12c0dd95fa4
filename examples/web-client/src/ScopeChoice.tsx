import { useApolloClient } from '@apollo/client/react';
import { useState } from 'react';
import { chooseScope } from './client';
import { ContactDetailsQuery } from './ContactDetails';

/** Whose eyes the page looks with. What is open is asked for again. */
export function ScopeChoice() {
  const client = useApolloClient();
  const [scope, setScope] = useState('');
  const choose = async (chosen: string): Promise<void> => {
    await chooseScope(chosen);
    setScope(chosen);
    await client.refetchQueries({ include: [ContactDetailsQuery] });
  };
  return (
    <label>
      Token
      <select value={scope} onChange={(event) => void choose(event.target.value)}>
        <option value="">none</option>
        <option value="contact:identity">contact:identity</option>
      </select>
    </label>
  );
}
