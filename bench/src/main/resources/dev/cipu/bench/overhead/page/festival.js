// How each way meets the peak: latency and what was lost, phase by phase.

const FESTIVAL = 'double-11';

function festivalPhases() {
  return [...new Set(overhead.figures.map(figure => /^double-11\/[^/]+\/([^/]+)\/(?:packet|request)P99Micros$/.exec(figure.id))
      .filter(Boolean).map(match => match[1]))];
}

/** tail-1-4 is a quarter of the peak. */
function phaseTitle(phase) {
  const part = /^tail-(\d+)-(\d+)$/.exec(phase);
  return part ? part[1] + '/' + part[2] : phase;
}

function festivalId(way, phase, figure) {
  return FESTIVAL + '/' + way.id + '/' + phase + '/' + figure;
}

function festivalData(ways, phases, figure, positive) {
  return ways.map(way => {
    const ids = phases.map(phase => festivalId(way, phase, figure));
    // the same samples as another way's: dashes on a broad line let both be seen
    const shared = positive && way.measuredAs !== way.id && ways.some(each => each.id === way.measuredAs);
    const below = positive && ways.some(each => each.id !== way.id && each.measuredAs === way.id);
    return {
      label: way.title,
      ids,
      data: ids.map(valueOf).map(value => positive && !(value > 0) ? null : value),
      borderColor: colour(wayColour(way.id)),
      backgroundColor: colour(wayColour(way.id)),
      borderWidth: below ? 5 : 2,
      borderDash: shared ? [6, 7] : [],
      order: shared ? 0 : 1,
      // a point at the very end of the axis is as round as any other
      clip: positive ? 6 : undefined,
      pointRadius: shared ? 0 : 4,
      minBarLength: positive ? undefined : 2,
    };
  });
}

function festivalCharts(into, ways, phases, operation, name) {
  if (!ways.some(way => phases.some(phase => valueOf(festivalId(way, phase, operation + 'P99Micros')) > 0))) {
    return;
  }
  const labels = phases.map(phaseTitle);
  chart(into, 'Latency of ' + name + ', 99 %', 'From when it was due until it was done.', 290, () => {
    const datasets = festivalData(ways, phases, operation + 'P99Micros', true);
    return {
      type: 'line',
      data: {labels, datasets},
      options: {
        scales: {
          x: axis('of the peak', {grid: {display: false}}),
          y: logAxis('', datasets.flatMap(set => set.data), timeLabel),
        },
        plugins: {tooltip: tooltip()},
      },
    };
  });
  chart(into, 'Lost of ' + (operation === 'packet' ? 'the packets' : 'the I/Os'), 'Came late, or not at all.', 290, () => ({
    type: 'bar',
    data: {labels, datasets: festivalData(ways, phases, operation + 'LostPercent', false)},
    options: {
      scales: {x: axis('of the peak', {grid: {display: false}}), y: axis('%', {min: 0, suggestedMax: 1})},
      plugins: {tooltip: tooltip()},
    },
  }));
}

function festivalTable(ways, phases) {
  const rows = [['packetP99Micros', 'Packets: 99 % within', '\u00b5s'], ['packetLostPercent', 'Packets lost', '%'],
    ['requestP99Micros', 'I/Os: 99 % within', '\u00b5s'], ['requestLostPercent', 'I/Os lost', '%']];
  const body = el('tbody');
  for (const [figure, title, unit] of rows) {
    body.append(el('tr', {class: 'group'}, el('th', {colspan: phases.length + 1}, title + ', ' + unit)));
    for (const way of ways) {
      body.append(el('tr', null, el('th', {scope: 'row'}, chip(wayColour(way.id)), way.title),
          ...phases.map(phase => cell(festivalId(way, phase, figure)))));
    }
  }
  return el('div', {class: 'wide'}, el('table', null,
      el('thead', null, el('tr', null, el('th', null, ''), ...phases.map(phase => el('th', null, phaseTitle(phase))))), body));
}

function showFestival() {
  const phases = festivalPhases();
  const ways = overhead.ways.filter(way => phases.some(phase => figures.has(festivalId(way, phase, 'requestP99Micros'))
      || figures.has(festivalId(way, phase, 'packetP99Micros'))));
  if (ways.length === 0) {
    id('festival').remove();
    return;
  }
  const body = id('festival-body');
  if (figures.has('double-11/peak/orders')) {
    body.append(el('p', null, 'The peak here is ', number('double-11/peak/orders', true),
        ', scaled to what one core of a card can do; the published one was ', number('published/orders', true), '.'));
  }
  const grid = el('div', {class: 'charts'});
  body.append(grid);
  festivalCharts(grid, ways, phases, 'packet', 'a packet');
  festivalCharts(grid, ways, phases, 'request', 'an I/O');
  body.append(el('details', null, el('summary', null, 'The numbers'), festivalTable(ways, phases)));
}
