/** Words that make a reader stop, with what to write in their place. */
export const REPLACED = [
  [/\bto be had\b|\bcould not be had\b/i, 'say who cannot get it'],
  [/\bmends?\b/i, 'correct, repair or fix'],
  [/\banew\b/i, 'again'],
  [/(?<!\bthere )\bis no (?!longer\b|more\b|need\b|reason\b|such\b|other\b|room\b|time\b|answer\b|contact\b|way\b|error\b)/i, 'is not a'],
  [/\bso-called\b|\bin order to\b|\bplease\b|\bsimply\b/i, 'leave it out'],
  [/\bas it were\b|\bits own affair\b/i, 'say what happens'],
  [/\bspoilt\b|\bspoils?\b/i, 'broken, or breaks'],
  [/\btold of\b|\btells? of\b/i, 'say, list or report'],
  [/\b(code|service|module|file|function|class|loader|resolver)s? (thinks?|knows?|wants?|likes?|believes?)\b/i, 'code has no mind: say what it does'],
];
