const WIDTH = 30;

/** Shows the progress: a bar on a terminal, elsewhere a line per case. */
export class Progress {
  #steps;
  #done = 0;
  #startedAt = Date.now();
  #case;
  #begunAt = 0;

  constructor(steps) {
    this.#steps = steps;
  }

  begin(title) {
    this.#case = title;
    this.#begunAt = this.#done;
    if (!process.stderr.isTTY) process.stderr.write(`${this.#share()} ${title}\n`);
    this.#draw('starting');
  }

  step(what) {
    this.#done++;
    this.#draw(what);
  }

  /** Sets the steps done in this case, for a case without single steps. */
  partly(steps, what) {
    this.#done = this.#begunAt + steps;
    this.#draw(what);
  }

  end() {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  }

  #draw(what) {
    if (!process.stderr.isTTY) return;
    const filled = Math.round((WIDTH * this.#done) / this.#steps);
    const passedMs = Date.now() - this.#startedAt;
    const left = this.#done > 2 ? `, ${duration((passedMs / this.#done) * (this.#steps - this.#done))} left` : '';
    process.stderr.write(`\r\x1b[K[${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}] ${this.#share()}${left}: ${this.#case}, ${what}`);
  }

  #share() {
    return `${String(Math.floor((100 * this.#done) / this.#steps)).padStart(3)} %`;
  }
}

function duration(ms) {
  const seconds = Math.round(ms / 1_000);
  return seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
