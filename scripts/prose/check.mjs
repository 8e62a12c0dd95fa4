// Checks the language of every page, or of those named: spelling, the length of sentences, the passive voice, and words
// that we replace. `--figures` prints a line for each page. Needs no network.
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import dictionary from 'dictionary-en-gb';
import { toString } from 'nlcst-to-string';
import nspell from 'nspell';
import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import remarkRetext from 'remark-retext';
import retextEnglish from 'retext-english';
import retextPassive from 'retext-passive';
import { unified } from 'unified';
import { SKIP, visit } from 'unist-util-visit';
import { VFile } from 'vfile';
import { REPLACED } from './replaced.mjs';

const MAX_WORDS = 30;
/** Passive verbs per 100 sentences of a page. Some are right: often nobody needs to know who closes a connection. */
const MAX_PASSIVE = 12;

process.chdir(fileURLToPath(new URL('../..', import.meta.url)));
const { values, positionals } = parseArgs({ allowPositionals: true, options: { figures: { type: 'boolean', default: false } } });
const pages = positionals.length > 0 ? positionals : ['*.md', 'docs/*.md'].flatMap((pattern) => globSync(pattern)).sort();

const speller = nspell(dictionary);
for (const word of readFileSync('scripts/prose/words.txt', 'utf8').split('\n')) if (word) speller.add(word);

const prose = unified().use(retextEnglish).use(() => checkSentences).use(retextPassive);
const markdown = unified().use(remarkParse).use(remarkGfm).use(() => freeCells).use(remarkRetext, prose);

for (const page of pages) await check(page);

async function check(path) {
  const file = new VFile({ path, value: readFileSync(path) });
  file.data.lengths = [];
  await markdown.run(markdown.parse(file), file);
  const [passive, others] = [file.messages.filter(isPassive), file.messages.filter((message) => !isPassive(message))];
  const { lengths } = file.data;
  const share = Math.round((100 * passive.length) / lengths.length);
  const tooPassive = passive.length > 3 && share > MAX_PASSIVE;
  for (const message of tooPassive ? [...others, ...passive] : others) fail(path, message);
  if (tooPassive) fail(path, { reason: `${share} passive verbs in 100 sentences; at most ${MAX_PASSIVE}. Say who does it` });
  if (!values.figures) return;
  const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
  process.stdout.write(`${path.padEnd(34)} ${String(lengths.length).padStart(4)} sentences of ${mean.toFixed(1)} words, ${share} % passive\n`);
}

/** Checks the sentences of a page, and notes how many words each has. */
function checkSentences(tree, file) {
  visit(tree, 'SentenceNode', (node) => {
    for (const parts of sentencesIn(node)) {
      const text = toString(parts).trim().replace(/\s+/g, ' ');
      const words = parts.filter(({ type }) => type === 'WordNode' || type === 'SourceNode');
      // A name in a table is no sentence.
      if (words.length > 3) file.data.lengths.push(words.length);
      if (words.length > MAX_WORDS) file.message(`a sentence of ${words.length} words; at most ${MAX_WORDS}`, words[0]);
      for (const word of words) {
        if (word.type === 'WordNode' && !isSpelled(toString(word))) file.message(`"${toString(word)}" is not in the dictionary`, word);
      }
      for (const [pattern, better] of REPLACED) {
        if (pattern.test(text)) file.message(`"${pattern.exec(text)[0].trim()}": ${better}`, words[0]);
      }
    }
  });
}

/** The parser does not see the end of a sentence after a number (`CAS 360.`), nor before code. */
function sentencesIn({ children }) {
  const sentences = [[]];
  children.forEach((node, index) => {
    sentences.at(-1).push(node);
    if (toString(node).endsWith('.') && children[index + 1]?.type === 'WhiteSpaceNode') sentences.push([]);
  });
  return sentences;
}

/** Names in code are not spelled. Of `client-side` each part is. */
function isSpelled(word) {
  const plain = word.replaceAll('’', "'").replace(/'s$|'$/, '');
  if (/[\d_.@/:]|[a-z][A-Z]/.test(plain)) return true;
  return speller.correct(plain) || (plain.includes('-') && plain.split('-').every((part) => part === '' || speller.correct(part)));
}

/** Makes a paragraph of each cell of a table: tables are otherwise skipped. */
function freeCells(tree) {
  visit(tree, 'table', (table, index, parent) => {
    const cells = table.children.flatMap((row) => row.children).map(({ children, position: { start, end } }) => {
      // Paragraphs on the same line would be read as one sentence.
      return { type: 'paragraph', children, position: { start, end: { ...end, line: end.line - 1 } } };
    });
    parent.children.splice(index, 1, ...cells);
    return [SKIP, index + cells.length];
  });
}

function isPassive({ source }) {
  return source === 'retext-passive';
}

function fail(path, { line, reason }) {
  process.stderr.write(`${path}${line ? `:${line}` : ''}: ${reason}.\n`);
  process.exitCode = 1;
}
