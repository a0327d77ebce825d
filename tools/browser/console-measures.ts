/** What is measured inside a page: the script that runs there, as text, and what it answers. */

export interface Measured {
  readonly overlaps: number;
  readonly overflows: number;
  readonly labels: number;
}

/** Runs in the page: the boxes of the labels as the browser has drawn them. */
export const MEASURE_LABELS = `(() => {
  const boxes = [...document.querySelectorAll('svg.radius .node')].map((node) => ({
    rect: node.querySelector('rect').getBoundingClientRect(),
    text: node.querySelector('text.name').getBoundingClientRect(),
  }));
  let overlaps = 0;
  for (let i = 0; i < boxes.length; i += 1) {
    for (let j = i + 1; j < boxes.length; j += 1) {
      const [a, b] = [boxes[i].rect, boxes[j].rect];
      if (a.left < b.right - 0.5 && b.left < a.right - 0.5 && a.top < b.bottom - 0.5 && b.top < a.bottom - 0.5) overlaps += 1;
    }
  }
  const overflows = boxes.filter(({ rect, text }) => text.left < rect.left - 0.5 || text.right > rect.right + 0.5).length;
  return { overlaps, overflows, labels: boxes.length };
})()`;

/** From the last byte of the answer to the end of layout. */
export const MEASURE_RENDER = `new Promise((resolve) => {
  const [entry] = performance.getEntriesByType('navigation');
  requestAnimationFrame(() => requestAnimationFrame(() => resolve(entry.domComplete - entry.responseEnd)));
})`;
