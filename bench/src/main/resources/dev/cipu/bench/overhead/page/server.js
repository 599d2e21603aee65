// What the costs mean for a whole server, and how each way meets a peak.

/** A server with more is one long bar. */
const MOST_BOXES = 128;

function burned(way, load) {
  return 'server/' + way + '/' + load + '/burned';
}

/** Ways that the server was reckoned for, the published one last. */
function serverWays() {
  const found = new Set(overhead.figures.map(figure => /^server\/([^/]+)\/\d+\/burned$/.exec(figure.id))
      .filter(Boolean).map(match => match[1]));
  return [...overhead.ways.map(way => way.id), 'published'].filter(way => found.has(way));
}

function serverLoads() {
  return [...new Set(overhead.figures.map(figure => /^server\/[^/]+\/(\d+)\/burned$/.exec(figure.id))
      .filter(Boolean).map(match => Number(match[1])))].sort((a, b) => a - b);
}

/** The first work for which all of these figures are there. */
function workWith(...needed) {
  return overhead.works.find(row => needed.every(figure => figures.has(row.name + '/' + figure)));
}

function showHeadline() {
  const line = id('headline');
  const interrupts = burned('interrupt', 100);
  const card = burned('card', 100);
  const work = workWith('card/hostNanosPerOp', 'interrupt/hostNanosPerOp') || workWith('card/hostNanosPerOp');
  if (figures.has(interrupts) && figures.has(card)) {
    const whole = valueOf(interrupts) > valueOf('server/cores');
    line.append('When its instances use all that they may, software that is interrupted ',
        ...(whole ? ['would need ', number(interrupts, true), ' for virtualization alone, more than the ',
          number('server/cores'), ' that a server has; '] : ['takes ', number(interrupts), ' of a server\u2019s ',
          number('server/cores', true), ' for virtualization; ']),
        'with an offload card it is ', number(card), '.');
  } else if (work && figures.has(work.name + '/interrupt/hostNanosPerOp')) {
    line.append(work.name + ': the host works ', number(work.name + '/card/hostNanosPerOp', 'ns'),
        ' for an operation with an offload card, and ', number(work.name + '/interrupt/hostNanosPerOp', 'ns'),
        ' with software that is interrupted.');
  } else if (work) {
    line.append(work.name + ': with an offload card the host works ', number(work.name + '/card/hostNanosPerOp', 'ns'),
        ' for an operation.');
  } else {
    line.append('What the host pays for the devices of its guests, way by way.');
  }
  if (figures.has('published/2016-lost')) {
    line.append(' In 2016, before cards, it was ', number('published/2016-lost'), ' of ', number('published/2016-cores'),
        '.');
  }
}

/** A box for each core, those that are taken filled, the last one in part; where there are too many cores, one long box. */
function boxes(lost, cores, variable) {
  const count = cores <= MOST_BOXES ? Math.round(cores) : 1;
  const taken = lost * count / cores;
  return Array.from({length: count}, (_, index) => {
    const filled = Math.min(1, Math.max(0, taken - index));
    return el('i', null, filled > 0 ? el('b', {style: 'width: ' + 100 * filled + '%; background: var(' + variable + ')'}) : null);
  });
}

function coreBar(title, note, variable, lost, cores) {
  return [
    el('div', {class: 'name'}, title, note ? el('small', null, note) : null),
    el('div', {class: 'track', role: 'img', 'aria-label': title},
        ...boxes(valueOf(lost), valueOf(cores), variable)),
    el('div', {class: 'value'}, number(lost, true)),
  ];
}

function showCores() {
  const section = id('cores');
  const rows = [];
  if (figures.has('published/2016-lost') && figures.has('published/2016-cores')) {
    rows.push(...coreBar('Alibaba Cloud, 2016', 'as published', '--way-published', 'published/2016-lost',
        'published/2016-cores'));
  }
  const ways = serverWays().filter(way => figures.has(burned(way, 100)))
      .sort((a, b) => valueOf(burned(b, 100)) - valueOf(burned(a, 100)));
  for (const way of ways) {
    const figure = burned(way, 100);
    const note = valueOf(figure) > valueOf('server/cores') ? 'more than the server has'
        : way === 'published' ? 'costs as published' : null;
    rows.push(...coreBar(wayTitle(way), note, wayColour(way), figure, 'server/cores'));
  }
  if (rows.length === 0) {
    section.remove();
    return;
  }
  if (figures.has('server/instances')) {
    id('cores-server').append('Ours is reckoned with ', number('server/cores', true), ' and ', number('server/instances'),
        ' instances on it.');
  }
  if (ways.every(way => way === 'published')) {
    id('cores-server').append(' No way that was measured is here: that takes a work of packets alone and one of I/Os alone.');
  }
  id('cores-bars').append(el('div', {class: 'cores'}, ...rows));
}

function showMarks() {
  const used = new Set(overhead.figures.map(figure => figure.mark));
  id('marks').append(...Object.entries(MARKS).filter(([mark]) => used.has(mark)).flatMap(([mark, {letter, text}]) =>
      [el('sup', {class: 'mark ' + mark}, letter), ' ' + text + '. ']),
      'Numbers without a letter were measured here. Each number says where it comes from: click it.');
}

function loadChart(into, title, note, ways, loads, what) {
  // more than the server has is all of it
  const all = valueOf('server/cores');
  const most = Math.max(...ways.flatMap(way => loads.map(load => valueOf('server/' + way + '/' + load + '/' + what) || 0)));
  chart(into, title, note + (all && most > all ? ' The axis ends where the server does.' : ''), 300, () => ({
    type: 'bar',
    data: {
      labels: loads.map(load => load + ' %'),
      datasets: ways.map(way => {
        const ids = loads.map(load => 'server/' + way + '/' + load + '/' + what);
        return {label: wayTitle(way), ids, data: ids.map(valueOf), backgroundColor: colour(wayColour(way)), minBarLength: 2};
      }),
    },
    options: {
      scales: {x: axis('of what the instances may use', {grid: {display: false}}), y: axis('cores', {min: 0, max: all && most > all ? all : undefined})},
      plugins: {tooltip: tooltip()},
    },
  }));
}

function loadTable(ways, loads) {
  const heads = [['burned', 'Cores that it takes'], ['left', 'Cores left to sell']];
  return el('div', {class: 'wide'}, el('table', {class: 'ways'},
      el('thead', null,
          el('tr', null, el('th', null, ''), ...heads.map(([, title]) => el('th', {colspan: loads.length}, title + ' at'))),
          el('tr', null, el('th', null, ''), ...heads.flatMap(() => loads.map(load => el('th', null, load + ' %'))))),
      el('tbody', null, ...ways.map(way => el('tr', null, el('th', {scope: 'row'}, chip(wayColour(way)), wayTitle(way)),
          ...heads.flatMap(([what]) => loads.map(load => cell('server/' + way + '/' + load + '/' + what))))))));
}

/** How each way's cores are calculated, with the numbers that went in. */
function formulas(ways, load) {
  return el('details', null, el('summary', null, 'How this is calculated'),
      ...ways.map(way => figures.get(burned(way, load))).filter(figure => figure && figure.formula).map((figure, index) =>
          el('div', null, el('p', null, el('b', null, figure.title), ': ', el('code', null, figure.formula)),
              inputRows(figure))));
}

function showServer() {
  const body = id('server-body');
  const ways = serverWays();
  const loads = serverLoads();
  if (!ways.some(way => way !== 'published')) {
    body.append(el('p', {class: 'soft'},
        'This takes a work of packets alone and one of I/Os alone, with what they cost with no device and with interrupts.'));
  }
  if (ways.length === 0) {
    return;
  }
  body.append(loadTable(ways, loads));
  const grid = el('div', {class: 'charts'});
  body.append(grid);
  loadChart(grid, 'Cores that virtualization takes, extrapolated', 'Fewer is better.', ways, loads, 'burned');
  loadChart(grid, 'Cores left to sell, extrapolated', 'More is better.', ways, loads, 'left');
  body.append(formulas(ways, loads[loads.length - 1]));
}
