import type { Locator } from 'playwright-core';

export interface Contrast {
  readonly text: string;
  readonly ratio: number;
}

/**
 * The contrast of each text in an element against the ground that it stands on, as WCAG reckons it, the weakest first; or of
 * the edges of buttons and fields against what is around them. Backgrounds are laid over one another, opacity counts, and the
 * browser itself turns every notation of a colour into numbers.
 */
export async function contrastsIn(element: Locator, what: 'texts' | 'edges' = 'texts'): Promise<Contrast[]> {
  const contrasts: Contrast[] = await element.evaluate((root, kind) => {
    const { getComputedStyle, OffscreenCanvas } = root.ownerDocument.defaultView!;
    const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true })!;
    const paint = (colour: string): number[] => {
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      return [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)];
    };
    const luminance = (rgb: number[]): number => {
      const [red, green, blue] = rgb.map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
    };
    const groundOf = (node: Element): number[] => {
      const colours: string[] = [];
      for (let at: Element | null = node; at; at = at.parentElement) colours.unshift(getComputedStyle(at).backgroundColor);
      return ['white', ...colours].map(paint).at(-1)!;
    };
    const opacityOf = (node: Element | null): number => (node ? Number(getComputedStyle(node).opacity) * opacityOf(node.parentElement) : 1);
    if (kind === 'edges') {
      return [...root.querySelectorAll('button, input, select')].filter((node) => node.checkVisibility()).map((node) => contrast(node, getComputedStyle(node).borderTopColor, node.parentElement!));
    }
    const textsIn = [...root.querySelectorAll('*')].filter((node) =>
      [...node.childNodes].some((child) => child instanceof Text && child.data.trim()) && node.checkVisibility(),
    );
    return textsIn.map((node) => contrast(node, getComputedStyle(node).color, node));

    function contrast(node: Element, colour: string, on: Element): Contrast {
      const under = groundOf(on);
      const opacity = opacityOf(node);
      const ground = luminance(under);
      const ink = luminance(paint(colour).map((part, n) => part * opacity + under[n]! * (1 - opacity)));
      return { text: node.textContent, ratio: (Math.max(ground, ink) + 0.05) / (Math.min(ground, ink) + 0.05) };
    }
  }, what);
  return contrasts.sort((one, other) => one.ratio - other.ratio);
}
