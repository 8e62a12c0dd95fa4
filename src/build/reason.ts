/** The error's own sentence, which in the token path is always one of ours or of the system's (`ECONNREFUSED`). */
export function reasonOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? (error instanceof Error ? error.message : 'unknown');
}
