// Reads diagrams with Mermaid's own parser, which needs a document to live in; fails at the
// first one that it does not understand.
import { readFileSync } from 'node:fs';
import { JSDOM } from 'jsdom';

const { window } = new JSDOM('');
globalThis.window = window;
globalThis.document = window.document;
const { default: mermaid } = await import('mermaid');
for (const file of process.argv.slice(2)) {
  try {
    const { diagramType } = await mermaid.parse(readFileSync(file, 'utf8'));
    if (diagramType !== 'sequence') throw new Error(`it is a ${diagramType}`);
  } catch (error) {
    console.error(`${file}: ${error.message}`);
    process.exit(1);
  }
}
console.log(`${process.argv.length - 2} diagrams`);
