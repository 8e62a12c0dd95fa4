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
    // Reading a pixel is dear, and most texts share their colours.
    const painted = new Map<string, number[]>();
    const paint = (layers: readonly string[]): number[] => {
      const known = painted.get(layers.join());
      if (known) return known;
      for (const colour of layers) {
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
      }
      const rgb = [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)];
      painted.set(layers.join(), rgb);
      return rgb;
    };
    const luminance = (rgb: number[]): number => {
      const [red, green, blue] = rgb.map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
    };
    const layersUnder = (node: Element): string[] => {
      const colours: string[] = [];
      for (let at: Element | null = node; at; at = at.parentElement) colours.unshift(getComputedStyle(at).backgroundColor);
      return ['white', ...colours];
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
      const layers = layersUnder(on);
      const under = paint(layers);
      const opacity = opacityOf(node);
      const ground = luminance(under);
      const ink = luminance(paint([...layers, colour]).map((part, n) => part * opacity + under[n]! * (1 - opacity)));
      return { text: node.textContent, ratio: (Math.max(ground, ink) + 0.05) / (Math.min(ground, ink) + 0.05) };
    }
  }, what);
  return contrasts.sort((one, other) => one.ratio - other.ratio);
}
