import { useMemo, useSyncExternalStore } from 'react';

export const systems = ['pms', 'cas360'] as const;
export type System = (typeof systems)[number];

/** What the page shows. */
export interface View {
  ids: string[];
  /** Only contacts of this system, or of both. */
  system: System | '';
  /** The ids of the cards that are open. */
  open: string[];
}

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

/**
 * The view is kept behind the `#` of the page's address: a reload, a shared link and the back button then bring it back. That
 * part is not sent to the server, so it fits 1,000 ids and stands in no log.
 */
export function useView(): View {
  const hash = useSyncExternalStore(subscribe, () => location.hash);
  return useMemo(() => viewIn(hash), [hash]);
}

/** Shows something else. The back button returns from it, unless it replaces what was there. */
export function changeView(change: Partial<View>, { replace = false } = {}): void {
  const hash = hashOf({ ...viewIn(location.hash), ...change });
  if (hash === location.hash) return;
  history[replace ? 'replaceState' : 'pushState'](null, '', hash);
  // The browser sends this event for its back button alone.
  dispatchEvent(new PopStateEvent('popstate'));
}

function subscribe(listener: () => void): () => void {
  addEventListener('popstate', listener);
  return () => removeEventListener('popstate', listener);
}

function viewIn(hash: string): View {
  const given = new URLSearchParams(hash.slice(1));
  const list = (name: string): string[] | undefined => given.get(name)?.split(',').filter((id) => id !== '');
  return { ids: list('ids') ?? exampleIds, system: systems.find((system) => system === given.get('system')) ?? '', open: list('open') ?? [] };
}

function hashOf({ ids, system, open }: View): string {
  const list = (values: string[]): string => values.map((id) => encodeURIComponent(id).replaceAll('%3A', ':')).join(',');
  return `#${[`ids=${list(ids)}`, system && `system=${system}`, open.length > 0 && `open=${list(open)}`].filter(Boolean).join('&')}`;
}
