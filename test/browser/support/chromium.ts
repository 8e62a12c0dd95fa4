import { chromium, type Browser, type Page } from 'playwright-core';
import { debianProgram } from '../../support/debianProgram.js';

/** Debian's Chromium, or the browser that `CHROMIUM` names. In a container its own sandbox cannot work. */
export async function startChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? debianProgram('chromium'), args: ['--no-sandbox', '--disable-gpu'], timeout: 120_000 });
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
