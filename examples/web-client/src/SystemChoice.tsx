import { changeView, systems, type System } from './view';

/** Contacts of one system, or of both. The other's are then not asked for. */
export function SystemChoice({ system }: { system: System | '' }) {
  return (
    <label>
      System
      <select value={system} onChange={(event) => changeView({ system: event.target.value as System | '' })}>
        <option value="">both</option>
        {systems.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
}
