import { useState } from 'react';
import { refresh } from './client';
import { chooseScope, useToken, type TokenTrouble } from './token';

const SCOPE = 'contact:identity';

const troubles: Record<TokenTrouble, string> = {
  'no service': 'The token service cannot be reached, so the page asks without a token.',
  'no permission': `The token service gives you no token with ${SCOPE}, so the page asks without one. Ask its operators for the scope.`,
  'not accepted': 'The service did not accept your token: it may have expired. Get a new one, or go on without.',
};

/** The token that the page sends, and what is wrong with it. What the page shows is asked for again with another one. */
export function TokenChoice() {
  const { scope, bearer, trouble } = useToken();
  const [asking, setAsking] = useState<string>();
  const choose = async (chosen: string): Promise<void> => {
    setAsking(chosen);
    await chooseScope(chosen);
    setAsking(undefined);
    await refresh();
  };
  return (
    <>
      <label>
        Token
        <select value={asking ?? (bearer === undefined ? '' : scope)} onChange={(event) => void choose(event.target.value)}>
          <option value="">none</option>
          <option value={SCOPE}>{SCOPE}</option>
        </select>
      </label>
      {trouble && (
        <p className="banner" role="alert">
          {troubles[trouble]}
          <button type="button" onClick={() => void choose(scope)}>
            {asking === scope ? 'Asking' : trouble === 'not accepted' ? 'Get a new token' : 'Try again'}
          </button>
          <button type="button" onClick={() => void choose('')}>
            Go on without a token
          </button>
        </p>
      )}
    </>
  );
}
