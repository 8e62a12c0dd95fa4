const OF_THIS_MACHINE = ['127.0.0.1', 'localhost', '[::1]'];

/**
 * Whether a `Host` header names this machine. A web site can point a name of its own to 127.0.0.1 (DNS rebinding). For a browser,
 * what runs here is then a part of that site, but the `Host` is the site's name.
 */
export function isOfThisMachine(host = ''): boolean {
  return URL.canParse(`http://${host}`) && OF_THIS_MACHINE.includes(new URL(`http://${host}`).hostname);
}
