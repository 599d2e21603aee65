// One article for each work: a table with a column for each way, and what is easier to see than to read.

/** Rows of a work's table: a heading, or a figure's name, its title and its unit. */
function rowsOf(work) {
  const rows = [['Rate'], ['opsPerSecond', 'Operations', 'a second', 'strong']];
  const both = work.packets && work.requests;
  if (both) {
    rows.push(['packetsPerSecond', 'Packets', 'a second'], ['requestsPerSecond', 'I/Os', 'a second']);
  }
  if (work.packets) {
    rows.push([both ? 'Latency of a packet' : 'Latency'], ['packetP50Micros', 'Median', '\u00b5s'],
        ['packetP99Micros', '99 %', '\u00b5s'], ['packetP999Micros', '99.9 %', '\u00b5s']);
  }
  if (work.requests) {
    rows.push([both ? 'Latency of an I/O' : 'Latency'], ['requestP50Micros', 'Median', '\u00b5s'],
        ['requestP99Micros', '99 %', '\u00b5s'], ['requestP999Micros', '99.9 %', '\u00b5s']);
  }
  rows.push(['Processor time'],
      ['hostSecondsPerMillion', 'Host', 's for a million', 'strong'],
      ['hostTotalSecondsPerMillion', 'Host, with waiting', 's for a million'],
      ['cardSecondsPerMillion', 'Card', 's for a million'],
      ['driverWorkNanosPerOp', 'Driver, working', 'ns for one'],
      ['deviceCpuNanosPerOp', 'Device, wherever it runs', 'ns for one'],
      ['costNanosPerOp', 'Cost of virtualization', 'ns for one', 'strong'],
      ['costPercentOfInterrupt', 'Cost, interrupts being 100', '%'],
      ['What driver and device do to each other'],
      ['kicksPerOp', 'Kicks', 'for one operation'],
      ['callsPerOp', 'Calls', 'for one operation'],
      ['contextSwitchesPerOp', 'Context switches', 'for one operation'],
      ['Memory'],
      ['driverBytesPerOp', 'Allocated by the driver', 'bytes for one'],
      ['deviceBytesPerOp', 'Allocated by the device', 'bytes for one']);
  if (work.packets) {
    rows.push(['packetCopies', 'Copies of a frame', 'for one packet']);
  }
  if (work.requests) {
    rows.push(['requestCopies', 'Copies of data', 'for one I/O']);
  }
  rows.push(['driverCacheMissesPerOp', 'Cache misses of the driver', 'for one operation'],
      ['deviceCacheMissesPerOp', 'Cache misses of the device', 'for one operation']);
  if (!hasCacheMisses()) {
    rows.push([null, 'Cache lines between cores', 'no counter']);
  }
  return rows;
}

/** Whether this machine let anybody read the processor's counters; virtual ones seldom do. */
function hasCacheMisses() {
  return overhead.figures.some(figure => figure.id.endsWith('CacheMissesPerOp'));
}

/** What a guest does, in words. */
function inWords(work) {
  const parts = [];
  if (work.packets) {
    parts.push('packets of ' + work.packets.bytes + ' bytes'
        + (work.packets.window === 1 ? ', each waits for the one before'
            : work.packets.window > 1 ? ', up to ' + work.packets.window + ' under way' : ''));
  }
  if (work.requests) {
    parts.push((work.requests.kind || 'randread') + ' of ' + work.requests.bytes + ' bytes, '
        + (work.requests.depth === 1 ? 'one at a time' : work.requests.depth + ' at a time'));
  }
  return parts.join(' and ');
}

function waysOf(name) {
  return overhead.ways.filter(way => figures.has(name + '/' + way.id + '/hostNanosPerOp'));
}

function workTable(row, ways) {
  const body = el('tbody');
  for (const [figure, title, unit, kind] of rowsOf(row.work)) {
    if (title === undefined) {
      body.append(el('tr', {class: 'group'}, el('th', {colspan: ways.length + 1, scope: 'colgroup'}, figure)));
    } else if (figure === null) {
      body.append(el('tr', null, el('th', {scope: 'row'}, title),
          el('td', {class: 'none', colspan: ways.length}, unit)));
    } else if (ways.some(way => figures.has(row.name + '/' + way.id + '/' + figure))) {
      body.append(el('tr', kind ? {class: kind} : null,
          el('th', {scope: 'row'}, title, ' ', el('span', {class: 'unit'}, unit)),
          ...ways.map(way => cell(row.name + '/' + way.id + '/' + figure))));
    }
  }
  return el('div', {class: 'wide'}, el('table', {class: 'ways'},
      el('thead', null, el('tr', null, el('th', null, ''),
          ...ways.map(way => el('th', {scope: 'col', title: way.description}, chip(wayColour(way.id)), way.title)))),
      body));
}

function leftOutOf(row) {
  const reasons = Object.entries(row.leftOut || {});
  return reasons.length === 0 ? null : el('p', {class: 'small soft'},
      'Left out: ' + reasons.map(([way, why]) => wayTitle(way) + ' (' + why + ')').join('; ') + '.');
}

function showWays() {
  id('ways').append(...overhead.ways.map(way => el('li', null, chip(wayColour(way.id)), el('b', null, way.title), ': '
      + way.description + (way.measuredAs === way.id ? '' : ' (the samples of ' + wayTitle(way.measuredAs) + ')'))));
}

function showWork(row, index) {
  const ways = waysOf(row.name);
  const article = el('article', {id: 'work-' + index}, el('header', null, el('h3', null, row.name),
      el('span', {class: 'soft'}, inWords(row.work))));
  id('work-list').append(article);
  if (ways.length === 0) {
    article.append(el('p', {class: 'none'}, 'No way did this.'));
  } else {
    article.append(workTable(row, ways));
    const grid = el('div', {class: 'charts'});
    article.append(grid);
    timeChart(grid, row, ways);
    latencyChart(grid, row.name, 'packet', ways);
    latencyChart(grid, row.name, 'request', ways);
    levelChart(grid, row.name, ways);
    showProfiles(article, grid, row.name);
    article.append(levelTable(row.name, ways) || '');
  }
  const leftOut = leftOutOf(row);
  if (leftOut) {
    article.append(leftOut);
  }
}
