import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';

const DEBIANS = '/usr/bin/chromium';

/** Debian's Chromium, installed if it is missing and may be, or the browser that `CHROMIUM` names. In a container its own sandbox cannot work. */
export async function startChromium(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? DEBIANS;
  if (!existsSync(executablePath)) installChromium(executablePath);
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
}

function installChromium(missing: string): void {
  if (missing !== DEBIANS || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    throw new Error(`There is no browser at ${missing}. Install one (on Debian: sudo apt-get install chromium), or name one: CHROMIUM=/path/to/chromium npm test`);
  }
  const apt = (...args: string[]): unknown => execFileSync('apt-get', ['-qq', ...args], { stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
  apt('update');
  apt('install', '--yes', '--no-install-recommends', 'chromium');
}

/** Requests to another origin than the page's, and whatever the page complained about. */
export function faultsOf(page: Page, origin: string): readonly string[] {
  const found: string[] = [];
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol !== 'data:' && url.origin !== origin) found.push(`asked ${url.origin}`);
  });
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) found.push(`said ${message.text()}`);
  });
  page.on('pageerror', (error) => found.push(`threw ${error.message}`));
  return found;
}
