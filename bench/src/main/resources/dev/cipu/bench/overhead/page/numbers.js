'use strict';
// Every number on the page comes through here: from a figure of the report, which says where it has it from. Text gets in as
// text, never as HTML: names in a report are somebody else's.

const report = JSON.parse(document.getElementById('report').textContent);
const overhead = report.overhead;
const figures = new Map(overhead.figures.map(figure => [figure.id, figure]));
const samples = new Map(overhead.samples.map(sample => [sample.number, sample]));

const NONE = '\u2013';
const MARKS = {
  'published': {letter: 'P', text: 'published by others, not measured here'},
  'extrapolated': {letter: 'E', text: 'extrapolated: a formula that goes beyond what was measured'},
  'by design': {letter: 'D', text: 'by design: counted in the source, not at run time'},
};
const UNITS = {'us': '\u00b5s', '1/s': '/s', '1/op': 'for one', 'ns/op': 'ns for one', 'B/op': 'bytes for one'};
const SCALED = new Set(['1/s', 'packets/s', 'I/Os/s', 'orders/s']);

/** An element; children are elements or text, of attributes those that are null are left out. */
function el(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value !== null && value !== undefined) {
      element.setAttribute(name, value);
    }
  }
  element.append(...children.filter(child => child !== null && child !== undefined));
  return element;
}

function id(name) {
  return document.getElementById(name);
}

/** Three digits that count, two of what is next to nothing. */
function digits(value) {
  const size = Math.abs(value);
  let text;
  if (Number.isInteger(value) || size >= 999.5) {
    text = Math.round(size).toLocaleString('en-US');
  } else if (size < 1e-4) {
    text = size.toExponential(1);
  } else if (size < 0.001) {
    text = size.toFixed(1 - Math.floor(Math.log10(size)));
  } else if (size < 1) {
    text = size.toFixed(2 - Math.floor(Math.log10(size)));
  } else {
    text = size.toPrecision(3);
  }
  return (value < 0 ? '\u2212' : '') + text;
}

/** A value as people read it; the unit decides whether thousands and millions have letters. */
function format(value, unit) {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    return NONE;
  }
  const size = Math.abs(value);
  if (SCALED.has(unit) && size >= 999500) {
    return digits(value / 1e6) + ' M';
  }
  if (SCALED.has(unit) && size >= 1e3) {
    return digits(value / 1e3) + ' K';
  }
  return digits(value);
}

function unitOf(figure) {
  return UNITS[figure.unit] ?? figure.unit;
}

/** A figure in a sentence of a tooltip: what it is, and how it came about. */
function describe(figure) {
  const value = figure.title + ': ' + figure.value + (figure.unit ? ' ' + figure.unit : '');
  if (figure.formula) {
    return value + '\n' + figure.mark + ': ' + figure.formula;
  }
  if (figure.source) {
    return value + '\n' + figure.mark + ': ' + figure.source;
  }
  return value + '\n' + figure.mark + ': median of ' + figure.samples.length
      + (figure.samples.length === 1 ? ' sample' : ' samples');
}

/** The one way in which a number gets onto the page. */
function number(figureId, withUnit) {
  const figure = figures.get(figureId);
  if (!figure) {
    return el('span', {class: 'none', title: 'not measured'}, NONE);
  }
  const unit = withUnit && figure.unit ? (withUnit === true ? unitOf(figure) : withUnit) : '';
  const gap = figure.unit === '1/s' && unit === '/s' ? '' : ' ';
  const shown = el('button', {
    'type': 'button',
    'class': 'figure ' + figure.mark.replace(/\W/g, '-'),
    'data-figure': figure.id,
    'title': describe(figure),
  }, format(figure.value, figure.unit) + (unit ? gap + unit : ''));
  const mark = MARKS[figure.mark];
  if (mark) {
    shown.append(el('sup', {class: 'mark ' + figure.mark}, mark.letter));
  }
  shown.addEventListener('click', () => trace(figure));
  return shown;
}

/** The lowest and the highest of a figure's samples; nothing if it has only one. */
function spread(figureId) {
  const figure = figures.get(figureId);
  if (!figure || figure.low === null || figure.low === undefined || figure.low === figure.high) {
    return null;
  }
  const low = format(figure.low, figure.unit);
  const high = format(figure.high, figure.unit);
  return el('span', {class: 'spread', title: 'the lowest and the highest of ' + figure.samples.length + ' samples'},
      low + ' .. ' + high);
}

/** A number with its noise below it. */
function cell(figureId) {
  return el('td', null, number(figureId), spread(figureId));
}

function sampleRows(figure) {
  const rows = figure.samples.map(each => samples.get(each)).filter(Boolean).map(sample => el('tr', null,
      el('td', null, '#' + sample.number),
      el('td', null, sample.kind + ' ' + sample.round),
      el('td', null, sample.placement),
      el('td', null, String(sample.figures[figure.field]))));
  return el('table', null,
      el('thead', null, el('tr', null, ...['Sample', 'Kind, round', 'Cores', figure.field].map(head => el('th', null, head)))),
      el('tbody', null, ...rows));
}

function inputRows(figure) {
  return el('table', {class: 'left'}, el('tbody', null, ...Object.entries(figure.inputs).sort().map(([name, input]) =>
      el('tr', null, el('td', null, el('code', null, name)), el('td', null, number(input, true), spread(input)),
          el('td', null, figures.has(input) ? figures.get(input).title : input)))));
}

/** Shows where a figure comes from: its samples, its formula, or its source. */
function trace(figure) {
  const panel = id('trace');
  const close = el('button', {type: 'button', class: 'close', 'aria-label': 'Close'}, '\u00d7');
  close.addEventListener('click', () => panel.close());
  const mark = MARKS[figure.mark];
  panel.replaceChildren(close,
      el('h3', null, figure.title),
      el('p', {class: 'value'}, figure.value + (figure.unit ? ' ' + unitOf(figure) : '')),
      el('p', {class: 'soft'}, mark ? mark.text : 'measured here'));
  if (figure.formula) {
    panel.append(el('p', null, 'Calculated: ', el('code', null, figure.formula)), inputRows(figure));
  }
  if (figure.samples.length > 0) {
    panel.append(el('p', null, 'The median of these:'), sampleRows(figure));
  }
  if (figure.source) {
    panel.append(el('p', null, 'Source: ' + figure.source));
  }
  panel.append(el('p', {class: 'small soft'}, el('code', null, figure.id)));
  if (!panel.open) {
    panel.show();
  }
}

document.addEventListener('keydown', event => {
  if (event.key === 'Escape' && id('trace').open) {
    id('trace').close();
  }
});
