// What was asked and whether it held, where all this was measured, how steady it was, and what is missing.

/** A verdict's text begins with its work; what follows is the same for all works. */
function asked(verdict) {
  const row = overhead.works.find(each => verdict.text.startsWith(each.name + ': '));
  return row ? {work: row.name, what: verdict.text.slice(row.name.length + 2)} : {work: null, what: verdict.text};
}

function verdictCell(verdict) {
  return verdict
      ? el('td', null, el('span', {class: verdict.holds ? 'held' : 'not'}, verdict.holds ? '\u2713 held' : '\u2717 did not hold'),
          el('br'), number(verdict.figure, figures.has(verdict.figure) && figures.get(verdict.figure).unit === '%'))
      : el('td', {class: 'none'}, NONE);
}

function showVerdicts() {
  if (overhead.verdicts.length === 0) {
    id('verdict-table').append(el('p', {class: 'soft'}, 'Nothing could be judged: that takes the card and what it is compared to.'));
    return;
  }
  const all = overhead.verdicts.map(verdict => ({...asked(verdict), verdict}));
  const works = [...new Set(all.map(each => each.work))];
  const rows = [...new Set(all.map(each => each.what))];
  id('verdict-table').append(el('table', {class: 'verdicts'},
      el('thead', null, el('tr', null, el('th', null, ''), ...works.map(work => el('th', null, work || '')))),
      el('tbody', null, ...rows.map(what => el('tr', null, el('th', {scope: 'row'}, what.charAt(0).toUpperCase() + what.slice(1)),
          ...works.map(work => verdictCell(all.filter(each => each.what === what && each.work === work)
              .map(each => each.verdict)[0])))))));
}

function showWarnings() {
  id('warnings').append(...overhead.warnings.map(warning => el('p', {class: 'banner'}, warning)));
}

const FACTS = [['cpu', 'Processor', ''], ['cores', 'Cores', ''], ['hostCore', 'Core of the host', ''],
  ['cardCore', 'Core of the card', ''], ['kernel', 'Kernel', ''], ['jdk', 'JDK', ''], ['hugePages', 'Huge pages', ''],
  ['hugePageKb', 'Size of one', 'KB'], ['loadBefore', 'Load average before', ''], ['busyBefore', 'Others before the run', '%'],
  ['steal', 'Taken by the hypervisor', '%']];

function showMachine(into) {
  into.append(el('dl', {class: 'facts'}, ...FACTS.filter(([name]) => report.machine[name] !== undefined)
      .flatMap(([name, title, unit]) => [el('dt', null, title), el('dd', null, report.machine[name] + (unit ? ' ' + unit : ''))])));
}

/** How many samples of a work and way count, of how many. */
function counted(work, way) {
  const taken = overhead.samples.filter(sample => sample.kind === 'round' && sample.work === work && sample.way === way.measuredAs);
  const used = taken.filter(sample => sample.used);
  const others = used.some(sample => sample.placement !== overhead.placement);
  return taken.length === 0 ? el('td', {class: 'none'}, NONE)
      : el('td', null, used.length + ' of ' + taken.length, others ? el('span', {class: 'spread'}, 'other cores') : null);
}

function showNoise() {
  const body = id('noise-body');
  showMachine(body);
  body.append(el('p', {class: 'lead'}, 'Before and after each sample two threads on the two cores play ping-pong with a cache line,'
      + ' which tells whether the cores are near each other or far apart; where a machine is shared that changes, and with it every'
      + ' number. The numbers here are medians of the samples taken on ', el('b', null, overhead.placement),
      ' cores; where a way has none of these it counts with all it has. Samples that count, of those taken:'));
  body.append(el('div', {class: 'wide'}, el('table', {class: 'ways'},
      el('thead', null, el('tr', null, el('th', null, ''),
          ...overhead.ways.map(way => el('th', null, chip(wayColour(way.id)), way.title)))),
      el('tbody', null, ...overhead.works.map(row => el('tr', null, el('th', {scope: 'row'}, row.name),
          ...overhead.ways.map(way => counted(row.name, way))))))));
  const details = el('details', null, el('summary', null, 'All ' + overhead.samples.length + ' samples'));
  details.addEventListener('toggle', () => {
    if (details.open && details.children.length === 1) {
      details.append(sampleTable());
    }
  });
  body.append(details);
}

const FIELDS = [['opsPerSecond', 'Operations/s', '1/s'], ['driverWorkNanosPerOp', 'Driver ns', ''],
  ['deviceCpuNanosPerOp', 'Device ns', ''], ['kicksPerOp', 'Kicks', ''], ['callsPerOp', 'Calls', '']];

function sampleTable() {
  const heads = ['#', 'Kind', 'Work', 'Way', 'Round', 'Cores', 'Round trip ns, before', 'after', 'Counts',
    ...FIELDS.map(([, title]) => title)];
  return el('div', {class: 'samples wide'}, el('table', null,
      el('thead', null, el('tr', null, ...heads.map(head => el('th', null, head)))),
      el('tbody', null, ...overhead.samples.map(sample => el('tr', null,
          ...[sample.number, sample.kind, sample.work, wayTitle(sample.way), sample.round, sample.placement,
            sample.roundTripBefore, sample.roundTripAfter, sample.used ? 'yes' : 'no',
            ...FIELDS.map(([field, , unit]) => format(sample.figures[field], unit))]
              .map(text => el('td', null, String(text))))))));
}

function showLeftOut() {
  const body = id('left-out-body');
  const reasons = new Map();
  for (const row of overhead.works) {
    for (const [way, why] of Object.entries(row.leftOut || {})) {
      const line = wayTitle(way) + ': ' + why;
      reasons.set(line, [...(reasons.get(line) || []), row.name]);
    }
  }
  const lines = [...overhead.missing,
    ...[...reasons].map(([line, works]) => line
        + (works.length === overhead.works.length ? ' (all works)' : ' (' + works.join(', ') + ')'))];
  body.append(lines.length === 0 ? el('p', {class: 'soft'}, 'Nothing.')
      : el('ul', null, ...lines.map(line => el('li', null, line))));
  if (!hasCacheMisses()) {
    body.append(el('p', {class: 'soft'}, 'Cache misses: this machine lets nobody read its processor\u2019s counters.'));
  }
}

function showSources() {
  const published = overhead.figures.filter(figure => figure.mark === 'published');
  if (published.length === 0) {
    id('sources').remove();
    return;
  }
  id('sources-body').append(el('table', {class: 'left'},
      el('thead', null, el('tr', null, ...['What', 'Number', 'Source'].map(head => el('th', null, head)))),
      el('tbody', null, ...published.map(figure => el('tr', null, el('td', null, figure.title),
          el('td', null, number(figure.id, true)), el('td', {class: 'soft'}, figure.source || figure.formula))))));
}

function showRepeat() {
  id('command').textContent = overhead.command;
  const save = el('a', {href: '#repeat'}, 'Save the report as JSON');
  save.addEventListener('click', event => {
    event.preventDefault();
    const link = el('a', {download: 'overhead.json',
      href: URL.createObjectURL(new Blob([JSON.stringify(report, null, 2)], {type: 'application/json'}))});
    link.click();
    URL.revokeObjectURL(link.href);
  });
  id('download').append(save, ', as ', el('code', null, 'cipu bench compare'), ' takes it.');
}
