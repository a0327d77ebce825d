/** Text out of office files and PDF, and the three ways in which a file may try to cost more than it is worth. */
import { zipSync } from 'fflate';
import { afterAll, describe, expect, it } from 'vitest';

import { openArchive } from '../../../../functions/connectors/text/archive.ts';
import { createWorkerExtractor } from '../../../../functions/connectors/text/worker-extractor.ts';

const workerUrl = new URL('../../../../functions/connectors/text/extract-worker.ts', import.meta.url);
const extractor = createWorkerExtractor({ workerUrl });
const idle = new AbortController().signal;
const MIB = 1024 * 1024;

afterAll(async () => {
  await extractor.close();
});

const zip = (files: Readonly<Record<string, string>>): Buffer =>
  Buffer.from(zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, Buffer.from(text)]))));

const textOf = async (name: string, bytes: Buffer): Promise<string> => {
  const extracted = await extractor.extract({ name, bytes }, idle);
  return extracted.kind === 'text' ? extracted.text : `skipped: ${extracted.reason}`;
};

const W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"';
const word = (body: string): Buffer =>
  zip({
    '[Content_Types].xml':
      '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
    '_rels/.rels':
      '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>',
    'word/styles.xml': `<w:styles ${W}><w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/></w:style></w:styles>`,
    'word/_rels/document.xml.rels':
      '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>',
    'word/document.xml': `<w:document ${W}><w:body>${body}</w:body></w:document>`,
  });

const pdf = (text: string): Buffer => {
  const stream = `BT /F1 12 Tf 20 100 Td (${text}) Tj ET`;
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${String(stream.length)} >>\nstream\n${stream}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ];
  let body = '%PDF-1.4\n';
  const offsets = objects.map((object, at) => {
    const offset = body.length;
    body += `${String(at + 1)} 0 obj\n${object}\nendobj\n`;
    return `${String(offset).padStart(10, '0')} 00000 n \n`;
  });
  const start = body.length;
  return Buffer.from(
    `${body}xref\n0 6\n0000000000 65535 f \n${offsets.join('')}trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n${String(start)}\n%%EOF\n`,
  );
};

describe('text out of files', () => {
  it('a Word file keeps its headings', async () => {
    const heading = '<w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr><w:r><w:t>Failover</w:t></w:r></w:p>';
    const bytes = word(`${heading}<w:p><w:r><w:t>Call the on-call first.</w:t></w:r></w:p>`);
    expect(await textOf('plan.docx', bytes)).toBe('# Failover\n\nCall the on-call first.');
  });

  it('slides are parts with their number', async () => {
    const slide = (words: string): string =>
      `<p:sld xmlns:p="p" xmlns:a="a"><p:cSld><a:p><a:r><a:t>${words}</a:t></a:r></a:p></p:cSld></p:sld>`;
    const bytes = zip({ 'ppt/slides/slide10.xml': slide('ten'), 'ppt/slides/slide2.xml': slide('two &amp; more') });
    expect(await textOf('deck.pptx', bytes)).toBe('## Slide 2\n\ntwo & more\n\n## Slide 10\n\nten');
  });

  it('a sheet is its rows, with shared and own texts', async () => {
    const bytes = zip({
      'xl/workbook.xml': '<workbook><sheets><sheet name="Owners"/></sheets></workbook>',
      'xl/sharedStrings.xml': '<sst><si><t>payments</t></si></sst>',
      'xl/worksheets/sheet1.xml':
        '<worksheet><sheetData><row><c t="s"><v>0</v></c><c><v>42</v></c></row><row><c t="inlineStr"><is><t>Ada</t></is></c></row></sheetData></worksheet>',
    });
    expect(await textOf('owners.xlsx', bytes)).toBe('## Owners\n\npayments | 42\nAda');
  });

  it('a PDF is its pages', async () => {
    expect(await textOf('runbook.pdf', pdf('Restart the worker'))).toBe('## Page 1\n\nRestart the worker');
  });

  it.each(['docx', 'pptx', 'xlsx', 'pdf'])(
    'a damaged %s has no text, and the next file has its own',
    async (ending) => {
      expect(await textOf(`x.${ending}`, Buffer.from('PK not really'))).toBe('skipped: undecodable');
      expect(await textOf('runbook.pdf', pdf('still here'))).toContain('still here');
    },
  );
});

describe('files that cost too much', () => {
  /** The size that the archive's directory tells of its first part, as a forger would write it. */
  const claiming = (archive: Buffer, bytes: number): Buffer => {
    const forged = Buffer.from(archive);
    forged.writeUInt32LE(bytes, forged.indexOf(Buffer.from([0x50, 0x4b, 1, 2])) + 24);
    return forged;
  };

  it('an archive that says it unpacks to more than is allowed is not unpacked', () => {
    const archive = claiming(zip({ 'ppt/slides/slide1.xml': 'small' }), 3_000_000_000);
    expect(openArchive(archive, () => true).kind).toBe('too-large');
    expect(openArchive(archive, () => false).kind).toBe('parts');
  });

  it('an archive that says less than it unpacks to gives no more than it said', () => {
    const opened = openArchive(claiming(zip({ 'a.txt': 'x'.repeat(MIB) }), 10), () => true);
    const sizes = opened.kind === 'parts' ? [...opened.parts.values()].map(({ length }) => length) : [];
    expect(sizes.every((size) => size <= 10)).toBe(true);
  });

  it('an entity that grows is refused, whatever library would read it', async () => {
    const xml = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;">]><p:sld><a:p><a:t>&b;</a:t></a:p></p:sld>';
    expect(await textOf('x.pptx', zip({ 'ppt/slides/slide1.xml': xml }))).toBe('skipped: undecodable');
  });

  it('a file that takes too long ends with its worker', async () => {
    const slow = createWorkerExtractor({ workerUrl, timeoutMs: 1 });
    expect(await slow.extract({ name: 'runbook.pdf', bytes: pdf('x') }, idle)).toEqual({
      kind: 'skip',
      reason: 'undecodable',
    });
    await slow.close();
  });

  it('a file that takes too much memory ends with its worker', async () => {
    const small = createWorkerExtractor({ workerUrl, heapBytesMax: 24 * MIB });
    const rows = '<row><c><v>1234567890</v></c></row>'.repeat(100_000);
    const bytes = zip({ 'xl/worksheets/sheet1.xml': `<worksheet>${rows}</worksheet>` });
    expect(await small.extract({ name: 'big.xlsx', bytes }, idle)).toEqual({ kind: 'skip', reason: 'too-large' });
    await small.close();
  });

  it('an aborted signal ends the wait', async () => {
    const reason = new Error('time is up');
    await expect(extractor.extract({ name: 'x.pdf', bytes: pdf('x') }, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});
